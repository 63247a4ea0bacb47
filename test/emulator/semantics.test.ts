import { describe, expect, test } from 'vitest';
import { databaseWith, find } from './in-memory.ts';
import type { Doc } from './oracle.ts';

// Where the query engine under the local cloud is not MongoDB, one test each.

function idsOf(content: readonly Doc[], filter: Doc, sort: Doc = {}): unknown[] {
  return find(databaseWith(content.map((one, place) => ({ _id: place, ...one }))), filter, sort).map(
    ({ _id: id }) => id,
  );
}

function pipeline(content: readonly Doc[], ...stages: readonly Doc[]): Doc[] {
  return databaseWith(content.map((one, place) => ({ _id: place, ...one }))).aggregate('c', stages);
}

/** An expression over one document. */
function evaluate(document: Doc, expression: unknown): unknown {
  return pipeline([document], { $project: { _id: 0, out: expression } })[0]?.['out'];
}

describe('A filter', () => {
  test('$elemMatch with a condition of documents passes over scalars, also where the field may be missing', () => {
    const content = [{ l: [1, 2] }, { l: [{ v: 7 }] }, { l: [3, { w: 1 }] }];
    expect(idsOf(content, { l: { $elemMatch: { v: { $gt: 0 } } } })).toEqual([1]);
    expect(idsOf(content, { l: { $elemMatch: { v: { $exists: false } } } })).toEqual([2]);
    expect(idsOf(content, { l: { $elemMatch: { $or: [{ v: 7 }, { w: 1 }] } } })).toEqual([1, 2]);
    expect(idsOf(content, { l: { $elemMatch: { $gt: 1, $lt: 3 } } })).toEqual([0]);
  });

  test('takes embedded documents for equal only when their fields stand in the same order', () => {
    const content = [{ o: { a: 1, b: 2 } }, { o: { b: 2, a: 1 } }, { o: { a: 1, b: 2, c: 3 } }];
    expect(idsOf(content, { o: { a: 1, b: 2 } })).toEqual([0]);
    expect(idsOf(content, { o: { $in: [{ b: 2, a: 1 }] } })).toEqual([1]);
    expect(idsOf(content, { o: { $ne: { a: 1, b: 2 } } })).toEqual([1, 2]);
  });

  test('finds what is null or missing with $gte null and $lte null, and nothing with $gt null', () => {
    const content = [{ n: null }, {}, { n: 1 }];
    expect(idsOf(content, { n: { $gte: null } })).toEqual([0, 1]);
    expect(idsOf(content, { n: { $lte: null } })).toEqual([0, 1]);
    expect(idsOf(content, { n: { $gt: null } })).toEqual([]);
    expect(idsOf(content, { n: { $in: [null, 1] } })).toEqual([0, 1, 2]);
  });

  test('$all with one value matches a scalar, and $all of nothing matches nothing', () => {
    const content = [{ t: 'a' }, { t: ['a', 'b'] }, { t: [['a']] }];
    expect(idsOf(content, { t: { $all: ['a'] } })).toEqual([0, 1]);
    expect(idsOf(content, { t: { $all: ['a', 'b'] } })).toEqual([1]);
    expect(idsOf(content, { t: { $all: [['a']] } })).toEqual([2]);
    expect(idsOf(content, { t: { $all: [] } })).toEqual([]);
  });

  test('compares NaN with NaN alone', () => {
    const content = [{ n: NaN }, { n: 1 }, { n: -1 }];
    expect(idsOf(content, { n: NaN })).toEqual([0]);
    expect(idsOf(content, { n: { $gte: NaN } })).toEqual([0]);
    expect(idsOf(content, { n: { $gt: NaN } })).toEqual([]);
    expect(idsOf(content, { n: { $lt: 5 } })).toEqual([1, 2]);
    expect(idsOf(content, { n: { $ne: NaN } })).toEqual([1, 2]);
    expect(idsOf(content, {}, { n: 1 })).toEqual([0, 2, 1]);
  });

  test('says of a list without documents neither that a field below it is null nor that it is there', () => {
    const content = [{ l: [] }, { l: [1] }, { l: [{ v: 1 }, {}] }, { l: 3 }];
    expect(idsOf(content, { 'l.v': null })).toEqual([2, 3]);
    expect(idsOf(content, { 'l.v': { $exists: true } })).toEqual([2]);
    expect(idsOf(content, { 'l.0': 1 })).toEqual([1]);
  });

  test('tells whole, long and broken numbers apart by $type, as the SDK writes them', () => {
    const content = [{ n: 1 }, { n: 2 ** 40 }, { n: 1.5 }, { n: '1' }, { n: [1] }, { n: null }];
    expect(idsOf(content, { n: { $type: 'int' } })).toEqual([0, 4]);
    expect(idsOf(content, { n: { $type: ['long', 'double'] } })).toEqual([1, 2]);
    expect(idsOf(content, { n: { $type: 'number' } })).toEqual([0, 1, 2, 4]);
    expect(idsOf(content, { n: { $type: 'array' } })).toEqual([4]);
    expect(idsOf(content, { n: { $type: 10 } })).toEqual([5]);
  });

  test('$mod cuts broken numbers and passes over what is no number; bits are those of whole numbers', () => {
    const content = [{ n: 7 }, { n: 7.9 }, { n: '7' }, { n: -1 }, { n: 4 }];
    expect(idsOf(content, { n: { $mod: [4, 3] } })).toEqual([0, 1]);
    expect(idsOf(content, { n: { $bitsAllSet: 5 } })).toEqual([0, 3]);
    expect(idsOf(content, { n: { $bitsAnyClear: [0, 1] } })).toEqual([4]);
  });

  test('$expr compares missing below null, and documents with the order of their fields', () => {
    const content = [{ a: 1, b: 2 }, { a: null }, { a: { x: 1, y: 2 }, b: { y: 2, x: 1 } }];
    expect(idsOf(content, { $expr: { $lt: ['$a', '$b'] } })).toEqual([0, 2]);
    expect(idsOf(content, { $expr: { $gt: ['$a', '$b'] } })).toEqual([1]);
  });

  test('$jsonSchema checks types, fields, bounds and lists', () => {
    const content = [
      { name: 'a', age: 3, l: [1] },
      { name: 'b', age: -1 },
      { name: 1, age: 5 },
      { age: 1 },
      { name: 'c', l: [1, 1] },
    ];
    const schema = {
      required: ['name'],
      properties: {
        name: { bsonType: 'string' },
        age: { bsonType: ['int', 'double'], minimum: 0, maximum: 5, exclusiveMaximum: true },
        l: { uniqueItems: true, items: { enum: [1, 2] } },
      },
    };
    expect(idsOf(content, { $jsonSchema: schema })).toEqual([0]);
    expect(idsOf(content, { $nor: [{ $jsonSchema: schema }] })).toEqual([1, 2, 3, 4]);
  });

  test.each<[string, Doc, RegExp]>([
    ['an $in without a list', { a: { $in: 1 } }, /\$in needs an array/],
    ['an empty $or', { $or: [] }, /\$or must be a nonempty array/],
    ['a $size of a half', { a: { $size: 0.5 } }, /\$size must be a whole number/],
    ['an unknown type', { a: { $type: 'int64' } }, /Unknown type name alias: int64/],
    ['a $mod by zero', { a: { $mod: [0, 1] } }, /divisor cannot be 0/],
    ['a $not of a value', { a: { $not: 5 } }, /\$not needs a regex or a document/],
    ['a word that a schema does not know', { $jsonSchema: { requird: [] } }, /keyword 'requird'/],
    ['a name that objects inherit', { a: { $constructor: 1 } }, /unknown query operator/],
  ])('with %s is refused', (_name, filter, text) => {
    expect(() => idsOf([{ a: 1 }], filter)).toThrow(text);
  });
});

