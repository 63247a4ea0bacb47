/** Plain data as it is stored: JSON plus `Date`. */
export type Plain =
  null | boolean | number | string | Date | readonly Plain[] | { readonly [key: string]: Plain | undefined };

/**
 * One text for one content: keys sorted, `undefined` dropped as the database drops it, and dates marked
 * (`{"$date":ms}`) so that a `Date` and a number never look alike. Used for payload hashes, message
 * authentication codes and comparisons; `parseCanonical` is its inverse.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(canonical(value));
}

/** Reads what `canonicalJson` wrote, with its dates as `Date` again. */
export function parseCanonical(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) => (isDateMark(value) ? new Date(value.$date) : value));
}

function canonical(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return { $date: value.getTime() };
  if (Array.isArray(value)) return value.map((item) => (item === undefined ? null : canonical(item)));
  // A null prototype keeps a key named "__proto__" an ordinary key; without need it costs as much as all the rest.
  const sorted = (Object.hasOwn(value, '__proto__') ? Object.create(null) : {}) as Record<string, unknown>;
  for (const key of Object.keys(value).sort()) {
    const item = (value as Readonly<Record<string, unknown>>)[key];
    if (item !== undefined) sorted[key] = canonical(item);
  }
  return sorted;
}

function isDateMark(value: unknown): value is { $date: number } {
  if (typeof value !== 'object' || value === null) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && keys[0] === '$date' && typeof (value as { $date: unknown }).$date === 'number';
}
