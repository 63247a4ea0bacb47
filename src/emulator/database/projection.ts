import { Query } from 'mingo/query';
import { cloneDeep } from 'mingo/util';
import { isFields, type Fields, type Stored } from './document.ts';
import { ENGINE_OPTIONS, refusing } from './operators.ts';

/** The chosen fields of `documents`; the documents themselves when nothing is chosen. */
export function project(documents: readonly Stored[], projection: Fields | undefined): readonly Fields[] {
  if (projection === undefined || Object.keys(projection).length === 0) return documents;
  const chosen = readInclusion(projection);
  if (chosen) return documents.map((document) => include(document, chosen));
  return refusing(() => {
    // The engine deletes what a projection leaves out, in the documents it is given.
    const copies = documents.map((document) => cloneDeep<Stored>(document));
    return new Query({}, ENGINE_OPTIONS).find<Fields>(copies, projection).all();
  });
}

/** What to keep of an object: a field as a whole, or a part of it. */
type Chosen = Map<string, true | Chosen>;

/**
 * A projection that only names fields to keep, which is what a page of a long walk asks for: the engine would copy
 * every document whole and look for what to delete. Undefined for any other, and where one path leads to another.
 */
function readInclusion(projection: Fields): Chosen | undefined {
  const chosen: Chosen = new Map([['_id', true]]);
  for (const [path, value] of Object.entries(projection)) {
    if ((value !== true && value !== 1) || !/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(path)) return undefined;
    if (path !== '_id' && !choose(chosen, path.split('.'))) return undefined;
  }
  return chosen;
}

function choose(chosen: Chosen, [name = '', ...rest]: readonly string[]): boolean {
  const known = chosen.get(name);
  if (rest.length === 0) {
    if (known !== undefined) return false;
    chosen.set(name, true);
    return true;
  }
  if (known === true) return false;
  const part: Chosen = known ?? new Map<string, true | Chosen>();
  chosen.set(name, part);
  return choose(part, rest);
}

function include(source: Fields, chosen: Chosen): Fields {
  const kept: Fields = {};
  for (const [name, value] of Object.entries(source)) {
    const part = chosen.get(name);
    if (part === true) kept[name] = value;
    else if (part !== undefined) Object.assign(kept, includePart(name, value, part));
  }
  return kept;
}

// Of a list the objects in it are kept in part; what is neither list nor object has no such part.
function includePart(name: string, value: unknown, part: Chosen): Fields {
  if (Array.isArray(value)) return { [name]: value.filter(isFields).map((item) => include(item, part)) };
  return isFields(value) ? { [name]: include(value, part) } : {};
}
