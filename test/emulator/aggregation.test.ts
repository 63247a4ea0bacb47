import { expect, test } from 'vitest';
import { admin, cloud, openCollection, openEmulator, stored, type Json } from './harness.ts';

const SALES = [
  {
    _id: 1,
    shop: 'x',
    sum: 5,
    items: [
      { k: 'a', n: 1 },
      { k: 'b', n: 2 },
    ],
  },
  { _id: 2, shop: 'y', sum: 7, items: [{ k: 'a', n: 3 }] },
  { _id: 3, shop: 'x', sum: 1, items: [] },
];

test('a pipeline filters, groups, sorts and reshapes', async () => {
  await openEmulator();
  const sales = await openCollection('sales', SALES);
  const $ = cloud.database().command.aggregate;
  const { list } = await sales
    .aggregate()
    .match({ sum: cloud.database().command.gte(1) })
    .group({ _id: '$shop', total: $.sum('$sum'), count: $.sum(1) })
    .sort({ total: -1, _id: 1 })
    .project({ shop: '$_id', total: 1, count: 1, _id: 0 })
    .end();
  expect(list).toEqual([
    { shop: 'y', total: 7, count: 1 },
    { shop: 'x', total: 6, count: 2 },
  ]);
});

test('documents of another collection are looked up, and a missing collection has none', async () => {
  await openEmulator();
  const sales = await openCollection('sales', SALES);
  await openCollection('shops', [{ _id: 'x', name: 'Corner' }]);
  const look = async (from: string) => {
    const { list } = await sales
      .aggregate()
      .match({ _id: 1 })
      .lookup({ from, localField: 'shop', foreignField: '_id', as: 'found' })
      .end();
    return list[0].found;
  };
  expect(await look('shops')).toEqual([{ _id: 'x', name: 'Corner' }]);
  expect(await look('nowhere')).toEqual([]);
});

test('counting nothing answers nothing, and counting something its number', async () => {
  await openEmulator();
  const sales = await openCollection('sales', SALES);
  expect((await sales.aggregate().match({ shop: 'z' }).count('n').end()).list).toEqual([]);
  expect((await sales.aggregate().match({ shop: 'x' }).count('n').end()).list).toEqual([{ n: 2 }]);
});

test.each<[string, [string, unknown][]]>([
  ['$addFields', [['$addFields', { 'items.n': 0, extra: 1 }]]],
  ['$project that leaves out', [['$project', { 'items.n': 0 }]]],
  [
    '$unwind and $set',
    [
      ['$unwind', '$items'],
      ['$set', { 'items.n': 9 }],
    ],
  ],
  [
    '$group of whole documents and $project',
    [
      ['$group', { _id: null, all: { $push: '$$ROOT' } }],
      ['$project', { 'all.items': 0 }],
    ],
  ],
  [
    '$group of whole documents and $unset',
    [
      ['$group', { _id: null, all: { $push: '$$ROOT' } }],
      ['$unset', 'all.sum'],
    ],
  ],
  [
    '$sort and $replaceRoot',
    [
      ['$sort', { sum: 1 }],
      ['$replaceRoot', { newRoot: { $mergeObjects: ['$$ROOT', { sum: 0 }] } }],
    ],
  ],
  [
    '$lookup and $unset',
    [
      ['$lookup', { from: 'sales', localField: '_id', foreignField: '_id', as: 'me' }],
      ['$unset', 'me.items'],
    ],
  ],
])('%s never changes what is stored', async (_name, stages) => {
  const emulator = await openEmulator();
  await openCollection('sales', SALES);
  const answer = await admin(emulator, {
    action: 'database.aggregateDocuments',
    collectionName: 'sales',
    stages: stages.map(([stageKey, value]) => ({ stageKey, stageValue: JSON.stringify(value) })),
  });
  expect((answer['data'] as { list: string[] }).list.length).toBeGreaterThan(0);
  expect(await stored(emulator, 'sales')).toEqual(SALES);
});

test.each([
  ['$out', '"copy"'],
  ['$merge', '{"into":"copy"}'],
  ['$unknown', '{}'],
])('%s is refused', async (stageKey, stageValue) => {
  const emulator = await openEmulator();
  await openCollection('sales', SALES);
  const answer = await admin(emulator, {
    action: 'database.aggregateDocuments',
    collectionName: 'sales',
    stages: [{ stageKey, stageValue }],
  });
  expect(answer).toMatchObject({ code: 'DATABASE_REQUEST_FAILED' } satisfies Json);
});
