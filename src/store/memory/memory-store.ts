import { canonicalJson, DurableError } from '../../core/index.ts';
import {
  assertChange,
  assertDocument,
  assertPath,
  assertTwins,
  filterOf,
  MAX_PAGE,
  pageKeyOf,
  readPageRequest,
  valueAt,
  type Change,
  type Document,
  type Page,
  type PageKey,
  type PagePlan,
  type PageRequest,
  type Store,
  type Twins,
  type TwinsRequest,
} from '../index.ts';
import { frozenCopy } from './copy.ts';
import { changed, projected } from './change.ts';
import { compare, matcher } from './match.ts';

/** A `Store` whose content can be looked at. */
export interface MemoryStore extends Store {
  /** Every document of a collection, ordered by `_id`. */
  dump(collection: string): readonly Document[];
}

/** Told of a change that took effect: the document as it is now, or undefined where it was removed. */
export type OnCommit = (collection: string, id: string, after: Document | undefined) => void;

/**
 * An empty store in memory; each statement takes effect at once and as a whole. What is stored is a copy, and frozen: so
 * it is answered as it is, and whoever tries to change an answer meets a `TypeError` (except in a `Date` or in bytes,
 * which cannot be frozen). `onCommit` is told of every change, in their order. @default nobody is told
 */
export function createMemoryStore(
  collections: readonly string[] = [],
  onCommit: OnCommit = () => undefined,
): MemoryStore {
  const { open, create, found, matching, stored, removed } = createContent(collections, onCommit);
  const applied = (name: string, documents: readonly Document[], change: Change): number => {
    // All or none: nothing is stored before each of them is seen to take the change.
    const changes = documents.map((before) => ({ before, after: changed(before, change) }));
    const changedOnes = changes.filter(({ before, after }) => after !== before);
    for (const { after } of changedOnes) stored(name, after);
    return changedOnes.length;
  };
  return {
    async insert(name, document) {
      assertDocument(document);
      if (open(name).has(document._id)) return 'exists';
      stored(name, frozenCopy(document));
      return 'inserted';
    },
    get: async (name, id) => found(name, id),
    async update(name, target, change) {
      assertChange(change);
      const before = found(name, target.id, target.where);
      return before ? applied(name, [before], change) : 0;
    },
    async updateMany(name, targets, change) {
      assertChange(change);
      const matches = matcher(filterOf(targets));
      const wanted = [...new Set(targets.ids)].flatMap((id) => open(name).get(id) ?? []);
      return applied(name, wanted.filter(matches), change);
    },
    async remove(name, target) {
      return found(name, target.id, target.where) && removed(name, target.id) ? 1 : 0;
    },
    count: async (name, where) => matching(name, where).length,
    group: async (name, request) => groups(matching(name, request.where), request.by),
    twins: async (name, request) => twins(matching(name, request.where), request),
    page: async (name, request) => pageOf(matching(name, request.where), readPageRequest(request)),
    createCollection: async (name) => create(name),
    dump: (name) => [...open(name).values()].sort((a, b) => (a._id < b._id ? -1 : 1)),
  };
}

function createContent(collections: readonly string[], onCommit: OnCommit) {
  const content = new Map(collections.map((name) => [name, new Map<string, Document>()]));
  const open = (name: string): Map<string, Document> => {
    const documents = content.get(name);
    if (documents) return documents;
    throw new DurableError('STORE_NOT_FOUND', `collection "${name}" does not exist; create it first`, {
      details: { collection: name },
    });
  };
  return {
    open,
    create(name: string): 'created' | 'exists' {
      if (content.has(name)) return 'exists';
      content.set(name, new Map());
      return 'created';
    },
    found(name: string, id: string, where: PageRequest['where'] = {}): Document | undefined {
      const matches = matcher({ ...where, _id: id });
      const document = open(name).get(id);
      return document && matches(document) ? document : undefined;
    },
    matching: (name: string, where: PageRequest['where'] = {}): Document[] =>
      [...open(name).values()].filter(matcher(where)),
    stored(name: string, document: Document): void {
      open(name).set(document._id, document);
      onCommit(name, document._id, document);
    },
    removed(name: string, id: string): boolean {
      const wasThere = open(name).delete(id);
      if (wasThere) onCommit(name, id, undefined);
      return wasThere;
    },
  };
}

function groups(documents: readonly Document[], by: string) {
  assertPath(by);
  const counts = new Map<string | number | boolean | null, number>();
  for (const document of documents) {
    const key = (valueAt(document, by) ?? null) as string | number | boolean | null;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  if (counts.size > MAX_PAGE) throw new DurableError('STORE_TOO_LARGE', `more than ${MAX_PAGE} groups by "${by}"`);
  return [...counts].map(([key, count]) => ({ key, count }));
}

function twins(documents: readonly Document[], request: TwinsRequest): readonly Twins[] {
  assertTwins(request);
  const ids = new Map<string, string[]>();
  for (const document of documents) {
    const key = canonicalJson(request.by.map((path) => [valueAt(document, path)]));
    ids.set(key, [...(ids.get(key) ?? []), document._id].sort());
  }
  const found = [...ids.values()].filter(({ length }) => length > 1);
  if (found.length > MAX_PAGE) throw new DurableError('STORE_TOO_LARGE', `more than ${MAX_PAGE} sets of twins`);
  return found
    .map((set) => ({ count: set.length, firstId: set[0] as string }))
    .sort((a, b) => (a.firstId < b.firstId ? -1 : 1));
}

function pageOf(documents: readonly Document[], { orderBy, direction, after, limit, fields }: PagePlan): Page {
  const keyed = documents.map((document) => ({ document, key: pageKeyOf(document, orderBy) }));
  const order = (a: PageKey, b: PageKey): number => compareKeys(a, b) * (direction === 'asc' ? 1 : -1);
  const taken = keyed
    .filter(({ key }) => after === undefined || order(key, after) > 0)
    .sort((a, b) => order(a.key, b.key))
    .slice(0, limit);
  const last = taken.at(-1);
  const items = taken.map(({ document }) => (fields ? projected(document, fields) : document));
  return last && taken.length === limit ? { items, next: last.key } : { items };
}

// A document that lacks the field comes before every one that has it.
function compareKeys(a: PageKey, b: PageKey): number {
  const presence = Number(a.value !== undefined) - Number(b.value !== undefined);
  return presence || compare(a.value, b.value) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
