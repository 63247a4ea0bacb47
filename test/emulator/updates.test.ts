import { expect, test } from 'vitest';
import { nodeClock } from '../../src/core/node/index.ts';
import { admin, cloud, failureOf, openCollection, openEmulator, stored, type Json } from './harness.ts';

/** Updates by native operators, as the SDK sends them after its own translation. */
async function update(
  document: Json,
  operators: Json,
  query: Json = { _id: document['_id'] },
): Promise<{ answer: Json; after: Json[] }> {
  const emulator = await openEmulator();
  await fetch(`${emulator.url}/_emulator/collections/c`, { method: 'PUT', body: JSON.stringify(document) });
  const answer = await admin(emulator, {
    action: 'database.modifyDocument',
    collectionName: 'c',
    queryType: 'WHERE',
    query: JSON.stringify(query),
    data: JSON.stringify(operators),
    multi: true,
    merge: true,
    upsert: false,
  });
  return { answer, after: await stored(emulator, 'c') };
}

test.each<[string, Json, Json, Json]>([
  [
    '$set replaces and creates, also inside',
    { n: 1, o: { p: 1 } },
    { $set: { n: 2, 'o.q': 3, 'x.y.z': 4 } },
    { n: 2, o: { p: 1, q: 3 }, x: { y: { z: 4 } } },
  ],
  ['$set writes into a list by its index', { list: [1, 2] }, { $set: { 'list.1': 5 } }, { list: [1, 5] }],
  ['$unset removes, also inside', { a: 1, o: { p: 1, q: 2 } }, { $unset: { a: '', 'o.p': '' } }, { o: { q: 2 } }],
  ['$inc adds, and starts a missing field at 0', { n: 1 }, { $inc: { n: 2, m: -3 } }, { n: 3, m: -3 }],
  ['$mul multiplies, and makes a missing field 0', { n: 4 }, { $mul: { n: 0.5, m: 3 } }, { n: 2, m: 0 }],
  ['$min and $max keep the bound', { a: 5, b: 5 }, { $min: { a: 3 }, $max: { b: 9 } }, { a: 3, b: 9 }],
  [
    '$push appends, and starts a missing list',
    { l: [1] },
    { $push: { l: 2, m: { x: 1 } } },
    { l: [1, 2], m: [{ x: 1 }] },
  ],
  [
    '$push with position, order and length',
    { l: [3] },
    { $push: { l: { $each: [9, 1, 5], $sort: 1, $slice: -2 } } },
    { l: [5, 9] },
  ],
  ['$addToSet adds what is not there', { l: [1, 2] }, { $addToSet: { l: { $each: [2, 3] } } }, { l: [1, 2, 3] }],
  ['$pop takes from the ends', { l: [1, 2, 3], m: [1, 2] }, { $pop: { l: 1, m: -1 } }, { l: [1, 2], m: [2] }],
  [
    '$pull removes by value and by condition',
    { l: [1, 2, 1], m: [{ a: 1 }, { a: 5 }] },
    { $pull: { l: 1, m: { a: { $gte: 3 } } } },
    { l: [2], m: [{ a: 1 }] },
  ],
  ['$pullAll removes several values', { l: [1, 2, 3] }, { $pullAll: { l: [1, 3] } }, { l: [2] }],
  ['$rename moves a field', { a: 1 }, { $rename: { a: 'b' } }, { b: 1 }],
  [
    '$rename replaces what is there, and ignores what is not',
    { a: 1, b: 2 },
    { $rename: { a: 'b', c: 'd' } },
    { b: 1 },
  ],
  [
    '$set to the same fields in another order changes it',
    { o: { a: 1, b: 2 } },
    { $set: { o: { b: 2, a: 1 } } },
    { o: { b: 2, a: 1 } },
  ],
  ['$set beyond the end of a list fills it with null', { l: [1] }, { $set: { 'l.3': 4 } }, { l: [1, null, null, 4] }],
  ['$unset of an element leaves null in its place', { l: [1, 2] }, { $unset: { 'l.0': '' } }, { l: [null, 2] }],
  [
    '$push into nothing orders and cuts what it pushes',
    {},
    { $push: { l: { $each: [3, 1, 2], $sort: 1, $slice: 2 } } },
    { l: [1, 2] },
  ],
  [
    '$push orders documents by several fields',
    { l: [{ a: 2, b: 1 }] },
    {
      $push: {
        l: {
          $each: [
            { a: 1, b: 1 },
            { a: 1, b: 2 },
          ],
          $sort: { a: 1, b: -1 },
        },
      },
    },
    {
      l: [
        { a: 1, b: 2 },
        { a: 1, b: 1 },
        { a: 2, b: 1 },
      ],
    },
  ],
  [
    '$addToSet adds a document whose fields stand in another order, and each value once',
    { l: [{ a: 1, b: 2 }] },
    { $addToSet: { l: { $each: [{ b: 2, a: 1 }, { a: 1, b: 2 }, 7, 7] } } },
    { l: [{ a: 1, b: 2 }, { b: 2, a: 1 }, 7] },
  ],
  [
    '$pull by a condition of documents leaves scalars alone',
    { l: [1, { k: 1 }, { j: 1 }] },
    { $pull: { l: { k: { $exists: false } } } },
    { l: [1, { k: 1 }] },
  ],
  ['$max and $min compare across types', { a: 5, b: 5 }, { $max: { a: 'x' }, $min: { b: null } }, { a: 'x', b: null }],
  ['$bit combines whole numbers', { n: 6 }, { $bit: { n: { and: 3, or: 8 } } }, { n: 10 }],
  [
    '$[] changes every element',
    { l: [{ n: 1 }, { n: 2 }] },
    { $inc: { 'l.$[].n': 10 } },
    { l: [{ n: 11 }, { n: 12 }] },
  ],
])('%s', async (_name, document, operators, expected) => {
  const { answer, after } = await update({ _id: 1, ...document }, operators);
  expect(answer).toMatchObject({ data: { updated: 1 } });
  expect(after).toEqual([{ _id: 1, ...expected }]);
});

