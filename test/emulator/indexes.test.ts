import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodeClock } from '../../src/core/node/index.ts';
import { createCollections, createDatabase, type Database } from '../../src/emulator/database/index.ts';
import { createEmulator } from '../../src/emulator/index.ts';
import { openJournal, type Journal } from '../../src/emulator/journal/index.ts';

let folder: string;
let close: () => Promise<void>;
let database: Database;

function open(): Database {
  const collections = createCollections(() => journal);
  const journal: Journal = openJournal({ path: join(folder, 'log'), clock: nodeClock, replay: collections.replay });
  close = () => journal.close();
  return createDatabase(collections, nodeClock);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wx-durable-indexes-'));
  database = open();
});

afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
});

// Few values, so that many documents are equal; lists are rare, since an index over lists answers nothing.
const value = fc.oneof(
  { weight: 60, arbitrary: fc.integer({ min: 0, max: 2 }) },
  { weight: 20, arbitrary: fc.constantFrom('', 'a', 'b', null, true, false, 1.5, -1) },
  { weight: 10, arbitrary: fc.constantFrom(new Date(0), new Date(5)) },
  { weight: 1, arbitrary: fc.constantFrom([1, 2], [], { x: 1 }) },
);
const fields = fc.record({ a: value, b: value, c: fc.record({ d: value }) }, { requiredKeys: [] });
const paths = fc.constantFrom('a', 'a', 'b', 'b', 'c.d');
const operand = fc.oneof(
  value,
  fc.record({ operator: fc.constantFrom('$gt', '$gte', '$lt', '$lte', '$eq', '$ne'), value }).map((one) => ({
    [one.operator]: one.value,
  })),
  fc.array(value, { maxLength: 3 }).map((values) => ({ $in: values })),
  fc.array(value, { maxLength: 2 }).map((values) => ({ $nin: values })),
  fc.boolean().map((isThere) => ({ $exists: isThere })),
  fc.tuple(value, value).map(([low, high]) => ({ $gte: low, $lt: high })),
);
const simple = fc.dictionary(paths, operand, { maxKeys: 3 });
const condition = fc.oneof(
  { weight: 3, arbitrary: simple },
  fc.array(simple, { minLength: 1, maxLength: 3 }).map((parts) => ({ $or: parts })),
  fc.array(simple, { minLength: 1, maxLength: 3 }).map((parts) => ({ $and: parts })),
  fc.tuple(simple, fc.array(simple, { minLength: 1, maxLength: 2 })).map(([own, parts]) => ({ ...own, $or: parts })),
);
const direction = fc.constantFrom(1 as const, -1 as const);
const order = fc.dictionary(paths, direction, { maxKeys: 2 });
const keys = fc.dictionary(paths, direction, { minKeys: 1, maxKeys: 3 }).map((some) => ({ keys: some }));

