/** What is remembered of every condition, shared by all instances: one document each in `durable_alerts`. */
import { asDurableError, type Deadline } from '../core/index.ts';
import { collections } from '../records/index.ts';
import { is, type CallOptions, type Change, type Document, type Store } from '../store/index.ts';
import type { AlertState } from './alert.ts';

/** Rejects with the store's errors; the notifier then keeps to its own memory. */
export interface Book {
  /** The states of these keys, in one read; a key that was never told has none. */
  read(keys: readonly string[], deadline: Deadline): Promise<ReadonlyMap<string, AlertState>>;
  /** One more occurrence of what is open. */
  count(state: AlertState, deadline: Deadline): Promise<void>;
  /** Stores `next` unless another instance changed `before` meanwhile. */
  claim(before: AlertState | undefined, next: AlertState, deadline: Deadline): Promise<boolean>;
  /** Stores how the telling ended, on condition of the own claim. */
  settle(state: AlertState, deadline: Deadline): Promise<void>;
}

const STORE_MS = 1_500;
const idOf = (key: string): string => `alert_${key}`;

/** The book in this store. */
export function createBook(store: Store): Book {
  const name = collections.alerts;
  const call = (deadline: Deadline): CallOptions => ({ deadline, timeoutMs: STORE_MS });
  return {
    async read(keys, deadline) {
      const where = { _id: is.oneOf(keys.map(idOf)) };
      const { items } = await store.page(name, { where, limit: keys.length }, call(deadline));
      return new Map(items.map((document) => [String(document['key']), stateIn(document)]));
    },
    async count({ key, lastSeenAtMs }, deadline) {
      const change = { inc: { occurrences: 1 }, set: { lastSeenAtMs } };
      await store.update(name, { id: idOf(key), where: { state: 'open' } }, change, call(deadline));
    },
    async claim(before, next, deadline) {
      const id = idOf(next.key);
      try {
        if (!before) return (await store.insert(name, { _id: id, ...next }, call(deadline))) === 'inserted';
        const where = { seq: before.seq < 0 ? is.absent() : before.seq };
        return (await store.update(name, { id, where }, claimChange(before, next), call(deadline))) === 1;
      } catch (error) {
        if (asDurableError(error).category !== 'ambiguous') throw error;
        // The answer was lost: the claim is ours if it stands there with our token.
        const document = await store.get(name, id, call(deadline));
        return document?.['claimedBy'] === next.claimedBy;
      }
    },
    async settle({ key, claimedBy, state, told, nextAtMs, claimedUntilMs }, deadline) {
      const change = { set: { state, told, nextAtMs, claimedUntilMs } };
      await store.update(name, { id: idOf(key), where: { claimedBy } }, change, call(deadline));
    },
  };
}

// Occurrences add up while a condition is open: another instance may have counted since it was read.
function claimChange(before: AlertState, { occurrences, ...set }: AlertState): Change {
  const isSame = before.state === 'open' && before.openedAtMs === set.openedAtMs;
  if (!isSame) return { set: { ...set, occurrences } };
  const by = occurrences - before.occurrences;
  return { set, ...(by > 0 ? { inc: { occurrences: by } } : {}) };
}

function stateIn(document: Document): AlertState {
  const number = (field: string, otherwise = 0): number => {
    const value = document[field];
    return typeof value === 'number' ? value : otherwise;
  };
  return {
    key: String(document['key']),
    state: document['state'] === 'open' ? 'open' : 'closed',
    severity: document['severity'] === 'fault' ? 'fault' : 'warning',
    title: String(document['title']),
    openedAtMs: number('openedAtMs'),
    lastSeenAtMs: number('lastSeenAtMs'),
    occurrences: number('occurrences', 1),
    told: number('told'),
    nextAtMs: number('nextAtMs'),
    claimedUntilMs: number('claimedUntilMs'),
    claimedBy: String(document['claimedBy']),
    seq: number('seq', -1),
  };
}
