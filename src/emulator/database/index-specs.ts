import { invalidParam, writeFailed, type CloudError } from '../cloud-error.ts';
import type { Collection } from './collection.ts';
import { isFields, type Fields, type Stored } from './document.ts';
import { encodeText } from './ejson.ts';
import { keyOf, type IndexSpec } from './index-tree.ts';
import { isSame } from './values.ts';

/** The platform's limit of indexes in one collection, and of fields in one index. */
const MAX_INDEXES = 100;
const MAX_KEYS = 31;

/**
 * Reads `[{ "keys": { "userId": 1, "createdAt": -1 }, "unique": false, "name": "…" }]`; all but `keys` may be
 * left out. Throws `INVALID_PARAM` for what no index can be.
 */
export function readIndexes(value: unknown): readonly IndexSpec[] {
  if (!Array.isArray(value)) throw invalidParam('indexes must be a list');
  if (value.length > MAX_INDEXES) throw invalidParam(`a collection has at most ${MAX_INDEXES} indexes`);
  const specs = value.map(readIndex);
  if (new Set(specs.map(({ name }) => name)).size === specs.length) return specs;
  throw invalidParam('two indexes have the same name');
}

function readIndex(value: unknown): IndexSpec {
  const { keys, unique = false, name } = isFields(value) ? value : {};
  const pairs = isFields(keys) ? Object.entries(keys) : [];
  if (pairs.length === 0 || pairs.length > MAX_KEYS) throw invalidParam(`an index has 1 to ${MAX_KEYS} keys`);
  if (typeof unique !== 'boolean') throw invalidParam('unique must be true or false');
  const fallback = pairs.map(([path, direction]) => `${path}_${String(direction)}`).join('_');
  return { name: typeof name === 'string' ? name : fallback, unique, keys: pairs.map(readKey) };
}

function readKey([path, direction]: [string, unknown]): readonly [string, 1 | -1] {
  if (path !== '' && (direction === 1 || direction === -1)) return [path, direction];
  throw invalidParam(`the key "${path}" must be 1 (ascending) or -1 (descending)`);
}

/** How an index is declared and journalled. */
export function writeIndexes(specs: readonly IndexSpec[]): Fields {
  return { indexes: specs.map(({ name, keys, unique }) => ({ name, keys: Object.fromEntries(keys), unique })) };
}

/** Refuses a document whose keys in a unique index are another's: one that is stored, or one of `pending`. */
export function assertUnique(
  name: string,
  collection: Collection,
  { document, pending }: { readonly document: Stored; readonly pending: readonly Stored[] },
): void {
  for (const spec of collection.indexes) {
    if (!spec.unique) continue;
    const keys = keyOf(spec, document).slice(0, -1);
    const isTwin = (other: Stored): boolean => other._id !== document._id && areSame(keys, keyOf(spec, other));
    const moved = new Set(pending.map(({ _id: id }) => id));
    const stored = [...collection.withKeys(spec, keys)];
    if (pending.some(isTwin) || stored.some((other) => !moved.has(other._id) && isTwin(other))) {
      throw duplicate(name, spec, keys);
    }
  }
}

/** Refuses documents of which two have the same keys in a unique index. */
export function assertNoTwins(name: string, documents: Iterable<Stored>, specs: readonly IndexSpec[]): void {
  const unique = specs.filter((spec) => spec.unique).map((spec) => ({ spec, seen: new Set<string>() }));
  if (unique.length === 0) return;
  for (const document of documents) {
    for (const { spec, seen } of unique) {
      const keys = keyOf(spec, document).slice(0, -1);
      const text = encodeText(keys);
      if (seen.has(text)) throw duplicate(name, spec, keys);
      seen.add(text);
    }
  }
}

function areSame(keys: readonly unknown[], others: readonly unknown[]): boolean {
  return keys.every((key, place) => isSame(key, others[place]));
}

function duplicate(name: string, spec: IndexSpec, keys: readonly unknown[]): CloudError {
  const values = Object.fromEntries(spec.keys.map(([path], place) => [path, keys[place]]));
  const text = `E11000 duplicate key error collection: emu-env.${name} index: ${spec.name} dup key: ${encodeText(values)}`;
  return writeFailed(text, 'FailedOperation.Insert');
}
