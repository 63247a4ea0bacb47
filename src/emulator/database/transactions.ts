import { randomUUID } from 'node:crypto';
import { withTimeout, type Clock } from '../../core/index.ts';
import { CloudError } from '../cloud-error.ts';
import type { Collections, DocumentChange, Transactional } from './collections.ts';
import { createDatabase, type Database } from './database.ts';
import type { Id, Stored } from './document.ts';
import { overlay } from './overlay.ts';

/**
 * Transactions with snapshot isolation, as the platform shows them: the snapshot is that of the first operation;
 * a write to what changed since, or to what another transaction has written, fails at once and ends the transaction.
 */
export interface Transactions {
  start(): string;
  /** The database as this transaction sees it; what it writes waits for the commit. */
  database(id: string): Database;
  /** All of its writes, or none. */
  commit(id: string): void;
  abort(id: string): void;
  /** Lets go of a transaction, if there is one of this id. */
  drop(id: string): void;
}

/** A plain write met a document that a transaction has written: wait, then do it again. */
export class DocumentLocked extends Error {
  /** Settles when the transaction has ended. */
  readonly released: Promise<void>;

  constructor(released: Promise<void>) {
    super('the document is locked by a transaction');
    this.released = released;
  }
}

/** A transaction must be committed or aborted within this time. */
const LIFETIME_MS = 30_000;

interface Transaction {
  readonly id: string;
  readonly startedAtMs: number;
  readonly changes: DocumentChange[];
  /** By collection: what it wrote; and what others changed since its snapshot, as it was then. */
  readonly own: Layers;
  readonly before: Layers;
  hasSnapshot: boolean;
  readonly ended: Promise<void>;
  end(): void;
}

type Layers = Map<string, Map<Id, Stored | undefined>>;

export function createTransactions(collections: Collections, clock: Clock): Transactions {
  const open = new Map<string, Transaction>();
  const drop = (transaction: Transaction): void => {
    open.delete(transaction.id);
    transaction.end();
  };
  const live = (): Transaction[] => {
    const all = [...open.values()];
    for (const one of all) if (clock.now() - one.startedAtMs >= LIFETIME_MS) drop(one);
    return [...open.values()];
  };
  const find = (id: string): Transaction => {
    const transaction = live().find((one) => one.id === id);
    if (transaction) return transaction;
    throw notThere();
  };
  collections.observe(createObserver(live, clock));
  return {
    start() {
      const transaction = createTransaction(clock.now());
      open.set(transaction.id, transaction);
      return transaction.id;
    },
    database: (id) => createDatabase(viewOf({ collections, transaction: find(id), live, drop }), clock),
    commit(id) {
      const transaction = find(id);
      drop(transaction);
      collections.commit(transaction.changes);
    },
    abort: (id) => drop(find(id)),
    drop(id) {
      const transaction = open.get(id);
      if (transaction) drop(transaction);
    },
  };
}

function createTransaction(startedAtMs: number): Transaction {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const layers = { own: new Map(), before: new Map() };
  return { id: randomUUID(), startedAtMs, changes: [], ...layers, hasSnapshot: false, ended, end: () => end() };
}

/** Keeps each snapshot as it was, and plain writes away from what a transaction has written. */
function createObserver(live: () => readonly Transaction[], clock: Clock): Transactional {
  return {
    beforeCommit(changes) {
      for (const transaction of live()) {
        if (!changes.some((change) => hasWritten(transaction, change))) continue;
        const leftMs = Math.max(0, transaction.startedAtMs + LIFETIME_MS - clock.now());
        const released = withTimeout(clock, leftMs, transaction.ended, () => new Error('expired'));
        throw new DocumentLocked(released.catch(() => undefined));
      }
    },
    changing({ collection, id }, old) {
      if (id === undefined) return;
      for (const transaction of live()) {
        if (!transaction.hasSnapshot) continue;
        const layer = layerOf(transaction.before, collection);
        if (!layer.has(id)) layer.set(id, old);
      }
    },
  };
}

interface ViewParts {
  readonly collections: Collections;
  readonly transaction: Transaction;
  readonly live: () => readonly Transaction[];
  readonly drop: (transaction: Transaction) => void;
}

/** The collections as one transaction sees them. */
function viewOf({ collections, transaction, live, drop }: ViewParts): Collections {
  transaction.hasSnapshot = true;
  const { own, before } = transaction;
  const assertFree = (change: DocumentChange): void => {
    const { collection, id } = change;
    const isTaken = live().some((other) => other !== transaction && hasWritten(other, change));
    if (!isTaken && !(id !== undefined && before.get(collection)?.has(id))) return;
    drop(transaction);
    throw conflict();
  };
  return {
    ...collections,
    collection: (name) => overlay(collections.collection(name), layerOf(before, name), layerOf(own, name)),
    commit(changes) {
      for (const change of changes) {
        if (change.id === undefined) throw notInside(change.op);
        assertFree(change);
      }
      for (const change of changes) {
        transaction.changes.push(change);
        if (change.id !== undefined)
          layerOf(own, change.collection).set(change.id, change.document as Stored | undefined);
      }
    },
  };
}

function layerOf(layers: Layers, name: string): Map<Id, Stored | undefined> {
  const layer = layers.get(name) ?? new Map<Id, Stored | undefined>();
  layers.set(name, layer);
  return layer;
}

function hasWritten({ own }: Transaction, { collection, id }: DocumentChange): boolean {
  const layer = own.get(collection);
  // A change of the whole collection touches every document.
  return layer !== undefined && (id === undefined ? layer.size > 0 : layer.has(id));
}

const HINT = 'Please check your request, but if the problem persists, contact us.';

function conflict(): CloudError {
  return new CloudError(
    'DATABASE_TRANSACTION_CONFLICT',
    `[ResourceUnavailable.TransactionConflict] Transaction is conflict, maybe resource operated by others. ${HINT}`,
  );
}

function notThere(): CloudError {
  return new CloudError(
    'DATABASE_TRANSACTION_FAIL',
    `[ResourceUnavailable.TransactionNotExist] Transaction does not exist on the server, transaction must be commit or abort in 30 seconds. ${HINT}`,
  );
}

function notInside(operation: string): CloudError {
  return new CloudError(
    'DATABASE_TRANSACTION_FAIL',
    `[FailedOperation] "${operation}" is not possible in a transaction`,
  );
}
