import { join } from 'node:path';
import type { Clock } from '../core/index.ts';
import { createCollections, createDatabase, createTransactions } from './database/index.ts';
import { ENV_ID } from './functions/index.ts';
import type { Route } from './http/index.ts';
import { openJournal, type Capture, type Durability, type Journal, type Rewritten } from './journal/index.ts';
import { createAddresses, createFileStore, readOrCreateSecret } from './storage/index.ts';

interface DataOptions {
  readonly dir: string;
  readonly durability?: Durability;
  readonly compactAboveBytes?: number;
}

/** What the folder of a local cloud holds, as it was when the last change was acknowledged. */
export type Data = ReturnType<typeof openData>;

/** Opens the data folder `dir`. */
export function openData({ dir, durability = 'fsync', compactAboveBytes }: DataOptions, clock: Clock) {
  const collections = createCollections(() => journal);
  const files = createFileStore({
    dir: join(dir, 'files'),
    append: (changes) => journal.append(changes),
    synced: () => journal.synced(),
    durability,
  });
  const journal: Journal = openJournal({
    path: join(dir, 'commit.log'),
    clock,
    durability,
    compactAboveBytes,
    replay: (entry) => (entry.op.endsWith('File') ? files.replay(entry) : collections.replay(entry)),
    capture: () => inSuccession(collections.capture(), files.capture()),
    onRewritten: warnOfFailure,
  });
  const addresses = createAddresses(ENV_ID, readOrCreateSecret(dir));
  const transactions = createTransactions(collections, clock);
  return { collections, files, journal, addresses, transactions, database: createDatabase(collections, clock) };
}

/**
 * A route that lets no answer go before all that it rests on is durable. That holds for reads too: one may have seen a
 * change whose own answer is still waiting, and a power failure would make it a lie.
 */
export function durably(route: Route, { journal }: Pick<Data, 'journal'>): Route {
  return {
    ...route,
    async handle(exchange) {
      try {
        return await route.handle(exchange);
      } finally {
        await journal.synced();
      }
    },
  };
}

function inSuccession(first: Capture, second: Capture): Capture {
  function* changes() {
    yield* first.changes;
    yield* second.changes;
  }
  return { count: first.count + second.count, changes: changes() };
}

/** Nothing is lost by it, the old log goes on; but it grows, and somebody has to make room. */
function warnOfFailure(outcome: Rewritten): void {
  if (outcome.status === 'done') return;
  const why = outcome.cause instanceof Error ? outcome.cause.message : String(outcome.cause);
  process.emitWarning(`the local cloud's log could not be shortened and goes on growing: ${why}`);
}
