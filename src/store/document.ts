import { invalid } from './invalid.ts';
import type { Document } from './store.ts';

/** The value at a dotted path, or undefined. */
export function valueAt(document: unknown, path: string): unknown {
  if (!path.includes('.')) return ownAt(document, path);
  let value: unknown = document;
  for (const name of path.split('.')) {
    value = ownAt(value, name);
    if (value === undefined) return undefined;
  }
  return value;
}

function ownAt(value: unknown, name: string): unknown {
  const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
  return isThere ? (value as Record<string, unknown>)[name] : undefined;
}

/**
 * Throws `INPUT_INVALID` before anything is sent unless the document has an `_id` of its own (the platform would
 * make one up, and a repetition would be a second record) and its values are literal, as in `assertStorable`.
 */
export function assertDocument(document: Document): void {
  const { _id } = document as { _id?: unknown };
  if (typeof _id !== 'string' || _id === '') {
    throw invalid('a document needs a string `_id`; it is the idempotency key', { type: typeof _id });
  }
  assertStorable(document);
}

/** MongoDB's limit; it also ends the walk through an object that contains itself. */
const MAX_DEPTH = 100;

/**
 * Throws `INPUT_INVALID` for what cannot be stored as it is: a field name that starts with `$`, however deep (on the
 * wire such an object is a type mark, as `{"$date":…}`, or an operator, and another value would be stored), a
 * `bigint`, and what is nested too deep.
 */
export function assertStorable(value: unknown, depth = 0): void {
  if (typeof value === 'bigint')
    throw invalid('a bigint cannot be stored; use a number or a string', { field: undefined });
  if (typeof value !== 'object' || value === null || value instanceof Date) return;
  if (depth > MAX_DEPTH) throw invalid(`a value is nested deeper than ${MAX_DEPTH} levels`, { field: undefined });
  for (const name of Object.keys(value)) {
    if (name.startsWith('$')) throw invalid('a field name starts with "$"', { field: name.slice(0, 80) });
    assertStorable((value as Readonly<Record<string, unknown>>)[name], depth + 1);
  }
}
