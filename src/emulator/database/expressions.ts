import { Context, evalExpr } from 'mingo/core';
import * as engine from 'mingo/operators/expression';
import * as query from 'mingo/operators/query';
import { Query } from 'mingo/query';
import type { Any, AnyObject, Options } from 'mingo/types';
import { requestFailed } from '../cloud-error.ts';
import { accumulator } from './accumulators.ts';
import type { Test } from './paths.ts';
import { compareValues, isSame } from './values.ts';

type Expression = (document: Any, operand: Any, options: Options) => Any;

/** The engine's expressions, with our own where it differs from MongoDB. */
const own: Readonly<Record<string, Expression>> = {
  $eq: comparing((difference) => difference === 0),
  $ne: comparing((difference) => difference !== 0),
  $gt: comparing((difference) => difference > 0),
  $gte: comparing((difference) => difference >= 0),
  $lt: comparing((difference) => difference < 0),
  $lte: comparing((difference) => difference <= 0),
  $cmp: (document, operand, options) => Math.sign(difference(document, operand, options)),
  $in: isIn,
  $week: weekOfYear,
  $indexOfCP: indexOf('$indexOfCP', (text) => [...text]),
  $indexOfBytes: indexOf('$indexOfBytes', (text) => Buffer.from(text).toString('latin1').split('')),
  $substr: substrBytes,
  $substrBytes: substrBytes,
};

export const expression = { ...engine, ...own };

/** What `$expr` runs with. */
const OPTIONS = {
  context: Context.init({ accumulator, expression, query: { $expr: query.$expr } }),
  scriptEnabled: false,
};

/** `$expr`: an expression that must be true of a document. */
export function expressionTest(operand: unknown): Test {
  const compiled = new Query({ $expr: operand }, OPTIONS);
  return (document) => compiled.test(document as Record<string, Any>);
}

function comparing(accepts: (difference: number) => boolean): Expression {
  return (document, operand, options) => accepts(difference(document, operand, options));
}

function difference(document: Any, operand: Any, options: Options): number {
  const [a, b] = argumentsOf(document, operand, options);
  return compareValues(a, b);
}

function isIn(document: Any, operand: Any, options: Options): boolean {
  const [value, list] = argumentsOf(document, operand, options);
  if (!Array.isArray(list)) throw refused('$in requires an array as a second argument');
  return list.some((item) => isSame(item, value));
}

/** Weeks begin on Sundays, and week 1 is that of the first Sunday; the days before it are week 0. */
function weekOfYear(document: Any, operand: Any, options: Options): unknown {
  const dayOfWeek = engine.$dayOfWeek(document as AnyObject, operand, options) as number | null;
  const dayOfYear = engine.$dayOfYear(document as AnyObject, operand, options) as number | null;
  return dayOfWeek === null || dayOfYear === null ? null : Math.floor((dayOfYear - dayOfWeek + 7) / 7);
}

/** `[text, part, start, end]`, counted in units: bytes or code points. */
function indexOf(name: string, unitsOf: (text: string) => string[]): Expression {
  return (document, operand, options) => {
    const [text, part, start = 0, end] = argumentsOf(document, operand, options);
    if (text === null || text === undefined) return null;
    if (typeof text !== 'string' || typeof part !== 'string') throw refused(`${name} requires strings`);
    const units = unitsOf(text);
    const wanted = unitsOf(part);
    const last = Math.min(placeOf(name, end ?? units.length), units.length) - wanted.length;
    for (let place = placeOf(name, start); place <= last; place += 1) {
      if (wanted.every((unit, offset) => unit === units[place + offset])) return place;
    }
    return -1;
  };
}

function placeOf(name: string, value: unknown): number {
  if (Number.isInteger(value) && (value as number) >= 0) return value as number;
  throw refused(`${name} requires a nonnegative integer for its bounds, found ${String(value)}`);
}

/** `[text, start, length]` in bytes; a negative length means the rest. */
function substrBytes(document: Any, operand: Any, options: Options): string {
  const [text, start, length] = argumentsOf(document, operand, options);
  if (typeof start !== 'number' || typeof length !== 'number') throw refused('$substrBytes: Invalid range');
  const bytes = Buffer.from(asText(text));
  const from = Math.trunc(start);
  // A negative start leaves nothing, as in MongoDB before it became an error.
  if (from < 0 || from >= bytes.length) return '';
  const to = length < 0 ? bytes.length : Math.min(from + Math.trunc(length), bytes.length);
  if (isContinuation(bytes[from]) || isContinuation(bytes[to])) {
    throw refused('$substrBytes: Invalid range, starts or ends in the middle of a UTF-8 character.');
  }
  return bytes.subarray(from, to).toString();
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** Numbers and dates are taken as the text they are shown as; nothing is an empty text. */
function asText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw refused('$substrBytes requires a string, number or date');
}

function argumentsOf(document: Any, operand: Any, options: Options): readonly unknown[] {
  const values: unknown = evalExpr(document, operand, options);
  if (Array.isArray(values)) return values;
  throw refused('an expression needs a list of arguments');
}

function refused(message: string): Error {
  return requestFailed(`[FailedOperation] ${message}`);
}
