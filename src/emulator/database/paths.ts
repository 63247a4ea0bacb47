import { isFields } from './document.ts';

/** `a.b.c` in its parts. */
export type Path = readonly string[];

/** Looks at one value; undefined stands for a field that is not there. */
export type Test = (value: unknown) => boolean;

/** `each`: of a list at the end of the path every element and the list itself; `whole`: the list alone. */
type Lists = 'each' | 'whole';

/** The parts of a dotted path. */
export function pathOf(dotted: string): Path {
  return dotted.split('.');
}

/** Whether a part of a path can name an element of a list. */
export function isPlace(part: string): boolean {
  return /^(0|[1-9]\d*)$/.test(part);
}

/**
 * Whether some value at a path passes, walked as MongoDB walks it: through every embedded document of a list, and
 * into the element that a number names. Elements that are no documents lead nowhere, and count as nothing missing.
 * Source: `BSONElementIterator` in MongoDB's `matcher/path.cpp`.
 */
export function someAt(holder: unknown, path: Path, test: Test, lists: Lists = 'each'): boolean {
  const [first = ''] = path;
  const value = own(holder, first);
  // The common case.
  if (path.length === 1 && !Array.isArray(value)) return test(value);
  return someFrom(value, { path, place: 1, test, lists });
}

interface Walk {
  readonly path: Path;
  /** How many parts of the path lie behind. */
  readonly place: number;
  readonly test: Test;
  readonly lists: Lists;
}

function someFrom(value: unknown, walk: Walk): boolean {
  const { path, place, test, lists } = walk;
  const part = path[place];
  if (part === undefined) {
    return (lists === 'each' && Array.isArray(value) && value.some((item) => test(item))) || test(value);
  }
  if (Array.isArray(value)) return someIn(value, walk);
  if (isFields(value)) return someFrom(own(value, part), { ...walk, place: place + 1 });
  return test(undefined);
}

function someIn(list: readonly unknown[], walk: Walk): boolean {
  const { path, place, test } = walk;
  const part = path[place] ?? '';
  for (const item of list) if (isFields(item) && someFrom(item, walk)) return true;
  if (!isPlace(part) || Number(part) >= list.length) return false;
  const item = list[Number(part)];
  if (path.length === place + 1) return test(item);
  return (isFields(item) || Array.isArray(item)) && someFrom(item, { ...walk, place: place + 1 });
}

/** A document's own field or a list's element, never what an object inherits. */
export function own(holder: unknown, name: string): unknown {
  if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, name)) return undefined;
  return (holder as Readonly<Record<string, unknown>>)[name];
}
