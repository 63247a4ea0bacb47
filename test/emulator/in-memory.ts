import { nodeClock } from '../../src/core/node/index.ts';
import { createCollections, createDatabase, type Database } from '../../src/emulator/database/index.ts';
import type { Doc } from './oracle.ts';

/** The local cloud's database with the collection `c`, with no journal and no wire around it. */
export function databaseWith(content: readonly Doc[]): Database {
  const collections = createCollections(() => ({ append: () => undefined }) as never);
  const database = createDatabase(collections, nodeClock);
  database.load('c', content);
  return database;
}

/** All that a filter finds in `c`. */
export function find(database: Database, filter: Doc, sort: Doc = {}): readonly Doc[] {
  return database.find('c', { condition: filter, order: sort, offset: 0, limit: 1000 });
}