describe('an index never changes what a query answers', () => {
  test('whatever the documents, the indexes, the filter and the order are', () => {
    const facts = {
      documents: fc.array(fields, { maxLength: 25 }),
      indexes: fc.array(keys, { minLength: 1, maxLength: 3 }),
    };
    let answered = 0;
    fc.assert(
      fc.property(fc.record({ ...facts, condition, order, idDirection: direction }), (plan) => {
        const documents = plan.documents.map((one, index) => ({ _id: `d${index}`, ...one }));
        const query = {
          condition: plan.condition,
          order: { ...plan.order, _id: plan.idDirection },
          offset: 1,
          limit: 7,
        };
        database.load('plain', documents);
        database.load('indexed', documents);
        const named = plan.indexes.map((index, place) => ({ ...index, name: `i${place}` }));
        database.declareIndexes('indexed', named);
        const expected = database.find('plain', query);
        answered += expected.length;
        expect(database.find('indexed', query)).toEqual(expected);
        expect(database.count('indexed', plan.condition)).toBe(database.count('plain', plan.condition));
      }),
      { numRuns: 1_500 },
    );
    expect(answered).toBeGreaterThan(1_000);
  });

  test('where several values of the first key make several walks, which are not in order together', () => {
    const documents = [3, 1, 2, 0].map((b, index) => ({ _id: `d${index}`, a: index % 2, b }));
    database.load('walks', documents);
    database.declareIndexes('walks', [{ keys: { a: 1, b: 1 } }]);
    const query = { condition: { a: { $in: [0, 1] } }, order: { b: 1 }, offset: 0, limit: 3 };
    expect(database.find('walks', query).map(({ b }) => b)).toEqual([0, 1, 2]);
  });

  test('after any updates and removals', () => {
    const change = fc.record({ where: simple, set: value, remove: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(fields, { maxLength: 15 }),
        fc.array(change, { maxLength: 6 }),
        simple,
        (documents, changes, filter) => {
          const ids = documents.map((one, index) => ({ _id: `d${index}`, ...one }));
          const answers = ['plain', 'indexed'].map((name) => {
            database.load(name, ids);
            if (name === 'indexed') database.declareIndexes(name, [{ keys: { a: 1, b: -1 } }, { keys: { 'c.d': 1 } }]);
            for (const { where, set, remove } of changes) {
              // A query first, so that the index exists and must be kept up.
              database.count(name, where);
              if (remove) database.remove(name, where, { multi: true });
              else database.update(name, where, { operators: { $set: { a: set } }, multi: true, upsert: false });
            }
            return database.find(name, { condition: filter, order: { a: 1, _id: 1 }, offset: 0, limit: 100 });
          });
          expect(answers[1]).toEqual(answers[0]);
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('a unique index', () => {
  beforeEach(() => database.declareIndexes('users', [{ keys: { openid: 1 }, unique: true }]));

  const ids = (): readonly unknown[] =>
    database.find('users', { condition: {}, offset: 0, limit: 10 }).map(({ _id: id }) => id);

  test('refuses a second document with the same value, with the text of E11000', () => {
    database.insert('users', [{ _id: 'u1', openid: 'o1' }]);
    expect(() => database.insert('users', [{ _id: 'u2', openid: 'o1' }])).toThrow(
      /E11000 duplicate key error collection: emu-env\.users index: openid_1 dup key: \{"openid":"o1"\}/,
    );
    expect(ids()).toEqual(['u1']);
  });

  test('counts a missing value and null as the same, as production does', () => {
    database.insert('users', [{ _id: 'u1' }]);
    expect(() => database.insert('users', [{ _id: 'u2', openid: null }])).toThrow(/E11000/);
  });

  test('keeps what came before the refused document of one insert', () => {
    const three = [
      { _id: 'u1', openid: 'o1' },
      { _id: 'u2', openid: 'o1' },
      { _id: 'u3', openid: 'o3' },
    ];
    expect(() => database.insert('users', three)).toThrow(/E11000/);
    expect(ids()).toEqual(['u1']);
  });

  test('refuses an update that would make twins, and lets a document keep its own value', () => {
    database.insert('users', [
      { _id: 'u1', openid: 'o1' },
      { _id: 'u2', openid: 'o2' },
    ]);
    const set = (openid: string) => ({ operators: { $set: { openid, seen: true } }, multi: false, upsert: false });
    expect(() => database.update('users', { _id: 'u2' }, set('o1'))).toThrow(/E11000/);
    expect(database.update('users', { _id: 'u2' }, set('o2'))).toMatchObject({ updated: 1 });
  });

  test('is refused over documents that are twins already, and then nothing has changed', () => {
    database.load('twins', [
      { _id: 'a', k: 1 },
      { _id: 'b', k: 1 },
    ]);
    expect(() => database.declareIndexes('twins', [{ keys: { k: 1 }, unique: true }])).toThrow(/E11000/);
    expect(database.insert('twins', [{ _id: 'c', k: 1 }])).toEqual(['c']);
  });

  test('is there again after a restart', async () => {
    database.insert('users', [{ _id: 'u1', openid: 'o1' }]);
    await close();
    database = open();
    expect(() => database.insert('users', [{ _id: 'u2', openid: 'o1' }])).toThrow(/E11000/);
  });
});

describe('the addresses of the local cloud', () => {
  test('declare and show indexes, and refuse what is none', async () => {
    const cloud = await createEmulator({ dir: join(folder, 'cloud') });
    try {
      const url = `${cloud.url}/_emulator/indexes/works`;
      const put = (body: unknown) => fetch(url, { method: 'PUT', body: JSON.stringify(body) });
      expect((await put([{ keys: { userId: 1, createdAt: -1 } }])).status).toBe(200);
      expect(await (await fetch(url)).json()).toEqual({
        indexes: [{ name: 'userId_1_createdAt_-1', keys: { userId: 1, createdAt: -1 }, unique: false }],
      });
      for (const wrong of [{}, [{}], [{ keys: {} }], [{ keys: { a: 2 } }], [{ keys: { a: 1 }, unique: 'yes' }]]) {
        expect((await put(wrong)).status).toBe(400);
      }
      expect(await (await fetch(url)).json()).toMatchObject({ indexes: [{ name: 'userId_1_createdAt_-1' }] });
    } finally {
      await cloud.close();
    }
  });

  test('are declared by a database.json beside the functions, which must make sense', async () => {
    const functionsDir = join(folder, 'functions');
    mkdirSync(functionsDir);
    const declare = (text: string) => writeFileSync(join(functionsDir, 'database.json'), text);
    declare('{ "indexes": { "users": [{ "keys": { "openid": 1 }, "unique": true }] } }');
    const cloud = await createEmulator({ dir: join(folder, 'cloud'), functionsDir });
    const shown = await (await fetch(`${cloud.url}/_emulator/indexes/users`)).json();
    await cloud.close();
    expect(shown).toEqual({ indexes: [{ name: 'openid_1', keys: { openid: 1 }, unique: true }] });
    declare('{ "indexes": { "users": [{ "keys": {} }] } }');
    await expect(createEmulator({ dir: join(folder, 'other'), functionsDir })).rejects.toThrow(/CONFIG_INVALID.*keys/);
  });
});
