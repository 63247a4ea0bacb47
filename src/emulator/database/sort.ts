import { compare, resolve } from 'mingo/util';
import { requestFailed } from '../cloud-error.ts';
import type { Fields, Stored } from './document.ts';

interface SortField {
  readonly path: string;
  readonly direction: 1 | -1;
}

/** `documents` in the order asked for: keys of `order` in sequence, 1 ascending and -1 descending; ties stay as they were. */
export function sortDocuments(documents: Stored[], order: Fields): Stored[] {
  const fields = Object.entries(order).map(([path, direction]) => asSortField(path, direction));
  if (fields.length === 0) return documents;
  // Keys are taken once per document, not once per comparison.
  const keyed = documents.map((document) => ({ document, keys: fields.map((field) => sortKey(document, field)) }));
  keyed.sort((a, b) => compareKeys(a.keys, b.keys, fields));
  return keyed.map(({ document }) => document);
}

function asSortField(path: string, direction: unknown): SortField {
  if (direction === 1 || direction === -1) return { path, direction };
  throw requestFailed(`[FailedOperation] Illegal key in sort specification: ${path}: ${JSON.stringify(direction)}`);
}

/** As MongoDB: a missing field sorts as null, an array by its least or, descending, its greatest element. */
function sortKey(document: Stored, { path, direction }: SortField): unknown {
  const value: unknown = resolve(document, path) ?? null;
  if (!Array.isArray(value)) return value;
  if (value.length === 0) return undefined;
  return value.reduce((best: unknown, item: unknown) => (compare(item, best) * direction < 0 ? item : best));
}

function compareKeys(a: readonly unknown[], b: readonly unknown[], fields: readonly SortField[]): number {
  for (const [index, { direction }] of fields.entries()) {
    const difference = compare(a[index], b[index]);
    if (difference !== 0) return difference * direction;
  }
  return 0;
}
