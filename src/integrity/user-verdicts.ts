import { canonicalJson, isDurableError } from '../core/index.ts';
import type { Reads } from '../durable/index.ts';
import { openHoldsIn } from '../once/index.ts';
import { collections, readAccount } from '../records/index.ts';
import { is, valueAt, type Document } from '../store/index.ts';
import { closedLetters, completedCounts, completedLetters, holdsOf, isCounted } from './user-counts.ts';

export type UserFinding = 'generate-count-wrong' | 'daily-usage-wrong' | 'credits-negative' | 'user-malformed';

export interface Verdict {
  readonly user: Document;
  readonly findings: readonly UserFinding[];
}

/**
 * Judges the counters of at most 1,000 users by what the records say: three requests, however many users, and up to four
 * more where a counter is in doubt.
 */
export async function judgeUsers(reads: Reads, users: readonly Document[], day: string): Promise<readonly Verdict[]> {
  const letters = await completedLetters(
    reads,
    users.map(({ _id }) => _id),
  );
  const [counts, uses] = await Promise.all([
    completedCounts(reads, users, letters),
    usesOfDay(reads, { users, letters, day }),
  ]);
  return users.map((user) => {
    const expected = { count: counts.get(user._id)?.count ?? 0, uses: uses.get(user._id) ?? 0, day };
    return { user, findings: findingsOf(user, expected) };
  });
}

/** What a call changes in a user's document: equal stamps mean that nothing was opened or closed in between. */
export function stampOf(user: Document, day: string): string {
  const paths = ['generateCount', 'credits', 'quota.seq', 'quota.open', `quota.used.d${day}`];
  return canonicalJson(paths.map((path) => valueAt(user, path) ?? null));
}

interface Expected {
  readonly count: number;
  readonly uses: number;
  readonly day: string;
}

function findingsOf(user: Document, expected: Expected): readonly UserFinding[] {
  const { credits } = user;
  const used = valueAt(user, `quota.used.d${expected.day}`) ?? 0;
  const isSound = isWellFormed(user) && typeof used === 'number';
  return [
    ...(isCounted(user, expected.count) ? [] : (['generate-count-wrong'] as const)),
    ...(isSound && used !== expected.uses ? (['daily-usage-wrong'] as const) : []),
    ...(typeof credits === 'number' && credits < 0 ? (['credits-negative'] as const) : []),
    ...(isSound ? [] : (['user-malformed'] as const)),
  ];
}

function isWellFormed(user: Document): boolean {
  const { credits } = user;
  if (credits !== undefined && !Number.isFinite(credits)) return false;
  try {
    // A broken `generateCount` is a wrong one, and the repair sets it.
    readAccount({ ...user, generateCount: 0 });
    return true;
  } catch (error) {
    if (isDurableError(error, 'USER_INVALID')) return false;
    throw error;
  }
}

interface DayRequest {
  readonly users: readonly Document[];
  readonly letters: ReadonlySet<string>;
  readonly day: string;
}

// Works of the day that did not fail, and what is still open. Records under a hold are counted by their hold: those of
// an open one may be there already, those of a void one were never paid, those of a letter have not come home.
async function usesOfDay(reads: Reads, { users, letters, day }: DayRequest): Promise<ReadonlyMap<string, number>> {
  const held = new Map(users.map((user) => [user._id, heldUses(user, letters, day)] as const));
  const except = users.flatMap((user) => notByRecord(user, letters));
  const where = {
    userId: is.oneOf(users.map(({ _id }) => _id)),
    day,
    status: is.not('failed'),
    ...(except.length > 0 ? { _id: is.noneOf(except) } : {}),
  };
  for (const { key, count } of await reads.group(collections.works, { where, by: 'userId' })) {
    held.set(String(key), (held.get(String(key)) ?? 0) + count);
  }
  return held;
}

function notByRecord(user: Document, letters: ReadonlySet<string>): readonly string[] {
  const holds = Object.entries(holdsOf(user)).filter(([, hold]) => hold?.st === 'open' || hold?.st === 'void');
  return [...holds.map(([id]) => id), ...closedLetters(user, letters)];
}

function heldUses(user: Document, letters: ReadonlySet<string>, day: string): number {
  const holds = holdsOf(user);
  // A hold of another kind of call uses nothing of this quota.
  const open = openHoldsIn(user, { records: collections.works }).filter(([, hold]) => hold.day === day);
  const homeless = closedLetters(user, letters).filter((id) => holds[id]?.day === day);
  return open.length + homeless.length;
}
