import type { Fields, Id, Stored } from './document.ts';
import type { Filter } from './filter.ts';
import { createIndexTree, LEAST, MOST, type IndexSpec, type IndexTree } from './index-tree.ts';
import { planQuery, type Plan } from './planner.ts';

/** The documents of one collection as somebody sees them: everybody, or one transaction. */
export interface Collection {
  readonly indexes: readonly IndexSpec[];
  readonly size: number;
  get(id: Id): Stored | undefined;
  /** In their natural order: that of insertion. */
  all(): Iterable<Stored>;
  /** Walks what a filter matches, in the order asked for where `isSorted`. */
  matching(filter: Filter, order?: Fields): Found;
  /** The documents that have these values in the keys of an index. */
  withKeys(spec: IndexSpec, keys: readonly unknown[]): Iterable<Stored>;
}

/** A collection whose content can be changed; only a commit does. */
export interface StoredCollection extends Collection {
  set(document: Stored): void;
  remove(id: Id): void;
  clear(): void;
  /** Makes these all of its indexes. */
  declare(specs: readonly IndexSpec[]): void;
}

export interface Found {
  readonly documents: Iterable<Stored>;
  /** They come in the order asked for, so that the walk may end early. */
  readonly isSorted: boolean;
}

/** Every collection has this one. */
const BY_ID: IndexSpec = { name: '_id_', keys: [['_id', 1]], unique: true };

/** An empty collection. An index is built when the first query needs it, so that a restart does not wait for it. */
export function createCollection(): StoredCollection {
  const documents = new Map<Id, Stored>();
  const trees = new Map<string, IndexTree>();
  let specs: readonly IndexSpec[] = [];
  const tree = (spec: IndexSpec): IndexTree => {
    const built = trees.get(spec.name) ?? createIndexTree(spec, documents.values());
    trees.set(spec.name, built);
    return built;
  };
  const forget = (old: Stored | undefined): void => {
    if (old !== undefined) for (const index of trees.values()) index.remove(old);
  };
  return {
    get indexes() {
      return specs;
    },
    get size() {
      return documents.size;
    },
    get: (id) => documents.get(id),
    all: () => documents.values(),
    matching(filter, order) {
      if (filter.ids) return { documents: ofIds((id) => documents.get(id), filter.ids, filter), isSorted: false };
      const plan = planQuery([...specs, BY_ID], { condition: filter.condition, order });
      // An index over lists holds each document once, so it cannot answer for every element.
      if (!plan || tree(plan.spec).isMultikey()) {
        return { documents: passing(documents.values(), filter), isSorted: false };
      }
      return { documents: walked(tree(plan.spec), plan, filter), isSorted: plan.isSorted };
    },
    withKeys: (spec, keys) => tree(spec).walk([...keys, LEAST], [...keys, MOST], false),
    set(document) {
      forget(documents.get(document._id));
      for (const index of trees.values()) index.add(document);
      documents.set(document._id, document);
    },
    remove(id) {
      forget(documents.get(id));
      documents.delete(id);
    },
    clear() {
      documents.clear();
      trees.clear();
    },
    declare(next) {
      specs = next;
      trees.clear();
    },
  };
}

/** Those of the named documents that a filter matches. */
export function* ofIds(get: (id: Id) => Stored | undefined, ids: readonly Id[], filter: Filter): Generator<Stored> {
  for (const id of ids) {
    const document = get(id);
    if (document !== undefined && filter.matches(document)) yield document;
  }
}

function* passing(documents: Iterable<Stored>, filter: Filter): Generator<Stored> {
  for (const document of documents) if (filter.matches(document)) yield document;
}

function* walked(tree: IndexTree, { ranges, isReverse }: Plan, filter: Filter): Generator<Stored> {
  for (const { from, to } of ranges) yield* passing(tree.walk(from, to, isReverse), filter);
}
