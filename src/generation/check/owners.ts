import type { Reads } from '../../durable/index.ts';
import { addFinding, collections } from '../../records/index.ts';
import { is, MAX_PAGE, type Condition, type Filter } from '../../store/index.ts';
import type { WorksTally } from './works-tally.ts';

/**
 * The works of one page of users: those that belong to none of them, and those that are two of one intent.
 *
 * A page of user ids cuts the works into a range of `userId`, so that works of users who do not exist lie in one of
 * the ranges too, and every work is looked at once. Answers where the next page of users starts.
 */
export async function checkOwners(reads: Reads, tally: WorksTally, after: string | null): Promise<string | undefined> {
  const from = after === null ? undefined : { id: after };
  const page = await reads.page(collections.users, { after: from, limit: MAX_PAGE, fields: [] });
  const next = page.next?.id;
  const range = [is.above(after ?? ''), ...(next === undefined ? [] : [is.atMost(next)])];
  const users = page.items.map(({ _id }) => _id);
  const [strays, twins] = await Promise.all([
    findStrays(reads, is.all([...range, ...(users.length > 0 ? [is.noneOf(users)] : [])])),
    findTwins(reads, tally, is.all(range)),
  ]);
  addFinding(tally.found, 'user-unknown', strays.ids, strays.count);
  addFinding(tally.found, 'intent-twice', twins);
  return next;
}

async function findStrays(reads: Reads, userId: Condition): Promise<{ ids: readonly string[]; count: number }> {
  const where = { userId };
  const count = await reads.count(collections.works, where);
  if (count === 0) return { ids: [], count };
  const page = await reads.page(collections.works, { where, limit: MAX_PAGE, fields: ['userId'] });
  const owners = [...new Set(page.items.map((work) => work['userId'] as string))];
  // Somebody may have registered since the users were read, and have a work by now.
  const known = await reads.page(collections.users, { where: { _id: is.oneOf(owners) }, limit: MAX_PAGE, fields: [] });
  const fresh = new Set<unknown>(known.items.map(({ _id }) => _id));
  const strays = page.items.filter((work) => !fresh.has(work['userId'])).map(({ _id }) => _id);
  const looked = page.items.length;
  return { ids: strays, count: strays.length + Math.max(0, count - looked) };
}

async function findTwins(reads: Reads, tally: WorksTally, userId: Condition): Promise<readonly string[]> {
  const some = is.above('');
  const ask = async (where: Filter, by: readonly string[]): Promise<readonly string[]> =>
    (await reads.twins(collections.works, { where, by })).map(({ firstId }) => firstId);
  const ours = ask({ userId, requestId: some }, ['userId', 'requestId']);
  // Older records know no request: the same prompt of the same person at the same millisecond is one intent.
  if (tally.older === 0) return ours;
  const createdAt = is.above(new Date(0));
  const older = ask({ userId, requestId: is.absent(), prompt: some, createdAt }, ['userId', 'prompt', 'createdAt']);
  return (await Promise.all([ours, older])).flat();
}
