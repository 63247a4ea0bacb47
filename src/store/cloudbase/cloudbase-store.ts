import { DurableError, isDurableError, type Clock } from '../../core/index.ts';
import {
  assertDocument,
  assertPath,
  assertTwins,
  filterOf,
  MAX_PAGE,
  pageKeyOf,
  readPageRequest,
  type CallOptions,
  type CallStore,
  type Document,
  type Filter,
  type GroupRequest,
  type Page,
  type PagePlan,
  type Store,
  type TwinsRequest,
} from '../index.ts';
import { boundedCall, type Bounds } from './bounded-call.ts';
import { toAfter, toData, toWhere } from './query.ts';
import type { Cloud, Database, Query } from './sdk.ts';

/** The SDK waits 15 s for an answer; a function that lives 3 s cannot. */
const DEFAULT_TIMEOUT_MS = 1_500;

/**
 * A `Store` over an initialised wx-server-sdk. The database is opened on the first statement; each statement
 * is one request, bounded by its own time limit, never repeated.
 */
export function createCloudbaseStore(cloud: Cloud, clock: Clock): Store {
  const link = openLink(cloud, clock);
  return { ...reading(link), ...writing(link), ...housekeeping(link) };
}

/** The same with the statements that a call needs alone, for a function that people wait for. */
export function createCloudbaseCallStore(cloud: Cloud, clock: Clock): CallStore {
  const link = openLink(cloud, clock);
  return { ...reading(link), ...writing(link) };
}

function openLink(cloud: Cloud, clock: Clock): Link {
  const bounds: Bounds = { clock, defaultTimeoutMs: DEFAULT_TIMEOUT_MS };
  let opened: Database | undefined;
  const db = (): Database => (opened ??= cloud.database() as Database);
  return {
    db,
    ask: (what, call, run) => boundedCall(bounds, { what, call }, run),
    select: (name, where = {}) => db().collection(name).where(toWhere(db().command, where)),
  };
}

/** The way to the database that all statements share. */
interface Link {
  db(): Database;
  ask<T>(what: string, call: CallOptions | undefined, run: () => Promise<T>): Promise<T>;
  select(name: string, where?: Filter): Query;
}

function reading({ db, ask, select }: Link): Pick<CallStore, 'get' | 'page'> {
  return {
    async get(name, id, call) {
      const { data } = await ask(`read "${name}"`, call, () => select(name, { _id: id }).limit(1).get());
      return data[0] as Document | undefined;
    },
    page: async (name, request, call) =>
      halving(readPageRequest(request), (part) => ask(`page "${name}"`, call, () => readPage(db(), name, part))),
  };
}

function writing({ db, ask, select }: Link): Pick<CallStore, 'insert' | 'update' | 'createCollection'> {
  return {
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

async function readPage(db: Database, name: string, plan: PagePlan): Promise<Page> {
  const { command } = db;
  const { where, orderBy, direction, after, limit, fields } = plan;
  const base = toWhere(command, where);
  let query: Query = db
    .collection(name)
    .where(after ? command.and([base, toAfter(command, plan, after)]) : base)
    .orderBy(orderBy, direction)
    .limit(limit);
  if (orderBy !== '_id') query = query.orderBy('_id', direction);
  if (fields) query = query.field(Object.fromEntries(fields.map((path) => [path, true])));
  const items = (await query.get()).data as Document[];
  const last = items.at(-1);
  // A full page is taken for "there may be more": a short one is the only proof of the end.
  return last && items.length >= limit ? { items, next: pageKeyOf(last, orderBy) } : { items };
}

// The platform refuses an answer over about 1 MB; one document of that size cannot be asked for in halves. The error then
// says where it is, so that a walk can name it and go on after it.
async function halving(plan: PagePlan, read: (part: PagePlan) => Promise<Page>): Promise<Page> {
  try {
    return await read(plan);
  } catch (error) {
    if (!isDurableError(error, 'STORE_TOO_LARGE')) throw error;
    if (plan.limit === 1) throw await naming(error, plan, read);
    return halving({ ...plan, limit: Math.ceil(plan.limit / 2) }, read);
  }
}

async function naming(
  error: DurableError,
  plan: PagePlan,
  read: (part: PagePlan) => Promise<Page>,
): Promise<DurableError> {
  const { items, next } = await read({ ...plan, fields: ['_id', plan.orderBy] });
  const [document] = items;
  // It may have gone between the two.
  if (!document || !next) return error;
  return new DurableError('STORE_TOO_LARGE', 'one document alone is larger than an answer may be', {
    cause: error,
    details: { ...error.details, tooLargeId: document._id, next },
  });
}

function causeText(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return '';
  const { code, message, errMsg } = cause as Record<string, unknown>;
  return [code, message, errMsg].join(' ');
}
