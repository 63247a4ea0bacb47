import { canonicalJson, DurableError } from '../../core/index.ts';
import { valueAt, type Change, type Document } from '../index.ts';
import { copyOf, put } from './copy.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The document after the change, or the same object when nothing differs; what did not change is shared with it. Throws
 * `STORE_REJECTED` as MongoDB would.
 */
export function changed(document: Document, { set = {}, inc = {}, push = {}, unset = [] }: Change): Document {
  let after: Fields = document;
  for (const [path, value] of Object.entries(set)) after = withValue(after, path, copyOf(value));
  for (const [path, by] of Object.entries(inc)) after = withValue(after, path, numberAt(document, path) + by);
  for (const [path, value] of Object.entries(push)) {
    after = withValue(after, path, [...listAt(document, path), copyOf(value)]);
  }
  for (const path of unset)
    if (valueAt(after, path) !== undefined) after = changedAt(after, { path, names: namesIn(path) });
  return after as Document;
}

const namesIn = (path: string): readonly string[] => path.split('.');

function withValue(document: Fields, path: string, value: unknown): Fields {
  return isSame(valueAt(document, path), value) ? document : changedAt(document, { path, names: namesIn(path), value });
}

function isSame(before: unknown, value: unknown): boolean {
  if (before === value) return true;
  const areObjects = typeof before === 'object' && typeof value === 'object';
  return areObjects && canonicalJson(before) === canonicalJson(value);
}

interface Setting {
  readonly path: string;
  readonly names: readonly string[];
  /** Absent: the field goes. */
  readonly value?: unknown;
}

/** A copy of the object with another value at the end of the names. */
function changedAt(object: Fields, setting: Setting): Fields {
  const [name = '', ...rest] = setting.names;
  const copy = shallow(object);
  if (rest.length > 0) put(copy, name, changedAt(parentAt(object, name, setting.path), { ...setting, names: rest }));
  else if ('value' in setting) put(copy, name, setting.value);
  else delete copy[name];
  return copy;
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
