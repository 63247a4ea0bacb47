import { isFields, type Fields } from './document.ts';

/**
 * The place of a value's type in MongoDB's order of all values. Missing (undefined) comes before null.
 * Source: "Comparison/Sort Order" in MongoDB's manual, and `canonicalizeBSONType` in its sources.
 */
export function rankOf(value: unknown): number {
  switch (typeof value) {
    case 'undefined':
      return 0;
    case 'number':
      return 10;
    case 'string':
      return 15;
    case 'boolean':
      return 40;
    case 'object':
      return rankOfObject(value);
    default:
      return 100;
  }
}

const BSON_RANKS: Readonly<Record<string, number>> = {
  MinKey: -1,
  Decimal128: 10,
  Binary: 30,
  ObjectID: 35,
  ObjectId: 35,
  Timestamp: 47,
  MaxKey: 127,
};

function rankOfObject(value: object | null): number {
  if (value === null) return 5;
  if (Array.isArray(value)) return 25;
  if (isFields(value)) return 20;
  if (value instanceof Date) return 45;
  if (value instanceof RegExp) return 50;
  return BSON_RANKS[bsonType(value)] ?? 100;
}

function bsonType(value: object): string {
  const type: unknown = Reflect.get(value, '_bsontype');
  return typeof type === 'string' ? type : '';
}

/** MongoDB's order of values: negative, zero or positive. NaN is the least number and equal to itself. */
export function compareValues(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  if (typeof a === 'number' && typeof b === 'number') return compareNumbers(a, b);
  return rankOf(a) - rankOf(b) || compareAlike(a, b);
}

/** Whether two values are the same to MongoDB: the order of fields counts, the kind of number does not. */
export function isSame(a: unknown, b: unknown): boolean {
  return compareValues(a, b) === 0;
}

/** Two values of one rank. */
function compareAlike(a: unknown, b: unknown): number {
  if (Array.isArray(a) && Array.isArray(b)) return compareLists(a, b);
  if (isFields(a) && isFields(b)) return compareFields(a, b);
  if (a instanceof Date && b instanceof Date) return compareNumbers(a.getTime(), b.getTime());
  if (typeof a === 'boolean') return a === b ? 0 : a ? 1 : -1;
  if (rankOf(a) === 10) return compareNumbers(Number(String(a)), Number(String(b)));
  // Patterns and what is rare: any order will do, as long as it is one.
  return compareTexts(textOf(a), textOf(b));
}

function textOf(value: unknown): string {
  return value instanceof RegExp ? `${value.source}/${value.flags}` : JSON.stringify(value);
}

function compareNumbers(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(Number.isNaN(b)) - Number(Number.isNaN(a));
}

/** By code points, as UTF-8 sorts; JavaScript's own order puts surrogates, so every emoji, before U+E000. */
function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let place = 0; place < length; place += 1) {
    const one = a.charCodeAt(place);
    const other = b.charCodeAt(place);
    if (one !== other) return beyondBmp(one) - beyondBmp(other);
  }
  return a.length - b.length;
}

function beyondBmp(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

function compareLists(a: readonly unknown[], b: readonly unknown[]): number {
  const length = Math.min(a.length, b.length);
  for (let place = 0; place < length; place += 1) {
    const difference = compareValues(a[place], b[place]);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Field by field as they are written: the type of the value, then the name, then the value. */
function compareFields(a: Fields, b: Fields): number {
  const names = Object.keys(a);
  const others = Object.keys(b);
  const length = Math.min(names.length, others.length);
  for (let place = 0; place < length; place += 1) {
    const [name = '', other = ''] = [names[place], others[place]];
    const [value, otherValue] = [a[name], b[other]];
    const difference =
      rankOf(value) - rankOf(otherValue) || compareTexts(name, other) || compareValues(value, otherValue);
    if (difference !== 0) return difference;
  }
  return names.length - others.length;
}
