import { DurableError, withTimeout, type Clock } from '../../core/index.ts';
import type { CallOptions } from '../index.ts';
import { translate } from './errors.ts';

export interface Bounds {
  readonly clock: Clock;
  readonly defaultTimeoutMs: number;
}

/**
 * Runs one SDK call under our own time limit and with its errors translated. The SDK's limit is 15 s without
 * a byte, which outlives most functions, and its uploads have none at all.
 */
export async function boundedCall<T>(
  bounds: Bounds,
  options: { readonly what: string; readonly call: CallOptions | undefined },
  run: () => Promise<T>,
): Promise<T> {
  const { what, call } = options;
  const limitMs = Math.min(call?.timeoutMs ?? bounds.defaultTimeoutMs, call?.deadline?.remainingMs() ?? Infinity);
  if (limitMs <= 0) throw new DurableError('DEADLINE_PASSED', `${what} was not started: no time was left`);
  try {
    return await withTimeout(bounds.clock, limitMs, run(), () => timedOut(what, limitMs));
  } catch (error) {
    throw translate(error, what);
  }
}

function timedOut(what: string, limitMs: number): DurableError {
  return new DurableError('STORE_UNCERTAIN', `${what}: no answer in time, it may have happened`, {
    details: { problem: 'ambiguous', timeoutMs: Math.round(limitMs) },
  });
}
