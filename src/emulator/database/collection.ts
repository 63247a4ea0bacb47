import type { Fields, Id, Stored } from './document.ts';
import type { Filter } from './filter.ts';
import { createIndexTree, type IndexSpec, type IndexTree } from './index-tree.ts';
import { planQuery, type Plan } from './planner.ts';

/** The documents of one collection, and the indexes that find them. */
export interface Collection {
  /** In their natural order: that of insertion. */
  readonly documents: ReadonlyMap<Id, Stored>;
  readonly indexes: readonly IndexSpec[];
  /** Walks what a filter matches, in the order asked for where `isSorted`. */
  matching(filter: Filter, order?: Fields): Found;
  /** The index, ready to be walked. */
  tree(spec: IndexSpec): IndexTree;
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
export function createCollection(): Collection {
  const documents = new Map<Id, Stored>();
  const trees = new Map<string, IndexTree>();
  let specs: readonly IndexSpec[] = [];
  const tree = (spec: IndexSpec): IndexTree => {
    const built = trees.get(spec.name) ?? createIndexTree(spec, documents.values());
    trees.set(spec.name, built);
    return built;
  };
  const remove = (id: Id): void => {
    const old = documents.get(id);
    if (old === undefined) return;
    for (const index of trees.values()) index.remove(old);
    documents.delete(id);
  };
  return {
    documents,
    get indexes() {
      return specs;
    },
    tree,
    matching(filter, order) {
      if (filter.ids) return { documents: ofIds(documents, filter.ids, filter), isSorted: false };
      const plan = planQuery([...specs, BY_ID], { condition: filter.condition, order });
      // An index over lists holds each document once, so it cannot answer for every element.
      if (!plan || tree(plan.spec).isMultikey())
        return { documents: passing(documents.values(), filter), isSorted: false };
      return { documents: walked(tree(plan.spec), plan, filter), isSorted: plan.isSorted };
    },
    set(document) {
      const old = documents.get(document._id);
      for (const index of trees.values()) {
        if (old !== undefined) index.remove(old);
        index.add(document);
      }
      documents.set(document._id, document);
    },
    remove,
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

function* ofIds(documents: ReadonlyMap<Id, Stored>, ids: readonly Id[], filter: Filter): Generator<Stored> {
  for (const id of ids) {
    const document = documents.get(id);
    if (document !== undefined && filter.matches(document)) yield document;
  }
}

function* passing(documents: Iterable<Stored>, filter: Filter): Generator<Stored> {
  for (const document of documents) if (filter.matches(document)) yield document;
}

function* walked(tree: IndexTree, { ranges, isReverse }: Plan, filter: Filter): Generator<Stored> {
  for (const { from, to } of ranges) yield* passing(tree.walk(from, to, isReverse), filter);
}
