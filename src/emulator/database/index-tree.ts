import { resolve } from 'mingo/util';
import sortedBtree from 'sorted-btree';
import type { Stored } from './document.ts';
import { compareValues } from './values.ts';

/** An index as it was declared; `_id` follows its keys by itself. */
export interface IndexSpec {
  readonly name: string;
  readonly keys: readonly (readonly [path: string, direction: 1 | -1])[];
  /** No two documents have the same keys; absent and null are the same, as on the platform. */
  readonly unique: boolean;
}

/** Below and above every value that can be stored. */
export const LEAST = Symbol('least');
export const MOST = Symbol('most');

/** Values in the order of an index's keys, then the `_id`; or the bound of a walk. */
export type IndexKey = readonly unknown[];

/** The documents of one collection in the order of an index. */
export interface IndexTree {
  readonly spec: IndexSpec;
  /** Some document has a list where a key is: the order of such an index answers no query. */
  isMultikey(): boolean;
  add(document: Stored): void;
  remove(document: Stored): void;
  /** The documents from one bound to the other, both included. */
  walk(from: IndexKey, to: IndexKey, isReverse: boolean): Generator<Stored>;
}

// The package is CommonJS with a `default`: bundlers and Node unwrap it differently.
const BTree = ('default' in sortedBtree ? sortedBtree.default : sortedBtree) as typeof sortedBtree;

/** An index over `documents`, kept up by `add` and `remove`. */
export function createIndexTree(spec: IndexSpec, documents: Iterable<Stored>): IndexTree {
  const order = (a: IndexKey, b: IndexKey): number => compareKeys(spec, a, b);
  const tree = new BTree<IndexKey, Stored>(undefined, order);
  let lists = 0;
  const index: IndexTree = {
    spec,
    isMultikey: () => lists > 0,
    add(document) {
      if (hasList(spec, document)) lists += 1;
      tree.set(keyOf(spec, document), document);
    },
    remove(document) {
      if (hasList(spec, document)) lists -= 1;
      tree.delete(keyOf(spec, document));
    },
    *walk(from, to, isReverse) {
      const entries = isReverse ? tree.entriesReversed(to) : tree.entries(from);
      for (const [key, document] of entries) {
        if (isReverse ? order(key, from) < 0 : order(key, to) > 0) return;
        yield document;
      }
    },
  };
  for (const document of documents) index.add(document);
  return index;
}

/** The document's place in the index: absent counts as null. */
export function keyOf({ keys }: IndexSpec, document: Stored): IndexKey {
  return [...keys.map(([path]) => valueAt(document, path)), document._id];
}

function valueAt(document: Stored, path: string): unknown {
  return (path === '_id' ? document._id : resolve(document, path)) ?? null;
}

function hasList({ keys }: IndexSpec, document: Stored): boolean {
  return keys.some(([path]) => Array.isArray(valueAt(document, path)));
}

function compareKeys({ keys }: IndexSpec, a: IndexKey, b: IndexKey): number {
  for (let place = 0; place < a.length; place += 1) {
    const difference = compareBounds(a[place], b[place]);
    if (difference !== 0) return difference * (keys[place]?.[1] ?? 1);
  }
  return 0;
}

/** MongoDB's order of values, with the two bounds around it. */
export function compareBounds(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === LEAST || b === MOST) return -1;
  if (a === MOST || b === LEAST) return 1;
  return compareValues(a, b);
}
