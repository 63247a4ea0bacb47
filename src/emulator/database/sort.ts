import { requestFailed } from '../cloud-error.ts';
import { isFields, type Fields } from './document.ts';
import { own, pathOf, someAt, type Path } from './paths.ts';
import { compareValues } from './values.ts';

interface SortField {
  readonly path: Path;
  readonly direction: 1 | -1;
}

/** `documents` in the order asked for: keys of `order` in sequence, 1 ascending and -1 descending; ties stay as they were. */
export function sortDocuments<T>(documents: T[], order: Fields): T[] {
  const fields = Object.entries(order).map(([path, direction]) => asSortField(path, direction));
  if (fields.length === 0) return documents;
  // Keys are taken once per document, not once per comparison.
  const keyed = documents.map((document) => ({ document, keys: fields.map((field) => sortKey(document, field)) }));
  keyed.sort((a, b) => compareKeys(a.keys, b.keys, fields));
  return keyed.map(({ document }) => document);
}

function asSortField(dotted: string, direction: unknown): SortField {
  if (direction === 1 || direction === -1) return { path: pathOf(dotted), direction };
  throw requestFailed(`[FailedOperation] Illegal key in sort specification: ${dotted}: ${JSON.stringify(direction)}`);
}

/** As MongoDB: a missing field sorts as null, a list by its least or, descending, its greatest element. */
function sortKey(document: unknown, { path, direction }: SortField): unknown {
  if (path.length === 1 && isFields(document)) {
    const value = own(document, path[0] ?? '');
    if (!Array.isArray(value)) return value ?? null;
  }
  const values: unknown[] = [];
  someAt(
    document,
    path,
    (value) => {
      // An empty list comes before everything, so before null.
      if (Array.isArray(value)) values.push(...(value.length === 0 ? [undefined] : (value as unknown[])));
      else values.push(value ?? null);
      return false;
    },
    'whole',
  );
  if (values.length === 0) return null;
  return values.reduce((best, item) => (compareValues(item, best) * direction < 0 ? item : best));
}

function compareKeys(a: readonly unknown[], b: readonly unknown[], fields: readonly SortField[]): number {
  for (const [index, { direction }] of fields.entries()) {
    const difference = compareValues(a[index], b[index]);
    if (difference !== 0) return difference * direction;
  }
  return 0;
}
