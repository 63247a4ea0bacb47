/** The part of the SDK's database that the original algorithm uses, over a store. */
import type { Database } from '../../../bench/original/original.ts';
import type { Random } from '../../../src/core/index.ts';
import type { Change, Document, Filter, Page, PageKey, Store } from '../../../src/store/index.ts';

const INC = Symbol('inc');
type Query = ReturnType<Database['collection']>;

/** `store` as the SDK shows it: what is added without an `_id` is given a fresh one, each time. */
export function sdkOver(store: Store, random: Random): Database {
  return {
    command: { inc: (by) => ({ [INC]: by }) },
    collection: (name) => ({
      ...queryOver(store, name, {}),
      async add({ data }) {
        const document: Document = { _id: random.token(), ...data };
        if ((await store.insert(name, document)) === 'inserted') return { _id: document._id };
        throw new Error('E11000 duplicate key error collection');
      },
      doc: (id) => ({
        update: async ({ data }) => ({ stats: { updated: await store.update(name, { id }, changeOf(data)) } }),
        remove: async () => ({ stats: { removed: await store.remove(name, { id }) } }),
      }),
    }),
  };
}

function queryOver(store: Store, name: string, where: Filter, skip = 0, limit = 100): Omit<Query, 'add' | 'doc'> {
  return {
    where: (filter) => queryOver(store, name, { ...where, ...filter }, skip, limit),
    skip: (count) => queryOver(store, name, where, count, limit),
    limit: (count) => queryOver(store, name, where, skip, count),
    count: async () => ({ total: await store.count(name, where) }),
    async get() {
      const rows: Document[] = [];
      let after: PageKey | undefined;
      do {
        const page: Page = await store.page(name, { where, after, limit: 1_000 });
        rows.push(...page.items);
        after = page.next;
      } while (after && rows.length < skip + limit);
      return { data: rows.slice(skip, skip + limit) };
    },
  };
}

function changeOf(data: object): Change {
  const inc: Record<string, number> = {};
  const set: Record<string, never> = {};
  for (const [path, value] of Object.entries(data) as [string, { [INC]?: number }][]) {
    const by = typeof value === 'object' ? value[INC] : undefined;
    if (by === undefined) set[path] = value as never;
    else inc[path] = by;
  }
  return { set, inc };
}
