import { canonicalJson, DurableError } from '../../core/index.ts';
import { valueAt, type Change, type Document } from '../index.ts';

type Mutable = Record<string, unknown>;

/** The document after the change, or the same object when nothing differs. Throws `STORE_REJECTED` as MongoDB would. */
export function changed(document: Document, change: Change): Document {
  const copy = structuredClone(document) as Mutable;
  for (const [path, value] of Object.entries(change.set ?? {})) put(copy, path, structuredClone(value));
  for (const [path, by] of Object.entries(change.inc ?? {})) increment(copy, path, by);
  for (const [path, value] of Object.entries(change.push ?? {})) append(copy, path, structuredClone(value));
  for (const path of change.unset ?? []) drop(copy, path);
  return canonicalJson(copy) === canonicalJson(document) ? document : (copy as Document);
}

function parentOf(document: Mutable, path: string): readonly [parent: Mutable, name: string] {
  const names = path.split('.');
  const name = names.pop() as string;
  let parent = document;
  for (const step of names) {
    const next = Object.hasOwn(parent, step) ? parent[step] : (parent[step] = {});
    if (typeof next !== 'object' || next === null || next instanceof Date)
      throw rejected(path, 'a parent is no object');
    parent = next as Mutable;
  }
  return [parent, name];
}

function put(document: Mutable, path: string, value: unknown): void {
  const [parent, name] = parentOf(document, path);
  parent[name] = value;
}

function increment(document: Mutable, path: string, by: number): void {
  const before = valueAt(document, path);
  if (before !== undefined && typeof before !== 'number') throw rejected(path, 'cannot increment what is no number');
  put(document, path, (before ?? 0) + by);
}

function append(document: Mutable, path: string, value: unknown): void {
  const before = valueAt(document, path);
  if (before !== undefined && !Array.isArray(before)) throw rejected(path, 'cannot push to what is no array');
  put(document, path, [...((before as unknown[] | undefined) ?? []), value]);
}

function drop(document: Mutable, path: string): void {
  if (valueAt(document, path) === undefined) return;
  const [parent, name] = parentOf(document, path);
  delete parent[name];
}

function rejected(path: string, why: string): DurableError {
  return new DurableError('STORE_REJECTED', `the database refused the update: ${why}`, { details: { path } });
}
