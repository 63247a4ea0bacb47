import type { Deadline } from '../core/index.ts';
import type { Store } from '../store/index.ts';
import type { Retrier } from './retrier.ts';

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
  const retried = async <T>(collection: string, read: (call: object) => Promise<T>): Promise<T> => {
    const budget = { key: collection, deadline, attemptTimeoutMs };
    const tried = await retrier.attempt(budget, (timeoutMs) => read({ timeoutMs, deadline }));
    if (tried.ok) return tried.value;
    throw tried.error;
  };
  return {
    page: (name, request) => retried(name, (call) => store.page(name, request, call)),
    count: (name, where) => retried(name, (call) => store.count(name, where, call)),
    group: (name, request) => retried(name, (call) => store.group(name, request, call)),
    twins: (name, request) => retried(name, (call) => store.twins(name, request, call)),
  };
}
