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
import { changed } from './change.ts';
import { compare, matcher } from './match.ts';

/** A `Store` whose content can be looked at. */
export interface MemoryStore extends Store {
  /** A copy of every document of a collection, ordered by `_id`. */
  dump(collection: string): readonly Document[];
}

/** An empty store in memory; each statement takes effect at once and as a whole. */
export function createMemoryStore(collections: readonly string[] = []): MemoryStore {
  const content = new Map(collections.map((name) => [name, new Map<string, Document>()]));
  const open = (name: string): Map<string, Document> => {
    const documents = content.get(name);
    if (documents) return documents;
    throw new DurableError('STORE_NOT_FOUND', `collection "${name}" does not exist; create it first`, {
      details: { collection: name },
    });
  };
  const found = (name: string, id: string, where: PageRequest['where'] = {}): Document | undefined => {
    const matches = matcher({ ...where, _id: id });
    const document = open(name).get(id);
    return document && matches(document) ? document : undefined;
  };
  const matching = (name: string, where: PageRequest['where'] = {}): Document[] =>
    [...open(name).values()].filter(matcher(where));
  return {
    async insert(name, document) {
      assertDocument(document);
      if (open(name).has(document._id)) return 'exists';
      open(name).set(document._id, structuredClone(document));
      return 'inserted';
    },
    get: async (name, id) => structuredClone(found(name, id)),
    async update(name, target, change) {
      assertChange(change);
      const before = found(name, target.id, target.where);
      return applied(open(name), before ? [before] : [], change);
    },
    async updateMany(name, targets, change) {
      assertChange(change);
      return applied(open(name), matching(name, filterOf(targets)), change);
    },
    async remove(name, target) {
      return found(name, target.id, target.where) && open(name).delete(target.id) ? 1 : 0;
    },
    count: async (name, where) => matching(name, where).length,
    group: async (name, request) => groups(matching(name, request.where), request.by),
    twins: async (name, request) => twins(matching(name, request.where), request),
    page: async (name, request) => pageOf(matching(name, request.where), readPageRequest(request)),
    async createCollection(name) {
      if (content.has(name)) return 'exists';
      content.set(name, new Map());
      return 'created';
    },
    dump: (name) => structuredClone([...open(name).values()].sort((a, b) => (a._id < b._id ? -1 : 1))),
  };
}

// All that change are found before the first is stored: one that cannot change leaves the others as they are.
function applied(content: Map<string, Document>, documents: readonly Document[], change: Change): number {
  const changes = documents.map((before) => ({ before, after: changed(before, change) }));
  for (const { after } of changes) content.set(after._id, after);
  return changes.filter(({ before, after }) => after !== before).length;
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
  const items = taken.map(({ document }) => project(document, fields));
  return last && taken.length === limit ? { items, next: last.key } : { items };
}

// A document that lacks the field comes before every one that has it.
function compareKeys(a: PageKey, b: PageKey): number {
  const presence = Number(a.value !== undefined) - Number(b.value !== undefined);
  return presence || compare(a.value, b.value) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

function project(document: Document, fields: readonly string[] | undefined): Document {
  if (!fields) return structuredClone(document);
  const kept = fields.map((path) => [path, valueAt(document, path)] as const);
  return structuredClone(nested(kept.filter(([, value]) => value !== undefined)));
}

function nested(pairs: readonly (readonly [string, unknown])[]): Document {
  const root: Record<string, unknown> = {};
  for (const [path, value] of pairs) {
    const names = path.split('.');
    const name = names.pop() as string;
    let parent = root;
    for (const step of names) parent = (parent[step] ??= {}) as Record<string, unknown>;
    parent[name] = value;
  }
  return root as Document;
}
