import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { is, type Condition, type Document, type Filter } from '../../src/store/index.ts';
import { collectionWith, idsOf, type Use } from './subject.ts';

type Value = string | number | boolean | Date;

const NOON = new Date('2026-11-22T04:00:00Z');
const LATER = new Date('2026-11-22T05:00:00Z');

/** One document for each kind of value that a field can have. */
const FIELDS: Readonly<Record<string, unknown>> = {
  'string-a': 'a',
  'string-b': 'b',
  'string-5': '5',
  'number-5': 5,
  'number-6': 6,
  yes: true,
  no: false,
  noon: NOON,
  later: LATER,
  nothing: null,
  object: { x: 1 },
};
/** … and one document that lacks the field. */
const ABSENT = 'absent';

const others = (...names: readonly string[]) =>
  [...Object.keys(FIELDS), ABSENT].filter((name) => !names.includes(name));

const CASES: readonly (readonly [what: string, condition: Value | Condition, matches: readonly string[]])[] = [
  ['a string', 'a', ['string-a']],
  ['a string of digits', '5', ['string-5']],
  ['a number', 5, ['number-5']],
  ['true', true, ['yes']],
  ['false', false, ['no']],
  ['a moment', new Date(NOON), ['noon']],
  ['not a string', is.not('a'), others('string-a')],
  ['not a moment', is.not(NOON), others('noon')],
  ['below a number', is.below(6), ['number-5']],
  ['at most a number', is.atMost(6), ['number-5', 'number-6']],
  ['above a number', is.above(5), ['number-6']],
  ['at least a number', is.atLeast(5), ['number-5', 'number-6']],
  ['below a string', is.below('b'), ['string-a', 'string-5']],
  ['above a string', is.above('a'), ['string-b']],
  ['below a moment', is.below(LATER), ['noon']],
  ['at most a moment', is.atMost(LATER), ['noon', 'later']],
  ['above a moment', is.above(NOON), ['later']],
  ['at least a moment', is.atLeast(NOON), ['noon', 'later']],
  ['above nought, which false and null are not', is.above(-1), ['number-5', 'number-6']],
  ['one of several of all types', is.oneOf(['a', 6, true, NOON]), ['string-a', 'number-6', 'yes', 'noon']],
  ['one of none', is.oneOf([]), []],
  ['absent, which null is not', is.absent(), [ABSENT]],
  ['absent or below', is.absentOr(is.below(6)), [ABSENT, 'number-5']],
  ['absent or one of', is.absentOr(is.oneOf(['a'])), [ABSENT, 'string-a']],
  ['absent or not', is.absentOr(is.not('a')), others('string-a')],
  ['above and at most', is.all([is.above('5'), is.atMost('a')]), ['string-a']],
  ['above and none of', is.all([is.above(''), is.noneOf(['a', 'b'])]), ['string-5']],
  ['below and above', is.all([is.below(5), is.above(6)]), []],
  ['one alone', is.all([is.atLeast(6)]), ['number-6']],
  ['absent, or above and below', is.absentOr(is.all([is.above(5), is.below(7)])), [ABSENT, 'number-6']],
];

/** A condition holds for the values it names, and for those of no other type. */
export function describeConditions(use: Use): void {
  const documents = [
    ...Object.entries(FIELDS).map(([_id, field]) => ({ _id, field, deep: { field } })),
    { _id: ABSENT, deep: {} },
  ];
  const found = async (name: string, where: Filter) =>
    [...idsOf((await use().store.page(name, { where, limit: 100 })).items)].sort();

  describe('conditions', () => {
    it.each(CASES)('takes %s literally', async (_what, condition, matches) => {
      const { store } = use();
      const name = await collectionWith(store, ...documents);
      expect(await found(name, { field: condition })).toEqual([...matches].sort());
      expect(await found(name, { 'deep.field': condition })).toEqual([...matches].sort());
      expect(await store.count(name, { field: condition })).toBe(matches.length);
    });

    it('lets an update through for the documents that a page would show, and for no other', async () => {
      const { store } = use();
      const name = await collectionWith(store, ...documents);
      for (const [what, condition, matches] of CASES) {
        for (const { _id: id } of documents) {
          const changed = await store.update(name, { id, where: { field: condition } }, { inc: { n: 1 } });
          expect(`${what}, ${id}: ${changed}`).toBe(`${what}, ${id}: ${matches.includes(id) ? 1 : 0}`);
        }
      }
    });

    it('looks into every element where a path leads through a list', async () => {
      const { store } = use();
      const attempts = [{ digest: 'x' }, { digest: 'y' }];
      const name = await collectionWith(
        store,
        { _id: 'two', attempts },
        { _id: 'none', attempts: [] },
        { _id: 'bare' },
      );
      expect(await found(name, { 'attempts.digest': 'y' })).toEqual(['two']);
      expect(await found(name, { 'attempts.digest': is.not('y') })).toEqual(['bare', 'none']);
      expect(await found(name, { 'attempts.digest': is.not('z') })).toEqual(['bare', 'none', 'two']);
    });

    it('finds what the reference store finds, for any documents and any two conditions', async () => {
      const { store } = use();
      const scalar = fc.constantFrom<Value>('', 'a', 'b', '1', -1, 0, 1, 1.5, true, false, NOON, LATER);
      const field = fc.oneof(scalar, fc.constant(null), fc.constant(undefined), fc.array(scalar, { maxLength: 2 }));
      const comparison = fc.oneof(
        scalar.chain((value) =>
          fc.constantFrom(is.not(value), is.below(value), is.atMost(value), is.above(value), is.atLeast(value)),
        ),
        fc.array(scalar, { maxLength: 3 }).map((values) => is.oneOf(values)),
      );
      const condition = fc.oneof(
        scalar,
        comparison,
        fc.constant(is.absent()),
        comparison.map((other) => is.absentOr(other)),
        fc.array(comparison, { minLength: 1, maxLength: 3 }).map((others) => is.all(others)),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(field, field), { minLength: 1, maxLength: 6 }),
          condition,
          condition,
          async (pairs, first, second) => {
            const all = pairs.map(([a, b], index): Document => document(`d${index}`, a, b));
            const model = createMemoryStore(['model']);
            for (const one of all) await model.insert('model', one);
            const name = await collectionWith(store, ...all);
            const where = { a: first, 'deep.b': second };
            const expected = await model.page('model', { where, limit: 100 });
            expect(await found(name, where)).toEqual(idsOf(expected.items));
          },
        ),
        { numRuns: 60 },
      );
    });
  });
}

function document(_id: string, a: unknown, b: unknown): Document {
  return { _id, ...(a === undefined ? {} : { a }), deep: b === undefined ? {} : { b } };
}
