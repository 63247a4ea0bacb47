import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { is, type Document } from '../../src/store/index.ts';
import { codeOf, collectionWith, type Use } from './subject.ts';

const RICH: Document = {
  _id: 'w1',
  createdAt: new Date('2026-11-22T04:00:00.123Z'),
  early: new Date(0),
  nested: { list: [1, 'zwei', null, { three: [true, [], {}] }], moments: [new Date(1_000)], nothing: null },
  text: '可爱的小猫 “引号” \u0000 \n\t 😀👨‍👩‍👧 é',
  empty: '',
  big: 9_007_199_254_740_991,
  small: -9_007_199_254_740_991,
  beyond32: 4_294_967_296,
  fraction: 0.1,
  huge: 1e300,
  no: false,
};

const leaf = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (number === 0 ? 0 : number)),
  fc.boolean(),
  fc.constant(null),
  fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }),
);
const fieldName = fc.stringMatching(/^[a-z\u4e00-\u4fff]\w{0,5}$/);
const { value: plainValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fieldName, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));

/** What is put in comes out as it was, once. */
export function describeDocuments(use: Use): void {
  describe('insert and get', () => {
    it('gives back dates, nested objects, arrays, nulls, Chinese, emoji and large numbers as they were', async () => {
      const { store } = use();
      const name = await collectionWith(store);
      expect(await store.insert(name, RICH)).toBe('inserted');
      expect(await store.get(name, 'w1')).toStrictEqual(RICH);
    });

    it('gives back any plain document as it was', async () => {
      const { store } = use();
      const name = await collectionWith(store);
      let count = 0;
      await fc.assert(
        fc.asyncProperty(plainValue, async (value) => {
          const document = { _id: `d${(count += 1)}`, value };
          await store.insert(name, document);
          expect(await store.get(name, document._id)).toEqual(document);
        }),
        { numRuns: 60 },
      );
    });

    it('answers exists for an id that is taken, and leaves the stored document as it is', async () => {
      const { store } = use();
      const name = await collectionWith(store, { _id: 'w1', status: 'completed' });
      expect(await store.insert(name, { _id: 'w1', status: 'failed' })).toBe('exists');
      expect(await store.get(name, 'w1')).toEqual({ _id: 'w1', status: 'completed' });
    });

    it('lets exactly one of many simultaneous inserts of an id through', async () => {
      const { store } = use();
      const name = await collectionWith(store);
      const tries = Array.from({ length: 20 }, (_, number) => store.insert(name, { _id: 'w1', number }));
      const answers = await Promise.all(tries);
      expect(answers.filter((answer) => answer === 'inserted')).toHaveLength(1);
      expect(await store.get(name, 'w1')).toEqual({ _id: 'w1', number: answers.indexOf('inserted') });
    });

    it('answers undefined for an id that nothing has', async () => {
      const { store } = use();
      const name = await collectionWith(store, { _id: 'w1' });
      expect(await store.get(name, 'w2')).toBeUndefined();
    });

    it('keeps what is stored apart from the objects that were given and got', async () => {
      const { store } = use();
      const given = { _id: 'w1', list: [1] };
      const name = await collectionWith(store, given);
      given.list.push(2);
      const got = (await store.get(name, 'w1')) as typeof given;
      // What is answered may also be frozen.
      if (!Object.isFrozen(got.list)) got.list.push(3);
      expect(await store.get(name, 'w1')).toEqual({ _id: 'w1', list: [1] });
    });
  });

  describe('remove, count and createCollection', () => {
    it('removes a document only under its condition, and answers how many went', async () => {
      const { store } = use();
      const name = await collectionWith(store, { _id: 'a', state: 'old' }, { _id: 'b', state: 'old' });
      expect(await store.remove(name, { id: 'a', where: { state: 'new' } })).toBe(0);
      expect(await store.remove(name, { id: 'c' })).toBe(0);
      expect(await store.remove(name, { id: 'a', where: { state: 'old' } })).toBe(1);
      expect(await store.remove(name, { id: 'a' })).toBe(0);
      expect(await store.count(name, {})).toBe(1);
    });

    it('counts the documents that satisfy the filter', async () => {
      const { store } = use();
      const name = await collectionWith(store, { _id: 'a', n: 1 }, { _id: 'b', n: 2 }, { _id: 'c', n: 3 });
      expect(await store.count(name, { n: is.atLeast(2) })).toBe(2);
      expect(await store.count(name, { n: 9 })).toBe(0);
    });

    it('creates a collection once and answers exists from then on', async () => {
      const { store } = use();
      const name = await collectionWith(store, { _id: 'kept' });
      expect(await store.createCollection(name)).toBe('exists');
      expect(await store.createCollection(`${name}_new`)).toBe('created');
      expect(await store.get(name, 'kept')).toBeDefined();
    });

    it('answers every statement on a missing collection with STORE_NOT_FOUND', async () => {
      const { store } = use();
      const missing = 'nowhere';
      const statements = {
        insert: () => store.insert(missing, { _id: 'a' }),
        get: () => store.get(missing, 'a'),
        update: () => store.update(missing, { id: 'a' }, { set: { n: 1 } }),
        remove: () => store.remove(missing, { id: 'a' }),
        count: () => store.count(missing, {}),
        group: () => store.group(missing, { by: 'n' }),
        page: () => store.page(missing, { limit: 1 }),
      };
      for (const [statement, run] of Object.entries(statements)) {
        expect(`${statement} ${await codeOf(run)}`).toBe(`${statement} STORE_NOT_FOUND`);
      }
    });
  });
}
