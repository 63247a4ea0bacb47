import type { FaultRule } from './local-cloud.ts';

export type Fault = Pick<FaultRule, 'inject' | 'status' | 'body' | 'times'>;

/** Ways in which one request goes wrong once. */
export const LOST_ONCE: Readonly<Record<string, Fault>> = {
  'is never sent': { inject: 'refused' },
  'is lost on its way': { inject: 'reset-before' },
  'happens, and its answer is lost': { inject: 'reset-after' },
  'happens, and half of its answer arrives': { inject: 'cut' },
  'happens, and is answered with a page of 502': { inject: 'status-after', status: 502, body: 'html' },
};
