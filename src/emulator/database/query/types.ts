import { requestFailed } from '../../cloud-error.ts';
import { isFields } from '../document.ts';
import type { Test } from '../paths.ts';

const MAX_INT = 2 ** 31;

/** The SDK writes every number in the narrowest of the three types that holds it; so is a number's type known here. */
function isInt(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= -MAX_INT && (value as number) < MAX_INT;
}

function isLong(value: unknown): boolean {
  return Number.isInteger(value) && !isInt(value) && Math.abs(value as number) < 1e20;
}

function isBson(...types: readonly string[]): Test {
  return (value) =>
    typeof value === 'object' && value !== null && types.includes(String(Reflect.get(value, '_bsontype')));
}

/** `$type` by name; the numbers are MongoDB's. */
const TYPES: readonly (readonly [name: string, code: number, test: Test])[] = [
  ['double', 1, (value) => typeof value === 'number' && !isInt(value) && !isLong(value)],
  ['string', 2, (value) => typeof value === 'string'],
  ['object', 3, isFields],
  ['array', 4, Array.isArray],
  ['binData', 5, isBson('Binary')],
  ['objectId', 7, isBson('ObjectId', 'ObjectID')],
  ['bool', 8, (value) => typeof value === 'boolean'],
  ['date', 9, (value) => value instanceof Date],
  ['null', 10, (value) => value === null],
  ['regex', 11, (value) => value instanceof RegExp],
  ['int', 16, isInt],
  ['timestamp', 17, isBson('Timestamp')],
  ['long', 18, isLong],
  ['decimal', 19, isBson('Decimal128')],
  ['minKey', -1, isBson('MinKey')],
  ['maxKey', 127, isBson('MaxKey')],
];

const isDecimal = isBson('Decimal128');

/** The test for one of MongoDB's types, given by name or by number. */
export function typeTest(type: unknown): Test {
  if (type === 'number') return (value) => typeof value === 'number' || isDecimal(value);
  const found = TYPES.find(([name, code]) => type === name || type === code);
  if (found) return found[2];
  throw requestFailed(`[FailedOperation] Unknown type name alias: ${String(type)}`);
}
