import { beforeEach, expect, test } from 'vitest';
import type { Emulator } from '../../src/emulator/index.ts';
import { admin, cloud, openCollection, openEmulator, type Json } from './harness.ts';

const PEOPLE = [
  { _id: 'ann', age: 31, tags: ['a', 'b'], home: { city: 'Xi’an' } },
  { _id: 'bo', age: 25, tags: ['b'], home: { city: 'Wuhan' }, gone: null },
  { _id: 'cy', age: 40, tags: [] },
  { _id: 'di', tags: ['c', 'a'], seen: new Date(1_000) },
];

let emulator: Emulator;
let people: Awaited<ReturnType<typeof openCollection>>;

beforeEach(async () => {
  emulator = await openEmulator();
  people = await openCollection('people', PEOPLE);
});

async function idsWhere(filter: Json): Promise<unknown[]> {
  const { data } = await people.where(filter).get();
  return data.map(({ _id }: Json) => _id);
}

test('comparisons, lists, existence, nesting and patterns find what MongoDB finds', async () => {
  const database = cloud.database();
  const _ = database.command;
  expect(await idsWhere({ age: _.gt(25).and(_.lt(40)) })).toEqual(['ann']);
  expect(await idsWhere({ age: _.in([25, 40]) })).toEqual(['bo', 'cy']);
  expect(await idsWhere({ age: _.exists(false) })).toEqual(['di']);
  expect(await idsWhere({ tags: 'a' })).toEqual(['ann', 'di']);
  expect(await idsWhere({ tags: _.size(0) })).toEqual(['cy']);
  expect(await idsWhere({ 'home.city': 'Wuhan' })).toEqual(['bo']);
  expect(await idsWhere({ home: { city: 'Wuhan' } })).toEqual(['bo']);
  expect(await idsWhere({ _id: database.RegExp({ regexp: '^[ab]', options: 'i' }) })).toEqual(['ann', 'bo']);
  expect(await idsWhere({ seen: _.lte(new Date(1_000)) })).toEqual(['di']);
  expect(await idsWhere(_.or([{ age: 31 }, { tags: 'c' }]))).toEqual(['ann', 'di']);
});

test('null matches a field that is null and one that is missing', async () => {
  expect(await idsWhere({ gone: null })).toEqual(['ann', 'bo', 'cy', 'di']);
  expect(await idsWhere({ gone: null, age: 25 })).toEqual(['bo']);
});

test('ids are found directly, alone, in lists and together with other conditions', async () => {
  const _ = cloud.database().command;
  expect(await idsWhere({ _id: 'cy' })).toEqual(['cy']);
  expect(await idsWhere({ _id: 'cy', age: 41 })).toEqual([]);
  expect(await idsWhere({ _id: _.in(['di', 'nobody', 'ann', 'ann']) })).toEqual(['di', 'ann']);
  expect(await idsWhere({ _id: _.gt('bo') })).toEqual(['cy', 'di']);
});

test('an order has several keys, and a missing field sorts as null', async () => {
  const order = async (field: string, direction: string) =>
    (await people.orderBy(field, direction).orderBy('_id', 'desc').get()).data.map(({ _id }: Json) => _id);
  expect(await order('age', 'asc')).toEqual(['di', 'bo', 'ann', 'cy']);
  expect(await order('age', 'desc')).toEqual(['cy', 'ann', 'bo', 'di']);
  expect(await order('gone', 'asc')).toEqual(['di', 'cy', 'bo', 'ann']);
});

test('an array sorts by its least element, and descending by its greatest', async () => {
  const { data: up } = await people
    .where({ tags: cloud.database().command.neq([]) })
    .orderBy('tags', 'asc')
    .orderBy('_id', 'asc')
    .get();
  expect(up.map(({ _id }: Json) => _id)).toEqual(['ann', 'di', 'bo']);
  const { data: down } = await people
    .where({ tags: cloud.database().command.neq([]) })
    .orderBy('tags', 'desc')
    .orderBy('_id', 'asc')
    .get();
  expect(down.map(({ _id }: Json) => _id)).toEqual(['di', 'ann', 'bo']);
});

test('skip and limit cut after the order, and a projection keeps what it names', async () => {
  const { data } = await people.orderBy('age', 'desc').skip(1).limit(2).field({ age: true, _id: false }).get();
  expect(data).toEqual([{ age: 31 }, { age: 25 }]);
});

test('a page has 100 documents unless asked for more, and never more than 1000', async () => {
  const many = await openCollection(
    'many',
    Array.from({ length: 1100 }, (_, n) => ({ _id: n })),
  );
  expect((await many.get()).data).toHaveLength(100);
  expect((await many.limit(250).get()).data).toHaveLength(250);
  expect((await many.limit(5000).get()).data).toHaveLength(1000);
  expect((await many.count()).total).toBe(1100);
});

test('what a query gives out is a copy', async () => {
  const { data } = await people.where({ _id: 'ann' }).get();
  data[0].tags.push('mine');
  expect((await people.doc('ann').get()).data.tags).toEqual(['a', 'b']);
});

test('a projection takes nothing away from what is stored', async () => {
  const { data } = await people.where({ _id: 'ann' }).field({ 'home.city': false }).get();
  expect(data[0].home).toEqual({});
  expect((await people.doc('ann').get()).data.home).toEqual({ city: 'Xi’an' });
});

test.each([
  ['an unknown operator', { age: { $foo: 3 } }, 'unknown query operator $foo'],
  ['an unknown operator at the top', { $foo: [] }, 'unknown top level operator: $foo'],
  ['a script', { $where: 'true' }, '$where operator requires'],
  ['a pattern that is none', { _id: { $regex: '(' } }, 'Invalid regular expression'],
])('%s in a filter is refused', async (_name, query, text) => {
  const answer = await admin(emulator, {
    action: 'database.getDocument',
    collectionName: 'people',
    queryType: 'WHERE',
    query: JSON.stringify(query),
  });
  expect(answer).toMatchObject({ code: 'DATABASE_REQUEST_FAILED', message: expect.stringContaining(text) });
});
