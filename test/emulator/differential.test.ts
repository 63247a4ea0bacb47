import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeText } from '../../src/emulator/database/index.ts';
import { databaseWith, find } from './in-memory.ts';
import { grouped, passes, Refused, sorted, updated, type Doc } from './oracle.ts';

// Few different values, so that most comparisons are close ones.
const scalar = fc.constantFrom<unknown>(
  ...[null, true, false, 0, 1, 2, -1, 1.5, 2 ** 40, NaN, '', 'a', 'b', 'ab', '！', '😀'],
  ...[new Date(0), new Date(5)],
);
const part = fc.constantFrom('a', 'b', 'c');
const inner = fc.oneof(
  { weight: 4, arbitrary: scalar },
  fc.dictionary(part, scalar, { maxKeys: 2, noNullPrototype: true }),
);
const value = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 2, arbitrary: fc.array(inner, { maxLength: 3 }) },
  { weight: 2, arbitrary: fc.dictionary(part, inner, { maxKeys: 2, noNullPrototype: true }) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>([[1, 2]], [[{ a: 1 }]], { a: [{ b: 1 }, 2] }) },
);
const fields = fc.dictionary(part, value, { minKeys: 2, maxKeys: 3, noNullPrototype: true });
const documents = fc
  .array(fields, { minLength: 4, maxLength: 10 })
  .map((list) => list.map((one, place): Doc => ({ _id: `d${place}`, ...one })));
const path = fc.oneof(
  { weight: 3, arbitrary: part },
  fc.tuple(part, part).map(([a, b]) => `${a}.${b}`),
);

const comparison = fc
  .tuple(fc.constantFrom('$eq', '$ne', '$gt', '$gte', '$lt', '$lte'), value)
  .map(([operator, operand]) => ({ [operator]: operand }));
const operators = fc.oneof(
  { weight: 4, arbitrary: comparison },
  fc.tuple(fc.constantFrom('$in', '$nin'), fc.array(value, { maxLength: 3 })).map(([name, list]) => ({ [name]: list })),
  fc.boolean().map((isThere) => ({ $exists: isThere })),
  comparison.map((operand) => ({ $not: operand })),
  fc.tuple(comparison, comparison).map(([one, other]) => ({ ...one, ...other })),
);
const condition = fc.oneof(
  { weight: 3, arbitrary: fc.dictionary(path, fc.oneof(operators, value), { maxKeys: 2, noNullPrototype: true }) },
  fc
    .tuple(
      fc.constantFrom('$and', '$or', '$nor'),
      fc.array(fc.dictionary(path, operators, { maxKeys: 2, noNullPrototype: true }), { minLength: 1, maxLength: 3 }),
    )
    .map(([name, parts]) => ({ [name]: parts })),
);

const direction = fc.constantFrom(1 as const, -1 as const);
const order = fc
  .dictionary(part, direction, { maxKeys: 2, noNullPrototype: true })
  .map((some) => ({ ...some, _id: 1 as const }));

const target = fc.oneof(
  path,
  fc.tuple(part, fc.constantFrom('0', '2')).map(([a, place]) => `${a}.${place}`),
);
const change = fc.oneof(
  fc.tuple(target, value).map(([at, to]) => ({ $set: { [at]: to } })),
  fc.tuple(target, fc.constantFrom(1, -2, 0.5)).map(([at, by]) => ({ $inc: { [at]: by } })),
  fc.tuple(target, fc.array(value, { maxLength: 2 })).map(([at, items]) => ({ $push: { [at]: { $each: items } } })),
  target.map((at) => ({ $unset: { [at]: '' } })),
);

describe('The local cloud and a separate reading of MongoDB agree', () => {
  test('about which documents a filter finds', () => {
    let found = 0;
    fc.assert(
      fc.property(documents, condition, (content, filter) => {
        const expected = content.filter((document) => passes(document, filter));
        found += Number(expected.length > 0 && expected.length < content.length);
        expect(encodeText(find(databaseWith(content), filter))).toBe(encodeText(expected));
      }),
      { numRuns: 3000 },
    );
    // A property over filters that find nothing, or everything, would say little.
    expect(found).toBeGreaterThan(300);
  });

  test('about the order of documents', () => {
    fc.assert(
      fc.property(documents, order, (content, sort) => {
        expect(encodeText(find(databaseWith(content), {}, sort))).toBe(encodeText(sorted(content, sort)));
      }),
      { numRuns: 2000 },
    );
  });

  test('about what an update makes of a document, and which ones are refused', () => {
    const seen = { refused: 0, unchanged: 0, changed: 0 };
    fc.assert(
      fc.property(documents, change, ([document = { _id: 'd0' }], update) => {
        const database = databaseWith([document]);
        const run = () => database.update('c', {}, { operators: update, multi: true, upsert: false }).updated;
        const expected = outcome(() => updated(document, update));
        if (expected === 'refused') {
          seen.refused += 1;
          expect(run).toThrow();
          expect(encodeText(find(database, {}))).toBe(encodeText([document]));
          return;
        }
        const isChanged = encodeText(expected) !== encodeText(document);
        seen[isChanged ? 'changed' : 'unchanged'] += 1;
        expect(run()).toBe(isChanged ? 1 : 0);
        expect(encodeText(find(database, {}))).toBe(encodeText([expected]));
      }),
      { numRuns: 3000 },
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(100);
  });

  test('about groups: their ids, numbers and first documents', () => {
    const by = fc.oneof(
      path.map((one) => `$${one}`),
      fc.tuple(path, path).map(([one, other]) => ({ f0: `$${one}`, f1: `$${other}` })),
    );
    fc.assert(
      fc.property(documents, condition, by, fc.integer({ min: 1, max: 4 }), (content, filter, id, limit) => {
        const groups = grouped(
          content.filter((document) => passes(document, filter)),
          id,
        );
        const twins = groups.filter(({ count }) => Number(count) > 1);
        const stages = [
          { $match: filter },
          { $group: { _id: id, count: { $sum: 1 }, firstId: { $min: '$_id' } } },
          { $match: { count: { $gt: 1 } } },
          { $sort: { firstId: 1 } },
          { $limit: limit },
        ];
        const found = databaseWith(content).aggregate('c', stages);
        expect(encodeText(found)).toBe(encodeText(sorted(twins, { firstId: 1 }).slice(0, limit)));
      }),
      { numRuns: 2000 },
    );
  });
});

function outcome(step: () => Doc): Doc | 'refused' {
  try {
    return step();
  } catch (error) {
    if (error instanceof Refused) return 'refused';
    throw error;
  }
}
