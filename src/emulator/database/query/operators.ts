import { requestFailed } from '../../cloud-error.ts';
import type { Test } from '../paths.ts';
import { compareValues, isSame, rankOf } from '../values.ts';

/** Refuses a filter that MongoDB would not accept. */
export function badFilter(message: string): Error {
  return requestFailed(`[FailedOperation] ${message}`);
}

/** Equality: null also means missing, and a list equals itself or has the value as an element. */
export function equals(operand: unknown): Test {
  if (operand === null || operand === undefined) return (value) => value === null || value === undefined;
  if (typeof operand === 'string' || typeof operand === 'boolean') return (value) => value === operand;
  return (value) => isSame(value, operand);
}

/** One of several values; patterns match texts. */
export function isIn(operand: unknown): Test {
  if (!Array.isArray(operand)) throw badFilter('$in needs an array');
  const list: readonly unknown[] = operand;
  // Looked up rather than compared one by one: a check asks for a thousand ids at once.
  const plain = new Set(list.filter(isPlain));
  const others = list
    .filter((item) => !isPlain(item))
    .map((item) => (item instanceof RegExp ? matches(item) : equals(item)));
  return (value) => (isPlain(value) ? plain.has(value) : false) || others.some((test) => test(value));
}

function isPlain(value: unknown): boolean {
  return typeof value === 'string' || (typeof value === 'number' && !Number.isNaN(value));
}

/** `$gt` and its like compare within one type; null is comparable with null and missing, NaN with NaN. */
export function comparison(operand: unknown, accepts: (difference: number) => boolean): Test {
  const orEqual = accepts(0);
  if (operand === null || operand === undefined) return orEqual ? equals(null) : () => false;
  if (Number.isNaN(operand)) return (value) => orEqual && Number.isNaN(value);
  const rank = rankOf(operand);
  // The two ends of the order are comparable with everything.
  if (rank === -1 || rank === 127) return (value) => accepts(compareValues(value, operand));
  return (value) => rankOf(value) === rank && !Number.isNaN(value) && accepts(compareValues(value, operand));
}

/** A pattern, for texts; it also equals itself. */
export function matches(operand: unknown): Test {
  if (!(operand instanceof RegExp)) throw badFilter('$regex has to be a string');
  return (value) =>
    typeof value === 'string' ? operand.test(value) : value instanceof RegExp && isSame(value, operand);
}

export function modulo(operand: unknown): Test {
  const [divisor, rest] = Array.isArray(operand) ? operand.map(Number) : [];
  if (divisor === undefined || rest === undefined || Number.isNaN(divisor + rest)) {
    throw badFilter('malformed mod, needs a list of two numbers');
  }
  if (Math.trunc(divisor) === 0) throw badFilter('divisor cannot be 0');
  return (value) =>
    typeof value === 'number' && Number.isFinite(value) && Math.trunc(value) % Math.trunc(divisor) === Math.trunc(rest);
}

export function hasSize(operand: unknown): Test {
  if (!isWhole(operand)) throw badFilter('$size must be a whole number');
  return (value) => Array.isArray(value) && value.length === operand;
}

/** `$bitsAllSet` and its like: `accepts` is told which bits of the mask are set. */
export function bits(operand: unknown, accepts: (set: bigint, mask: bigint) => boolean): Test {
  const numbers: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  if (!numbers.every(isWhole)) throw badFilter('bits are given by a whole number or a list of places');
  const mask = Array.isArray(operand)
    ? numbers.reduce<bigint>((all, place) => all | (1n << BigInt(Math.min(place, 63))), 0n)
    : BigInt(operand as number);
  return (value) => Number.isInteger(value) && accepts(BigInt(value as number) & mask, mask);
}

function isWhole(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}
