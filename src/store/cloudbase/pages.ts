import { DurableError, isDurableError } from '../../core/index.ts';
import { pageKeyOf, readPageRequest, type CallStore, type Document, type Page, type PagePlan } from '../index.ts';
import type { Link, LinkHandle } from './link.ts';
import { toAfter } from './query.ts';

/** Any page of a walk by key. */
export function pagesOver(handle: LinkHandle): CallStore['page'] {
  const link = handle as Link;
  return async (name, request, call) =>
    halving(readPageRequest(request), (part) => link.ask(`page "${name}"`, call, () => readPage(link, name, part)));
}

async function readPage({ db, select }: Link, name: string, plan: PagePlan): Promise<Page> {
  const { where, orderBy, direction, after, limit, fields } = plan;
  const beyond = after && toAfter(db().command, plan, after);
  let query = select(name, where, beyond).orderBy(orderBy, direction).limit(limit);
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
