import { canonicalJson, DurableError } from '../../core/index.ts';
import { valueAt, type Change, type Document } from '../index.ts';
import { frozenCopy, put } from './copy.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The document after the change, frozen, or the same object when nothing differs; what did not change is shared with it.
 * Throws `STORE_REJECTED` as MongoDB would.
 */
export function changed(document: Document, { set = {}, inc = {}, push = {}, unset = [] }: Change): Document {
  const draft = createDraft(document);
  for (const [path, value] of Object.entries(set)) draft.set(path, frozenCopy(value));
  for (const [path, by] of Object.entries(inc)) draft.set(path, numberAt(document, path) + by);
  for (const [path, value] of Object.entries(push)) {
    draft.set(path, Object.freeze([...listAt(document, path), frozenCopy(value)]));
  }
  for (const path of unset) draft.unset(path);
  return draft.end();
}

/** The document with these fields only, frozen. */
export function projected(document: Document, paths: readonly string[]): Document {
  const draft = createDraft({} as Document);
  for (const path of paths) {
    const value = valueAt(document, path);
    if (value !== undefined) draft.set(path, value);
  }
  return draft.end();
}

/** A document under change: what is on the way to a changed field is copied once, and all else is shared. */
function createDraft(document: Document) {
  const fresh = new Set<Fields>();
  const owned = (object: Fields): Record<string, unknown> => {
    if (fresh.has(object)) return object;
    const copy = shallow(object);
    fresh.add(copy);
    return copy;
  };
  let root: Fields = document;
  const parentOf = (path: string, names: readonly string[]): Record<string, unknown> => {
    let parent = owned(root);
    root = parent;
    for (const name of names) {
      const next = owned(parentAt(parent, name, path));
      put(parent, name, next);
      parent = next;
    }
    return parent;
  };
  const parted = (path: string) => {
    const names = path.split('.');
    const name = names.pop() as string;
    return { name, parent: parentOf(path, names) };
  };
  return {
    set(path: string, value: unknown): void {
      if (isSame(valueAt(root, path), value)) return;
      const { parent, name } = parted(path);
      put(parent, name, value);
    },
    unset(path: string): void {
      if (valueAt(root, path) === undefined) return;
      const { parent, name } = parted(path);
      delete parent[name];
    },
    end(): Document {
      for (const object of fresh) Object.freeze(object);
      return root as Document;
    },
  };
}

function isSame(before: unknown, value: unknown): boolean {
  if (before === value) return true;
  const areObjects = typeof before === 'object' && typeof value === 'object';
  return areObjects && canonicalJson(before) === canonicalJson(value);
}

function shallow(object: Fields): Record<string, unknown> {
  // An element of a list is reached by its number, as in MongoDB.
  return (Array.isArray(object) ? [...(object as readonly unknown[])] : { ...object }) as Record<string, unknown>;
}

function parentAt(object: Fields, name: string, path: string): Fields {
  const next = Object.hasOwn(object, name) ? object[name] : {};
  if (typeof next !== 'object' || next === null || next instanceof Date) throw rejected(path, 'a parent is no object');
  return next as Fields;
}

function numberAt(document: Fields, path: string): number {
  const before = valueAt(document, path);
  if (before !== undefined && typeof before !== 'number') throw rejected(path, 'cannot increment what is no number');
  return before ?? 0;
}

function listAt(document: Fields, path: string): readonly unknown[] {
  const before = valueAt(document, path);
  if (before !== undefined && !Array.isArray(before)) throw rejected(path, 'cannot push to what is no array');
  return before ?? [];
}

function rejected(path: string, why: string): DurableError {
  return new DurableError('STORE_REJECTED', `the database refused the update: ${why}`, { details: { path } });
}
