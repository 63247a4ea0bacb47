import type { Deadline } from '../core/index.ts';
import type { CallOptions, Store } from '../store/index.ts';
import { retried, type Retrier } from './retrier.ts';

/** The statements that a check asks; each takes its collection first. */
export type Reads = Pick<Store, 'page' | 'count' | 'group' | 'twins'>;

export interface ReadsOptions {
  readonly deadline: Deadline;
  /** One attempt is given up after this: pages of 1,000 and groups take longer than single records. @default 10_000 */
  readonly attemptTimeoutMs?: number;
}

/** The store's reads, each in as many attempts as the retrier allows and inside the deadline; rejects like `Store`. */
export function createRetriedReads(store: Reads, retrier: Retrier, options: ReadsOptions): Reads {
  const { deadline, attemptTimeoutMs = 10_000 } = options;
  const ask = <T>(collection: string, read: (call: CallOptions) => Promise<T>): Promise<T> =>
    retried(retrier, { key: collection, deadline, attemptTimeoutMs }, read);
  return {
    page: (name, request) => ask(name, (call) => store.page(name, request, call)),
    count: (name, where) => ask(name, (call) => store.count(name, where, call)),
    group: (name, request) => ask(name, (call) => store.group(name, request, call)),
    twins: (name, request) => ask(name, (call) => store.twins(name, request, call)),
  };
}