test('$set through a list position changes the matched element alone', async () => {
  const document = {
    _id: 1,
    l: [
      { k: 'a', n: 1 },
      { k: 'b', n: 1 },
    ],
  };
  const { after } = await update(document, { $set: { 'l.$.n': 9 } }, { _id: 1, 'l.k': 'b' });
  expect(after).toEqual([
    {
      _id: 1,
      l: [
        { k: 'a', n: 1 },
        { k: 'b', n: 9 },
      ],
    },
  ]);
});

test.each<[string, Json, Json, RegExp]>([
  [
    '$inc of a text',
    { n: 'x' },
    { $inc: { n: 1 } },
    /Cannot apply \$inc to a value of non-numeric type.*'n' of non-numeric type string/,
  ],
  ['$inc of null', { n: null }, { $inc: { n: 1 } }, /of non-numeric type null/],
  ['$inc by a text', { n: 1 }, { $inc: { n: '1' } }, /Cannot increment with non-numeric argument/],
  ['$mul of a list', { n: [] }, { $mul: { n: 2 } }, /Cannot apply \$mul/],
  ['$push to a text', { n: 'x' }, { $push: { n: 1 } }, /must be an array but is of type string/],
  ['$push to null', { n: null }, { $push: { n: 1 } }, /must be an array but is of type null/],
  ['$addToSet to a number', { n: 1 }, { $addToSet: { n: 1 } }, /Cannot apply \$addToSet to non-array field/],
  ['$pop of a number', { n: 1 }, { $pop: { n: 1 } }, /non-array type 'int'/],
  ['$pull from a number', { n: 1 }, { $pull: { n: 1 } }, /Cannot apply \$pull to a non-array value/],
  ['$bit of null', { n: null }, { $bit: { n: { or: 1 } } }, /non-integral type/],
  ['$pop by 2', { n: [1] }, { $pop: { n: 2 } }, /\$pop expects 1 or -1/],
  ['$push with a clause nobody knows', { n: [] }, { $push: { n: { $each: [], $top: 1 } } }, /Unrecognized clause/],
  ['$pullAll of one value', { n: [1] }, { $pullAll: { n: 1 } }, /requires an array argument/],
  ['$set far beyond the end of a list', { n: [] }, { $set: { 'n.2000000': 1 } }, /can't backfill more than 1500000/],
  ['$rename of an element', { n: [1] }, { $rename: { 'n.0': 'm' } }, /cannot be an array element/],
  ['$[] of what is no list', { n: 1 }, { $set: { 'n.$[].x': 1 } }, /must exist in the document/],
  ['a position that the filter does not give', { n: [1] }, { $set: { 'n.$': 2 } }, /positional operator did not find/],
  ['a path with a dollar', { n: 1 }, { $set: { 'n.$x': 2 } }, /dollar \(\$\) prefixed field '\$x'/],
  ['a path to the prototype of an object', { n: {} }, { $set: { 'n.__proto__.x': 1 } }, /__proto__/],
  ['$set below a number', { n: 1 }, { $set: { 'n.x': 1 } }, /Cannot create field 'x' in element {n: 1}/],
  ['$set below null', { n: null }, { $set: { 'n.x': 1 } }, /Cannot create field 'x' in element {n: null}/],
  ['$set below a list by a name', { n: [] }, { $set: { 'n.x': 1 } }, /Cannot create field 'x' in element/],
  ['two operators on one path', { n: 1 }, { $set: { n: 1 }, $inc: { n: 1 } }, /would create a conflict at 'n'/],
  [
    'two operators on a path and one below it',
    { n: {} },
    { $set: { n: {} }, $inc: { 'n.x': 1 } },
    /would create a conflict at 'n'/,
  ],
  ['a change of the id', {}, { $set: { _id: 2 } }, /immutable field '_id'/],
  ['an unknown operator', {}, { $foo: { n: 1 } }, /Unknown modifier: \$foo/],
  ['a field name with a dollar in a value', {}, { $set: { n: { $gt: 1 } } }, /dollar \(\$\) prefixed field/],
  ['an empty part in a path', {}, { $set: { 'a..b': 1 } }, /empty field name/],
])('%s is an error and leaves the document as it was', async (_name, document, operators, text) => {
  const { answer, after } = await update({ _id: 1, ...document }, operators);
  expect(answer).toMatchObject({ code: 'DATABASE_REQUEST_FAILED', message: expect.stringMatching(text) });
  expect(after).toEqual([{ _id: 1, ...document }]);
});

test('$currentDate is the moment of the local cloud', async () => {
  const at = Date.UTC(2026, 0, 2);
  const emulator = await openEmulator({ clock: { ...nodeClock, now: () => at } });
  const works = await openCollection('works', [{ _id: 'a' }]);
  await admin(emulator, {
    action: 'database.modifyDocument',
    collectionName: 'works',
    query: '{"_id":"a"}',
    data: '{"$currentDate":{"at":true}}',
    merge: true,
  });
  expect((await works.doc('a').get()).data.at).toEqual(new Date(at));
});

test('what fills a list up to an element is null, and found as such', async () => {
  await openEmulator();
  const works = await openCollection('works', [{ _id: 'a', l: [] }]);
  await works.doc('a').update({ data: { 'l.2': 7 } });
  const isNull = { $type: 'null' };
  expect((await works.where({ l: cloud.database().command.elemMatch(isNull) }).count()).total).toBe(1);
});

test('new fields come in the order of their names, as on the platform', async () => {
  const { after } = await update({ _id: 1 }, { $set: { b: 1 }, $inc: { a: 1 } });
  expect(JSON.stringify(after)).toBe('[{"_id":1,"a":1,"b":1}]');
});

test('an update that answers its document counts the match, changed or not, and answers null for none', async () => {
  const emulator = await openEmulator();
  await openCollection('works', [
    { _id: 'a', n: 1 },
    { _id: 'b', n: 1 },
  ]);
  const returning = async (query: Json, data: Json) => {
    const request = { action: 'database.modifyAndReturnDoc', collectionName: 'works', queryType: 'WHERE' };
    return (await admin(emulator, { ...request, query: JSON.stringify(query), data: JSON.stringify(data) }))['data'];
  };
  expect(await returning({ n: 1 }, { $inc: { n: 1 } })).toEqual({ updated: 1, doc: '{"_id":"a","n":2}' });
  expect(await returning({ n: 2 }, { $set: { n: 2 } })).toEqual({ updated: 1, doc: '{"_id":"a","n":2}' });
  expect(await returning({ n: 9 }, { $set: { n: 2 } })).toEqual({ updated: 0, doc: null });
  expect(await stored(emulator, 'works')).toEqual([
    { _id: 'a', n: 2 },
    { _id: 'b', n: 1 },
  ]);
});

test('of several operators none is applied when one is refused', async () => {
  const { after } = await update({ _id: 1, n: 1, t: 'x' }, { $set: { n: 2 }, $inc: { t: 1 } });
  expect(after).toEqual([{ _id: 1, n: 1, t: 'x' }]);
});

test('an update that changes nothing counts nothing, whatever the operator', async () => {
  await openEmulator();
  const works = await openCollection('works', [{ _id: 'a', n: 1, l: [1] }]);
  const _ = cloud.database().command;
  for (const data of [{ n: 1 }, { n: _.inc(0) }, { l: _.addToSet(1) }, { gone: _.remove() }]) {
    expect((await works.doc('a').update({ data })).stats).toEqual({ updated: 0 });
  }
  expect((await works.doc('a').update({ data: { n: 2 } })).stats).toEqual({ updated: 1 });
});

test('an update by a filter counts the documents it changed', async () => {
  await openEmulator();
  const works = await openCollection('works', [{ _id: 1, st: 'open' }, { _id: 2, st: 'open', n: 1 }, { _id: 3 }]);
  expect((await works.where({ st: 'open' }).update({ data: { n: 1 } })).stats).toEqual({ updated: 1 });
});

test('an update that fails on one document keeps those before it and does not start on the others', async () => {
  const emulator = await openEmulator();
  const works = await openCollection('works', [
    { _id: 1, n: 1 },
    { _id: 2, n: 'x' },
    { _id: 3, n: 1 },
  ]);
  const failure = await failureOf(works.where({}).update({ data: { n: cloud.database().command.inc(1) } }));
  expect(failure.errCode).toBe(-502001);
  expect(await stored(emulator, 'works')).toEqual([
    { _id: 1, n: 2 },
    { _id: 2, n: 'x' },
    { _id: 3, n: 1 },
  ]);
});

test('of a hundred conditional updates at once exactly one wins', async () => {
  await openEmulator();
  const works = await openCollection('works', [{ _id: 'a', left: 1 }]);
  const _ = cloud.database().command;
  const take = () => works.where({ _id: 'a', left: _.gt(0) }).update({ data: { left: _.inc(-1) } });
  const answers = await Promise.all(Array.from({ length: 100 }, take));
  expect(answers.reduce((sum: number, { stats }: { stats: { updated: number } }) => sum + stats.updated, 0)).toBe(1);
});
