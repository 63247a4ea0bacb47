import { isDurableError } from '../core/index.ts';
import type { Reads } from '../durable/index.ts';
import { collections } from '../records/index.ts';
import { is, MAX_PAGE, type Document, type Filter, type PageKey } from '../store/index.ts';

/** Why a right counter differs from the number of a user's completed works. */
export interface CountReasons {
  /** Completed works that are a second record of one picture: made once, counted once. */
  readonly duplicates: number;
  /** Ids of pictures that were counted when they were done, and of which there is no record and no waiting letter. */
  readonly lost: readonly string[];
}

/** A user, and which of the pictures that were counted a record should be there of. */
export interface Counted {
  readonly user: Document;
  readonly done: readonly string[];
}

export const NO_REASONS: CountReasons = { duplicates: 0, lost: [] };

/**
 * The reasons of these users, in at most four requests for each 1,000 closed calls; works of the ids `except` are no
 * duplicates, since nobody counted them yet.
 */
export async function reasonsOf(
  reads: Pick<Reads, 'page' | 'twins'>,
  counted: readonly Counted[],
  except: readonly string[],
): Promise<ReadonlyMap<string, CountReasons>> {
  const [duplicates, lost] = await Promise.all([
    duplicatesByUser(
      reads,
      counted.map(({ user }) => user._id),
      except,
    ),
    missing(
      reads,
      counted.flatMap(({ done }) => done),
    ),
  ]);
  return new Map(
    counted.map(({ user, done }) => [
      user._id,
      { duplicates: duplicates.get(user._id) ?? 0, lost: done.filter((id) => lost.has(id)) },
    ]),
  );
}

async function duplicatesByUser(
  reads: Pick<Reads, 'page' | 'twins'>,
  userIds: readonly string[],
  except: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  try {
    return await duplicatesOf(reads, userIds, except);
  } catch (error) {
    // Records that were doubled for years are what this is for: fewer people at once have fewer of them.
    if (!isDurableError(error, 'STORE_TOO_LARGE') || userIds.length < 2) throw error;
    const half = userIds.length >> 1;
    const parts = [userIds.slice(0, half), userIds.slice(half)];
    const [some, others] = await Promise.all(parts.map((part) => duplicatesByUser(reads, part, except)));
    return new Map([...(some ?? []), ...(others ?? [])]);
  }
}

// What an intent is, is told by the check of works (generation/check/owners.ts), which names them.
async function duplicatesOf(
  reads: Pick<Reads, 'page' | 'twins'>,
  userIds: readonly string[],
  except: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const some = is.above('');
  const completed: Filter = {
    userId: is.oneOf(userIds),
    status: 'completed',
    ...(except.length > 0 ? { _id: is.noneOf(except) } : {}),
  };
  const [ours, older] = await Promise.all([
    reads.twins(collections.works, { where: { ...completed, requestId: some }, by: ['userId', 'requestId'] }),
    reads.twins(collections.works, {
      where: { ...completed, requestId: is.absent(), prompt: some, createdAt: is.above(new Date(0)) },
      by: ['userId', 'prompt', 'createdAt'],
    }),
  ]);
  const sets = [...ours, ...older];
  const owners = new Map<string, string>();
  for (const { _id, userId } of await byIds(reads, { ids: sets.map(({ firstId }) => firstId), fields: ['userId'] }))
    owners.set(_id, String(userId));
  const surplus = new Map<string, number>();
  for (const { firstId, count } of sets) {
    const owner = owners.get(firstId) ?? '';
    surplus.set(owner, (surplus.get(owner) ?? 0) + count - 1);
  }
  return surplus;
}

async function missing(reads: Pick<Reads, 'page'>, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const there = await byIds(reads, { ids, fields: [] });
  const found = new Set(there.map(({ _id }) => _id));
  return new Set(ids.filter((id) => !found.has(id)));
}

async function byIds(
  reads: Pick<Reads, 'page'>,
  { ids, fields }: { readonly ids: readonly string[]; readonly fields: readonly string[] },
): Promise<readonly Document[]> {
  const documents: Document[] = [];
  for (let from = 0; from < ids.length; from += MAX_PAGE) {
    const where = { _id: is.oneOf(ids.slice(from, from + MAX_PAGE)) };
    let after: PageKey | undefined;
    do {
      const page = await reads.page(collections.works, { where, after, limit: MAX_PAGE, fields });
      documents.push(...page.items);
      after = page.next;
    } while (after);
  }
  return documents;
}
