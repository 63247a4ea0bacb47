import { comparisonOf, readFilter, valueAt, type Comparison, type Document, type Filter } from '../index.ts';

/** A predicate for the filter, with the database's rules: values of different types never compare. */
export function matcher(filter: Filter): (document: Document) => boolean {
  const comparisons = readFilter(filter);
  return (document) => comparisons.every(([path, comparison]) => holds(reach(document, path), comparison));
}

// A path through an array reaches into each of its elements, as MongoDB does.
function reach(document: unknown, path: string): unknown {
  const direct = valueAt(document, path);
  if (direct !== undefined || !path.includes('.')) return direct;
  const names = path.split('.');
  for (let cut = names.length - 1; cut > 0; cut -= 1) {
    const list = names.slice(0, cut).reduce<unknown>(valueAt, document);
    if (!Array.isArray(list)) continue;
    const rest = names.slice(cut).join('.');
    const values = list.map((item) => valueAt(item, rest)).filter((value) => value !== undefined);
    return values.length > 0 ? values : undefined;
  }
  return undefined;
}

function holds(value: unknown, comparison: Comparison): boolean {
  switch (comparison.op) {
    case 'absent':
      return value === undefined;
    case 'absentOr':
      return value === undefined || holds(value, comparisonOf(comparison.other));
    case 'all':
      return comparison.others.every((other) => holds(value, comparisonOf(other)));
    case 'ne':
      return !holds(value, { op: 'eq', value: comparison.value });
    case 'nin':
      return !isIn(value, comparison.values);
    case 'in':
      return isIn(value, comparison.values);
    default: {
      const { op } = comparison;
      return candidates(value).some((item) => ordered(item, comparison.value, op));
    }
  }
}

const sets = new WeakMap<readonly unknown[], ReadonlySet<string>>();

// A check asks for a thousand users at once: comparing with each of them would take minutes.
function isIn(value: unknown, values: readonly unknown[]): boolean {
  const set = sets.get(values) ?? new Set(values.map(keyOf));
  sets.set(values, set);
  return candidates(value).some((item) => set.has(keyOf(item)));
}

// Only scalars are asked for, so that one key for all objects equals none of them.
function keyOf(value: unknown): string {
  return value instanceof Date ? `date ${value.getTime()}` : `${typeof value} ${String(value)}`;
}

function candidates(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function ordered(value: unknown, bound: unknown, op: 'eq' | 'lt' | 'lte' | 'gt' | 'gte'): boolean {
  const order = compare(value, bound);
  if (order === undefined) return false;
  if (op === 'eq') return order === 0;
  if (op === 'lt') return order < 0;
  if (op === 'lte') return order <= 0;
  return op === 'gt' ? order > 0 : order >= 0;
}

/** Negative, zero or positive; undefined when the two are not of one comparable type. */
export function compare(a: unknown, b: unknown): number | undefined {
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime();
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  return undefined;
}
