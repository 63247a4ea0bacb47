import { DurableError, isDurableError, type Clock } from '../../core/index.ts';
import { MAX_PAGE, type CallOptions, type Document, type Page, type PageKey, type PageRequest, type Store } from '../index.ts';
import { boundedCall, type Bounds } from './bounded-call.ts';
import { toAfter, toData, toWhere, type Order } from './query.ts';
import type { Cloud, Database, Query } from './sdk.ts';

/** The SDK waits 15 s for an answer; a function that lives 3 s cannot. */
const DEFAULT_TIMEOUT_MS = 1_500;

/**
 * A `Store` over an initialised wx-server-sdk. The database is opened on the first statement; each statement
 * is one request, bounded by its own time limit, never repeated.
 */
export function createCloudbaseStore(cloud: Cloud, clock: Clock): Store {
  const bounds: Bounds = { clock, defaultTimeoutMs: DEFAULT_TIMEOUT_MS };
  let opened: Database | undefined;
  const db = (): Database => (opened ??= cloud.database() as Database);
  const ask = <T>(what: string, call: CallOptions | undefined, run: () => Promise<T>): Promise<T> =>
    boundedCall(bounds, { what, call }, run);
  const select = (name: string, where: PageRequest['where'] = {}): Query =>
    db().collection(name).where(toWhere(db().command, where));

  return {
    async insert(name, document, call) {
      try {
        await ask(`insert into "${name}"`, call, () => db().collection(name).add({ data: { ...document } }));
        return 'inserted';
      } catch (error) {
        if (isDurableError(error, 'STORE_DUPLICATE')) return 'exists';
        throw error;
      }
    },
    async get(name, id, call) {
      const query = select(name, { _id: id }).limit(1);
      const { data } = await ask(`read "${name}"`, call, () => query.get());
      return data[0] as Document | undefined;
    },
    async update(name, target, change, call) {
      const query = select(name, { ...target.where, _id: target.id });
      const data = toData(db().command, change);
      const { stats } = await ask(`update "${name}"`, call, () => query.update({ data }));
      return stats.updated;
    },
    async remove(name, target, call) {
      const query = select(name, { ...target.where, _id: target.id });
      const { stats } = await ask(`remove from "${name}"`, call, () => query.remove());
      return stats.removed;
    },
    async count(name, where, call) {
      const query = select(name, where);
      return (await ask(`count "${name}"`, call, () => query.count())).total;
    },
    async group(name, request, call) {
      const { command } = db();
      const stages = db()
        .collection(name)
        .aggregate()
        .match(toWhere(command, request.where ?? {}))
        .group({ _id: `$${request.by}`, count: command.aggregate.sum(1) })
        .limit(MAX_PAGE + 1);
      const { list } = await ask(`group "${name}"`, call, () => stages.end());
      if (list.length > MAX_PAGE) throw new DurableError('STORE_TOO_LARGE', `more than ${MAX_PAGE} groups`);
      return list.map((row) => ({ key: row['_id'] as string | null, count: row['count'] as number }));
    },
    page: (name, request, call) =>
      halving(request, (part) => ask(`page "${name}"`, call, () => readPage(db(), name, part))),
    async createCollection(name, call) {
      try {
        await ask(`create collection "${name}"`, call, () => db().createCollection(name));
        return 'created';
      } catch (error) {
        if (isDurableError(error) && /ALREADY_EXIST|ResourceInUse|Table exist/i.test(causeText(error.cause))) return 'exists';
        throw error;
      }
    },
  };
}

async function readPage(db: Database, name: string, request: PageRequest): Promise<Page> {
  const { command } = db;
  const { where = {}, orderBy = '_id', direction = 'asc', after, limit, fields } = request;
  const order: Order = { field: orderBy, direction };
  const base = toWhere(command, where);
  let query: Query = db
    .collection(name)
    .where(after ? command.and([base, toAfter(command, order, after)]) : base)
    .orderBy(orderBy, direction)
    .limit(limit);
  if (orderBy !== '_id') query = query.orderBy('_id', direction);
  if (fields) query = query.field(Object.fromEntries(['_id', ...fields].map((path) => [path, true])));
  const items = (await query.get()).data as Document[];
  const last = items.at(-1);
  // A full page is taken for "there may be more": a short one is the only proof of the end.
  return last && items.length >= limit ? { items, next: keyOf(last, orderBy) } : { items };
}

function keyOf(document: Document, orderBy: string): PageKey {
  if (orderBy === '_id') return { id: document._id };
  return { id: document._id, value: document[orderBy] as string | number | Date };
}

// The platform refuses an answer over about 1 MB; one document of that size cannot be asked for in halves.
async function halving(request: PageRequest, read: (part: PageRequest) => Promise<Page>): Promise<Page> {
  const limit = Math.min(request.limit, MAX_PAGE);
  try {
    return await read({ ...request, limit });
  } catch (error) {
    if (!isDurableError(error, 'STORE_TOO_LARGE') || limit === 1) throw error;
    return halving({ ...request, limit: Math.ceil(limit / 2) }, read);
  }
}

function causeText(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return '';
  const { code, message, errMsg } = cause as Record<string, unknown>;
  return [code, message, errMsg].join(' ');
}