describe('An order', () => {
  test('takes a list by its least element going up and by its greatest going down, also in a pipeline', () => {
    const content = [{ l: [1, 9] }, { l: [5] }, { l: [] }, {}, { l: 3 }];
    expect(idsOf(content, {}, { l: 1 })).toEqual([2, 3, 0, 4, 1]);
    expect(idsOf(content, {}, { l: -1 })).toEqual([0, 1, 4, 3, 2]);
    expect(pipeline(content, { $sort: { l: -1 } }).map(({ _id }) => _id)).toEqual([0, 1, 4, 3, 2]);
  });

  test('puts texts in the order of their code points, so that emoji come after full-width forms', () => {
    const content = [{ t: '😀' }, { t: '！' }, { t: '中' }, { t: 'a' }];
    expect(idsOf(content, {}, { t: 1 })).toEqual([3, 2, 1, 0]);
    expect(idsOf(content, { t: { $gt: '！' } })).toEqual([0]);
  });
});

describe('A pipeline', () => {
  test('$count of nothing gives nothing, wherever it stands', () => {
    expect(pipeline([{ a: 1 }], { $match: { a: 2 } }, { $count: 'n' })).toEqual([]);
    expect(pipeline([{ a: 1 }], { $match: { a: 2 } }, { $count: 'n' }, { $addFields: { x: 1 } })).toEqual([]);
    expect(pipeline([{ a: 1 }], { $count: 'n' })).toEqual([{ n: 1 }]);
  });

  test('$week counts from Sundays, and the days before the first one are week 0', () => {
    const week = (iso: string) => evaluate({ at: new Date(iso) }, { $week: '$at' });
    expect(week('2019-05-14T09:38:51.686Z')).toBe(19);
    expect(week('2022-01-01T00:00:00Z')).toBe(0);
    expect(week('2022-01-02T00:00:00Z')).toBe(1);
    expect(week('2023-01-01T00:00:00Z')).toBe(1);
    expect(week('2024-12-31T00:00:00Z')).toBe(52);
  });

  test('$indexOfCP counts code points and $indexOfBytes counts bytes', () => {
    expect(evaluate({ t: '😀好a' }, { $indexOfCP: ['$t', 'a'] })).toBe(2);
    expect(evaluate({ t: '😀好a' }, { $indexOfBytes: ['$t', 'a'] })).toBe(7);
    expect(evaluate({ t: 'abcabc' }, { $indexOfCP: ['$t', 'c', 3] })).toBe(5);
    expect(evaluate({ t: 'abcabc' }, { $indexOfCP: ['$t', 'c', 3, 5] })).toBe(-1);
    expect(evaluate({}, { $indexOfCP: ['$t', 'c'] })).toBeNull();
  });

  test('$substr with a negative length takes the rest, and never cuts a character', () => {
    expect(evaluate({ t: '1999/12/12' }, { $substr: ['$t', 8, -1] })).toBe('12');
    expect(evaluate({ t: 'abc' }, { $substrBytes: ['$t', 1, 99] })).toBe('bc');
    expect(evaluate({ t: '中文' }, { $substrBytes: ['$t', 3, 3] })).toBe('文');
    expect(evaluate({}, { $substr: ['$t', 0, 2] })).toBe('');
    expect(() => evaluate({ t: '中文' }, { $substrBytes: ['$t', 1, 3] })).toThrow(/middle of a UTF-8 character/);
  });

  test('compares expressions in the order of all values, with NaN below every number', () => {
    expect(evaluate({ n: NaN }, { $lt: ['$n', -Infinity] })).toBe(true);
    expect(evaluate({}, { $cmp: ['$gone', null] })).toBe(-1);
    expect(evaluate({}, { $gt: ['a', 5] })).toBe(true);
    expect(evaluate({}, { $in: [{ a: 1, b: 2 }, [{ b: 2, a: 1 }]] })).toBe(false);
  });

  test('groups by what is the same to MongoDB, and sums NaN into NaN', () => {
    const content = [
      { k: { a: 1, b: 2 }, n: 1 },
      { k: { b: 2, a: 1 }, n: NaN },
      { k: { a: 1, b: 2 }, n: 3 },
    ];
    const groups = pipeline(content, {
      $group: { _id: '$k', sum: { $sum: '$n' }, least: { $min: '$n' }, all: { $addToSet: '$n' } },
    });
    expect(groups).toEqual([
      { _id: { a: 1, b: 2 }, sum: 4, least: 1, all: [1, 3] },
      { _id: { b: 2, a: 1 }, sum: NaN, least: NaN, all: [NaN] },
    ]);
  });

  test('$unwind takes what is no list for one element, also an empty text', () => {
    const content = [{ v: '' }, { v: [1, 2] }, { v: null }, { v: [] }, {}];
    const unwound = pipeline(content, { $unwind: { path: '$v', includeArrayIndex: 'at' } });
    expect(unwound).toEqual([
      { _id: 0, v: '', at: null },
      { _id: 1, v: 1, at: 0 },
      { _id: 1, v: 2, at: 1 },
    ]);
    const kept = pipeline(content, { $unwind: { path: '$v', preserveNullAndEmptyArrays: true } });
    expect(kept.slice(3)).toEqual([{ _id: 2, v: null }, { _id: 3 }, { _id: 4 }]);
  });
});
