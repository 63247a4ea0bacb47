import { isFields, type Fields } from './document.ts';
import { compareBounds, LEAST, MOST } from './index-tree.ts';

/** Values between two bounds, both included; a single value where they are the same. */
export interface Interval {
  readonly low: unknown;
  readonly high: unknown;
}

/** More pieces than this are not worth intersecting: the filter looks at each document anyway. */
const MAX_PIECES = 1_000;

/**
 * Where the values at `path` lie in every document that a condition matches: pieces in ascending order that do not
 * overlap. It may be wider than the condition, never narrower; undefined where the condition does not narrow it.
 */
export function intervalsOf(condition: Fields, path: string): readonly Interval[] | undefined {
  let found = path in condition ? ofOperand(condition[path]) : undefined;
  for (const part of partsOf(condition['$and'])) found = both(found, intervalsOf(part, path));
  if ('$or' in condition) found = both(found, ofAlternatives(partsOf(condition['$or']), path));
  return found;
}

function partsOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) && value.every(isFields) ? value : [];
}

function ofAlternatives(parts: readonly Fields[], path: string): readonly Interval[] | undefined {
  const pieces: Interval[] = [];
  for (const part of parts) {
    const own = intervalsOf(part, path);
    if (own === undefined) return undefined;
    pieces.push(...own);
  }
  return parts.length === 0 ? undefined : merged(pieces);
}

function ofOperand(operand: unknown): readonly Interval[] | undefined {
  if (isComparable(operand)) return [point(operand)];
  if (!isFields(operand)) return undefined;
  let found: readonly Interval[] | undefined;
  for (const [operator, value] of Object.entries(operand)) found = both(found, ofOperator(operator, value));
  return found;
}

function ofOperator(operator: string, value: unknown): readonly Interval[] | undefined {
  if (operator === '$in') {
    return Array.isArray(value) && value.every(isComparable) ? merged(value.map(point)) : undefined;
  }
  if (operator === '$exists') return value === false ? [point(null)] : undefined;
  if (!isComparable(value)) return undefined;
  if (operator === '$eq') return [point(value)];
  if (operator === '$gt' || operator === '$gte') return [{ low: value, high: MOST }];
  if (operator === '$lt' || operator === '$lte') return [{ low: LEAST, high: value }];
  return undefined;
}

/** Values whose place in the order is certain. */
function isComparable(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  return typeof value === 'number' ? !Number.isNaN(value) : value instanceof Date;
}

function point(value: unknown): Interval {
  return { low: value, high: value };
}

/** Whether all of it are single values. */
export function arePoints(pieces: readonly Interval[]): boolean {
  return pieces.every(({ low, high }) => compareBounds(low, high) === 0);
}

function both(a: readonly Interval[] | undefined, b: readonly Interval[] | undefined): readonly Interval[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (a.length * b.length > MAX_PIECES) return a.length < b.length ? a : b;
  return a.flatMap((one) => b.flatMap((other) => overlap(one, other)));
}

function overlap(a: Interval, b: Interval): readonly Interval[] {
  const low = compareBounds(a.low, b.low) > 0 ? a.low : b.low;
  const high = compareBounds(a.high, b.high) < 0 ? a.high : b.high;
  return compareBounds(low, high) > 0 ? [] : [{ low, high }];
}

function merged(pieces: readonly Interval[]): readonly Interval[] {
  const result: Interval[] = [];
  for (const piece of [...pieces].sort((a, b) => compareBounds(a.low, b.low))) {
    const last = result.at(-1);
    if (last === undefined || compareBounds(last.high, piece.low) < 0) result.push(piece);
    else if (compareBounds(last.high, piece.high) < 0) result[result.length - 1] = { low: last.low, high: piece.high };
  }
  return result;
}
