import type { DurableError } from '../core/index.ts';
import { invalid } from './invalid.ts';

type Scalar = string | number | boolean | Date;

export type Comparison =
  | { readonly op: 'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte'; readonly value: Scalar }
  | { readonly op: 'in' | 'nin'; readonly values: readonly Scalar[] }
  | { readonly op: 'absent' }
  | { readonly op: 'absentOr'; readonly other: Condition }
  | { readonly op: 'all'; readonly others: readonly Condition[] };

const BRAND = Symbol.for('wx-durable.condition');

/** A comparison made by `is`. Its brand is a symbol, which no JSON from outside can carry. */
export interface Condition {
  readonly [BRAND]: Comparison;
}

/** A filter: every field must satisfy its value (equality) or its condition. Paths are dotted. */
export type Filter = Readonly<Record<string, Scalar | Condition>>;

function condition(comparison: Comparison): Condition {
  return Object.freeze({ [BRAND]: comparison });
}

/** The only way to ask for anything but equality. */
export const is = {
  not: (value: Scalar) => condition({ op: 'ne', value }),
  below: (value: Scalar) => condition({ op: 'lt', value }),
  atMost: (value: Scalar) => condition({ op: 'lte', value }),
  above: (value: Scalar) => condition({ op: 'gt', value }),
  atLeast: (value: Scalar) => condition({ op: 'gte', value }),
  oneOf: (values: readonly Scalar[]) => condition({ op: 'in', values: [...values] }),
  noneOf: (values: readonly Scalar[]) => condition({ op: 'nin', values: [...values] }),
  absent: () => condition({ op: 'absent' }),
  absentOr: (other: Condition) => condition({ op: 'absentOr', other }),
  /** Several conditions on one field: a range, or a range with exceptions. */
  all: (others: readonly Condition[]) => condition({ op: 'all', others: [...others] }),
} as const;

/**
 * The comparisons of a filter, each value proven literal. Throws `INPUT_INVALID` before anything is sent for
 * `undefined` (the SDK would silently drop the field and widen the query), `null` (it would also match
 * absent fields: say `is.absent()`), any object that is not one of ours (an operator from outside), and any
 * path that is not plain names joined by dots.
 */
export function readFilter(filter: Filter): readonly (readonly [path: string, comparison: Comparison])[] {
  return Object.entries(filter).map(([path, value]) => {
    assertPath(path);
    const comparison: Comparison = isCondition(value) ? value[BRAND] : { op: 'eq', value };
    assertLiteral(path, comparison);
    return [path, comparison] as const;
  });
}

/** The comparison behind a condition. */
export function comparisonOf(value: Condition): Comparison {
  return value[BRAND];
}

const PATH = /^[A-Za-z_][\w-]*(\.[\w-]+)*$/;

/** Throws `INPUT_INVALID` unless `path` is plain field names joined by dots. */
export function assertPath(path: string): void {
  if (PATH.test(path) && !(path.includes('__proto__') && path.split('.').includes('__proto__'))) return;
  throw invalid('a field path must be plain names joined by dots', { path: path.slice(0, 80) });
}

function isCondition(value: unknown): value is Condition {
  return typeof value === 'object' && value !== null && BRAND in value;
}

function assertLiteral(path: string, comparison: Comparison): void {
  if (comparison.op === 'absent') return;
  if (comparison.op === 'absentOr') return assertCondition(path, comparison.other);
  if (comparison.op === 'all') {
    // The SDK sends an empty list as it is, and the database refuses it.
    if (comparison.others.length === 0) throw notLiteral(path, undefined);
    return comparison.others.forEach((other) => assertCondition(path, other));
  }
  const values: readonly unknown[] = 'values' in comparison ? comparison.values : [comparison.value];
  if (!values.every(isScalar))
    throw notLiteral(
      path,
      values.find((value) => !isScalar(value)),
    );
}

// From plain JavaScript anything can be handed over; what is no condition holds no comparison.
function assertCondition(path: string, other: unknown): void {
  if (!isCondition(other)) throw notLiteral(path, other);
  assertLiteral(path, comparisonOf(other));
}

function notLiteral(path: string, value: unknown): DurableError {
  const shown = value === null ? 'null' : typeof value;
  return invalid(`the filter on "${path}" is not a literal value (${shown}); use \`is\``, { path, type: shown });
}

/** Whether a value is one that the database compares as it stands. */
export function isScalar(value: unknown): value is Scalar {
  if (value instanceof Date) return !Number.isNaN(value.getTime());
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value === 'string' || typeof value === 'boolean';
}
