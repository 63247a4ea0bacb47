import { DurableError, isDurableError, type Clock } from '../../core/index.ts';
import {
  assertDocument,
  assertPath,
  assertTwins,
  filterOf,
  MAX_PAGE,
  type CallOptions,
  type CallStore,
  type Document,
  type GroupRequest,
  type Page,
  type PageRequest,
  type Store,
  type TwinsRequest,
} from '../index.ts';
import { openLink, type Link } from './link.ts';
import { pagesOver } from './pages.ts';
import { toData, toWhere } from './query.ts';
import type { Cloud, Database } from './sdk.ts';

/**
 * A `Store` over an initialised wx-server-sdk. The database is opened on the first statement; each statement
 * is one request, bounded by its own time limit, never repeated.
 */
export function createCloudbaseStore(cloud: Cloud, clock: Clock): Store {
  const link = openLink(cloud, clock);
  return { ...statements(link), page: pagesOver(link), ...housekeeping(link) };
}

/** How to come by what reads pages; rejects where it cannot be loaded. */
export type LoadPages = () => Promise<typeof pagesOver>;

/**
 * The same with the statements that a call needs alone, for a function that people wait for. A call asks for the few
 * documents that satisfy a filter, and for nothing else: what walks from page to page is loaded when it is first needed.
 */
export function createCloudbaseCallStore(cloud: Cloud, clock: Clock, loadPages: LoadPages): CallStore {
  const link = openLink(cloud, clock);
  const page: CallStore['page'] = async (name, request, call) =>
    (await firstPage(link, name, { request, call })) ?? (await loadPages())(link)(name, request, call);
  return { ...statements(link), page };
}

interface Asked {
  readonly request: PageRequest;
  readonly call: CallOptions | undefined;
}

/** A first page in the order of `_id`; undefined where another is wanted, or it must be asked for in halves. */
async function firstPage({ ask, select }: Link, name: string, { request, call }: Asked): Promise<Page | undefined> {
  const { where, limit, ...more } = request;
  const isFirst = Object.keys(more).length === 0 && Number.isInteger(limit) && limit > 0 && limit <= MAX_PAGE;
  if (!isFirst) return undefined;
  try {
    const run = () => select(name, where).orderBy('_id', 'asc').limit(limit).get();
    const items = (await ask(`page "${name}"`, call, run)).data as Document[];
    const last = items.at(-1);
    return last && items.length >= limit ? { items, next: { id: last._id } } : { items };
  } catch (error) {
    if (isDurableError(error, 'STORE_TOO_LARGE')) return undefined;
    throw error;
  }
}

function statements({ db, ask, select }: Link): Omit<CallStore, 'page'> {
  return {
    async get(name, id, call) {
      const { data } = await ask(`read "${name}"`, call, () => select(name, { _id: id }).limit(1).get());
      return data[0] as Document | undefined;
    },
    async insert(name, document, call) {
      assertDocument(document);
      try {
        await ask(`insert into "${name}"`, call, () =>
          db()
            .collection(name)
            .add({ data: { ...document } }),
        );
        return 'inserted';
      } catch (error) {
        if (isDurableError(error, 'STORE_DUPLICATE')) return 'exists';
        throw error;
      }
    },
    async update(name, target, change, call) {
      const { stats } = await ask(`update "${name}"`, call, () =>
        select(name, { ...target.where, _id: target.id }).update({ data: toData(db().command, change) }),
      );
      return stats.updated;
    },
    async createCollection(name, call) {
      try {
        await ask(`create collection "${name}"`, call, () => db().createCollection(name));
        return 'created';
      } catch (error) {
        if (isDurableError(error) && EXISTS.test(causeText(error.cause))) return 'exists';
        throw error;
      }
    },
  };
}

const EXISTS = /ALREADY_EXIST|ResourceInUse|Table exist/i;

function housekeeping({ db, ask, select }: Link): Omit<Store, keyof CallStore> {
  return {
    async count(name, where, call) {
      return (await ask(`count "${name}"`, call, () => select(name, where).count())).total;
    },
    async group(name, request, call) {
      assertPath(request.by);
      const { list } = await ask(`group "${name}"`, call, () => readGroups(db(), name, request));
      if (list.length > MAX_PAGE) throw new DurableError('STORE_TOO_LARGE', `more than ${MAX_PAGE} groups`);
      return list.map((row) => ({ key: row['_id'] as string | null, count: row['count'] as number }));
    },
    async twins(name, request, call) {
      assertTwins(request);
      const { list } = await ask(`find twins in "${name}"`, call, () => readTwins(db(), name, request));
      if (list.length > MAX_PAGE) throw new DurableError('STORE_TOO_LARGE', `more than ${MAX_PAGE} sets of twins`);
      return list.map((row) => ({ count: row['count'] as number, firstId: row['firstId'] as string }));
    },
    async updateMany(name, targets, change, call) {
      const { stats } = await ask(`update "${name}"`, call, () =>
        select(name, filterOf(targets)).update({ data: toData(db().command, change) }),
      );
      return stats.updated;
    },
    async remove(name, target, call) {
      const { stats } = await ask(`remove from "${name}"`, call, () =>
        select(name, { ...target.where, _id: target.id }).remove(),
      );
      return stats.removed;
    },
  };
}

function readGroups(db: Database, name: string, { where = {}, by }: GroupRequest) {
  const { command } = db;
  const matching = db.collection(name).aggregate().match(toWhere(command, where));
  return matching
    .group({ _id: `$${by}`, count: command.aggregate.sum(1) })
    .limit(MAX_PAGE + 1)
    .end();
}

function readTwins(db: Database, name: string, { where = {}, by }: TwinsRequest) {
  const { command } = db;
  const key = Object.fromEntries(by.map((path, index) => [`f${index}`, `$${path}`]));
  return db
    .collection(name)
    .aggregate()
    .match(toWhere(command, where))
    .group({ _id: key, count: command.aggregate.sum(1), firstId: command.aggregate.min('$_id') })
    .match({ count: command.gt(1) })
    .sort({ firstId: 1 })
    .limit(MAX_PAGE + 1)
    .end();
}

function causeText(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return '';
  const { code, message, errMsg } = cause as Record<string, unknown>;
  return [code, message, errMsg].join(' ');
}
