import { expect, test } from 'vitest';
import { findWaiting } from '../../src/cli/recover/waiting.ts';
import { createDeadline } from '../../src/core/index.ts';
import { collections, neededIndexes } from '../../src/records/index.ts';
import { createIntegrityCheck } from '../../src/service/index.ts';
import { is, type Filter, type Store } from '../../src/store/index.ts';
import { composeLetterFor } from '../support/letters.ts';
import { createMemoryCloud } from '../support/memory-cloud.ts';

interface Query {
  readonly what: string;
  readonly collection: string;
  readonly fields: readonly string[];
}

/** A store that notes by which fields it is asked. */
function noting(store: Store, queries: Query[]): Store {
  const note = (what: string, collection: string, where: Filter = {}, orderBy: readonly string[] = []): void =>
    void queries.push({ what, collection, fields: [...Object.keys(where), ...orderBy] });
  return {
    ...store,
    page(name, request, call) {
      note('page', name, request.where, request.orderBy ? [request.orderBy] : []);
      return store.page(name, request, call);
    },
    count(name, where, call) {
      note('count', name, where);
      return store.count(name, where, call);
    },
    group(name, request, call) {
      note('group', name, request.where);
      return store.group(name, request, call);
    },
    update(name, target, change, call) {
      note('update', name, { ...target.where, _id: target.id });
      return store.update(name, target, change, call);
    },
    updateMany(name, targets, change, call) {
      note('updateMany', name, { ...targets.where, _id: is.oneOf(targets.ids) });
      return store.updateMany(name, targets, change, call);
    },
  };
}

/** Walks over nearly everything, by `_id`: whoever was ever charged has a `quota.seq`. */
const WALKS = new Set(['users quota.seq']);

/** A walk over everything needs none but `_id`'s; what compares fields needs one that begins with one of them. */
function isServed({ collection, fields }: Query): boolean {
  if (WALKS.has(`${collection} ${fields.join(' ')}`)) return true;
  if (fields.length === 0 || fields.includes('_id')) return true;
  return neededIndexes.some((index) => index.collection === collection && fields.includes(index.fields[0]?.path ?? ''));
}

test('every query of the functions is served by an index that init lists', async () => {
  const queries: Query[] = [];
  const cloud = createMemoryCloud({ through: (store) => noting(store, queries) });
  for (const name of Object.values(collections)) await cloud.store.createCollection(name);
  await cloud.generate('oIndex', { prompt: '灯塔', requestId: 'r1' });
  await cloud.call('oIndex', { action: 'getHistory' });
  await cloud.call('oIndex', { action: 'deleteWork', data: { workId: 'w_none' } });
  await cloud.add('emergency_backup', composeLetterFor({ _id: 'w_2', userId: 'u', status: 'completed', token: 't' }));
  await cloud.recover();
  await cloud.repair();
  const store = noting(cloud.store, queries);
  const deadline = createDeadline(cloud.clock, cloud.clock.now() + 600_000);
  const kind = { records: collections.works, accounts: collections.users };
  await findWaiting(store, { kind, deadline, nowMs: cloud.clock.now() });
  await cloud.clock.until(createIntegrityCheck({ ...cloud.runtime(), store }).advance(undefined, deadline));
  // Controls: the queries were met, each index is one that somebody asks for.
  expect(queries.length).toBeGreaterThan(20);
  expect(queries.filter((query) => !isServed(query))).toEqual([]);
  const asked = new Set(queries.flatMap(({ collection, fields }) => fields.map((field) => `${collection} ${field}`)));
  const unused = neededIndexes.filter(({ collection, fields }) => !asked.has(`${collection} ${fields[0]?.path}`));
  expect(unused).toEqual([]);
});

test('a query by a field that no index begins with would be noticed', () => {
  expect(isServed({ what: 'page', collection: 'works', fields: ['prompt'] })).toBe(false);
  expect(isServed({ what: 'page', collection: 'works', fields: ['status'] })).toBe(true);
});
