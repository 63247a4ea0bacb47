/** What is remembered of every condition, shared by all instances: one document each in `durable_alerts`. */
import { asDurableError, type Deadline } from '../core/index.ts';
import { collections } from '../records/index.ts';
import { is, type CallOptions, type Change, type Document, type Store } from '../store/index.ts';
import type { Alert, AlertState } from './alert.ts';

/** Rejects with the store's errors; the notifier then keeps to its own memory. */
export interface Book {
  /**
   * The states of these keys, and of whatever else is remembered, in one read as long as that is no more than 200; a key
   * that was never told has none.
   */
  read(keys: readonly string[], deadline: Deadline): Promise<ReadonlyMap<string, AlertState>>;
  /** One more occurrence of what is open. */
  count(state: AlertState, deadline: Deadline): Promise<void>;
  /** Stores `next` unless another instance changed `before` meanwhile. */
  claim(before: AlertState | undefined, next: AlertState, deadline: Deadline): Promise<boolean>;
  /** Stores how the telling ended, on condition of the own claim. */
  settle(state: AlertState, deadline: Deadline): Promise<void>;
}

const STORE_MS = 1_500;
/** Conditions are few, and their names stable. */
const MOST_IN_ONE_READ = 200;
const idOf = (key: string): string => `alert_${key}`;
/** Comes after all ids that begin as ours do. */
const AFTER_ALERTS = 'alert`';

/** The book in this store. */
export function createBook(store: Store): Book {
  const name = collections.alerts;
  const call = (deadline: Deadline): CallOptions => ({ deadline, timeoutMs: STORE_MS });
  return {
    async read(keys, deadline) {
      const all = { after: { id: idOf('') }, where: { _id: is.below(AFTER_ALERTS) }, limit: MOST_IN_ONE_READ };
      const { items, next } = await store.page(name, all, call(deadline));
      const states = new Map(items.map((document) => [String(document['key']), stateIn(document)]));
      const left = next ? keys.filter((key) => !states.has(key)) : [];
      if (left.length === 0) return states;
      const where = { _id: is.oneOf(left.map(idOf)) };
      const others = await store.page(name, { where, limit: left.length }, call(deadline));
      for (const document of others.items) states.set(String(document['key']), stateIn(document));
      return states;
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
    async settle({ key, claimedBy, state, told, nextAtMs, claimedUntilMs, untold }, deadline) {
      const change = { set: { state, told, nextAtMs, claimedUntilMs, untold } };
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
    untold: untoldIn(document['untold']),
  };
}

function untoldIn(stored: unknown): AlertState['untold'] {
  const { severity, title, lines, atMs } = (stored ?? {}) as Partial<Record<keyof Alert, unknown>>;
  if (severity !== 'fault' && severity !== 'warning' && severity !== 'resolved') return null;
  if (typeof title !== 'string' || typeof atMs !== 'number' || !Array.isArray(lines)) return null;
  return { severity, title, lines: lines.map(String), atMs };
}
