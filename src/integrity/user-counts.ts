import { isDurableError, type Clock, type Deadline, type Hash, type Log, type Random } from '../core/index.ts';
import {
  createRetriedReads,
  createRetrier,
  retried,
  walkPages,
  type Reads,
  type Retrier,
  type WalkReport,
} from '../durable/index.ts';
import { openHoldsIn } from '../once/index.ts';
import { collections } from '../records/index.ts';
import { NO_REASONS, reasonsOf, type CountReasons } from './count-reasons.ts';
import { is, type Document, type Filter, type PageKey, type Store } from '../store/index.ts';

/** A counter that differs from the number of completed works, and why it does so rightly, as far as it does. */
export interface ExplainedCount extends CountReasons {
  readonly userId: string;
}

/** One wrong counter: what it says, what it should say. */
export interface CountRepair extends ExplainedCount {
  readonly before: unknown;
  readonly after: number;
  /** Applies only where nothing moved since the user was read. */
  readonly where: Filter;
}

export interface RepairDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly hash: Hash;
  readonly log: Log;
}

export interface RepairRequest {
  readonly deadline: Deadline;
  readonly after?: PageKey | undefined;
  /** Plan only. @default false */
  readonly dryRun?: boolean;
  /** Awaited after each page but the last: where to go on, and how many users failed so far. What it rejects with ends the walk. */
  onPage?(place: { readonly after: PageKey; readonly failed: number }): Promise<void>;
}

export interface RepairReport extends WalkReport {
  readonly repairs: readonly CountRepair[];
  /** Right counters that differ from the works: those are to be looked at, and the counters are left as they are. */
  readonly explained: readonly ExplainedCount[];
}

const PAGE = 100;
const FIELDS = ['generateCount', 'quota.seq', 'quota.open', 'quota.holds'] as const;

/**
 * Makes `users.generateCount` agree with the user's completed works, page by page of users: one grouped count
 * a page, never one query per user.
 *
 * Works under an open hold are left out, since closing them will count them; letters of completed works that
 * have not come home yet are counted, since closing them did. Second records of one picture are not counted, and pictures
 * that were counted and whose record is gone still are: both are told, none is copied into the counter. A repair applies
 * on condition of the counter *and* of `quota.seq` as read: a condition on the counter alone corrupts right counters. Each
 * statement is retried within the deadline; a page that cannot be read even so rejects with `STORE_*`.
 */
export async function repairUserCounts(deps: RepairDeps, request: RepairRequest): Promise<RepairReport> {
  const repairs: CountRepair[] = [];
  const explained: ExplainedCount[] = [];
  const { deadline, dryRun = false } = request;
  const round = { ...deps, retrier: createRetrier(deps), deadline };
  const reads = createRetriedReads(deps.store, round.retrier, { deadline });
  let failed = 0;
  const report = await walkPages({
    deadline,
    after: request.after,
    read: async (after) => {
      if (after && after !== request.after) await request.onPage?.({ after, failed });
      const page = await reads.page(collections.users, { after, limit: PAGE, fields: FIELDS });
      const { plans, rest } = await planPage(reads, page.items);
      explained.push(...rest);
      return { ...page, plans: new Map(plans.map((plan) => [plan.userId, plan])) };
    },
    visit: async (user, { plans }) => {
      const plan = plans.get(user._id);
      if (!plan) return false;
      repairs.push(plan);
      if (dryRun) return true;
      return apply(round, plan).catch((error: unknown) => {
        failed += 1;
        throw error;
      });
    },
  });
  return { ...report, repairs, explained };
}

interface Round extends RepairDeps {
  readonly retrier: Retrier;
  readonly deadline: Deadline;
}

// Repeatable: once it took effect, the condition on the counter holds no more.
async function apply({ store, hash, log, retrier, deadline }: Round, plan: CountRepair): Promise<boolean> {
  const change = { set: { generateCount: plan.after } };
  const target = { id: plan.userId, where: plan.where };
  const changed = await retried(retrier, { key: collections.users, deadline }, (call) =>
    store.update(collections.users, target, change, call),
  );
  const applied = changed === 1;
  // An app may use openids as the ids of its users.
  log.write('info', 'repair.user-count', { user: hash.sha256(plan.userId).slice(0, 12), after: plan.after, applied });
  return applied;
}

interface PagePlan {
  readonly plans: readonly CountRepair[];
  readonly rest: readonly ExplainedCount[];
}

async function planPage(reads: CountReads, users: readonly Document[]): Promise<PagePlan> {
  const plans: CountRepair[] = [];
  const rest: ExplainedCount[] = [];
  if (users.length === 0) return { plans, rest };
  const letters = await completedLetters(
    reads,
    users.map((user) => user._id),
  );
  const counts = await completedCounts(reads, users, letters);
  for (const user of users) {
    const { count, ...reasons } = counts.get(user._id) ?? { count: 0, ...NO_REASONS };
    if (!isCounted(user, count)) plans.push(planRepair(user, count, reasons));
    else if (reasons.duplicates > 0 || reasons.lost.length > 0) rest.push({ userId: user._id, ...reasons });
  }
  return { plans, rest };
}

/** Whether the user's counter says `count`; one that is absent says 0, as the first completed work finds it. */
export function isCounted({ generateCount = 0 }: Document, count: number): boolean {
  return generateCount === count;
}

type CountReads = Pick<Reads, 'page' | 'group' | 'twins'>;

/** What a counter must say, and how that differs from the number of completed works. */
export interface RightCount extends CountReasons {
  readonly count: number;
}

/**
 * What `generateCount` of each of these users must be, by one grouped count; where it says otherwise, by what else is
 * known. `letters` must have been read before, and after the users: their records are left out of the count, so that one
 * that comes home meanwhile is not counted twice, nor a record that is written under a hold read as open.
 */
export async function completedCounts(
  reads: CountReads,
  users: readonly Document[],
  letters: ReadonlySet<string>,
): Promise<ReadonlyMap<string, RightCount>> {
  const except = users.flatMap((user) => [...openIds(user), ...closedLetters(user, letters)]);
  const userIds = users.map((user) => user._id);
  const stored = await completedByUser(reads, { userIds, except });
  const counts = new Map(
    users.map((user) => [user._id, (stored.get(user._id) ?? 0) + closedLetters(user, letters).length] as const),
  );
  const inDoubt = users.filter((user) => !isCounted(user, counts.get(user._id) ?? 0));
  const counted = inDoubt.map((user) => ({ user, done: doneWithoutLetter(user, letters) }));
  const reasons = inDoubt.length > 0 ? await reasonsOf(reads, counted, except) : new Map<string, CountReasons>();
  return new Map(
    [...counts].map(([userId, count]) => {
      const { duplicates, lost } = reasons.get(userId) ?? NO_REASONS;
      return [userId, { count: count - duplicates + lost.length, duplicates, lost }] as const;
    }),
  );
}

function planRepair(user: Document, after: number, reasons: CountReasons): CountRepair {
  const before = user['generateCount'];
  const seq = (user['quota'] as { seq?: unknown } | undefined)?.seq;
  return {
    userId: user._id,
    before: before ?? null,
    after,
    ...reasons,
    where: {
      'quota.seq': typeof seq === 'number' ? seq : is.absent(),
      // A counter that is no number cannot be compared literally; nobody else sets it, and `seq` still guards.
      ...(typeof before === 'number' ? { generateCount: before } : {}),
    },
  };
}

interface HoldFacts {
  readonly st?: unknown;
  readonly token?: unknown;
  /** Beijing day whose quota it uses. */
  readonly day?: unknown;
  /** Collection of its record. */
  readonly records?: unknown;
}

/** The user's holds by their records; whatever the document holds. */
export function holdsOf(user: Document): Readonly<Record<string, HoldFacts | null>> {
  const { quota } = user as { quota?: { holds?: Record<string, HoldFacts | null> } | null };
  const holds = quota?.holds;
  return typeof holds === 'object' && holds !== null ? holds : {};
}

function openIds(user: Document): readonly string[] {
  return openHoldsIn(user, { records: collections.works }).map(([id]) => id);
}

/** The user's records that were counted when they were closed, by a letter that has not come home yet. */
export function closedLetters(user: Document, letters: ReadonlySet<string>): readonly string[] {
  return Object.entries(holdsOf(user))
    .filter(([id, hold]) => hold?.st === 'done' && letters.has(attemptOf(id, hold?.token)))
    .map(([id]) => id);
}

function doneWithoutLetter(user: Document, letters: ReadonlySet<string>): readonly string[] {
  return Object.entries(holdsOf(user))
    .filter(([, hold]) => hold?.st === 'done' && (hold.records ?? collections.works) === collections.works)
    .filter(([id, hold]) => !letters.has(attemptOf(id, hold?.token)))
    .map(([id]) => id);
}

async function completedByUser(
  reads: CountReads,
  { userIds, except }: { readonly userIds: readonly string[]; readonly except: readonly string[] },
): Promise<Map<string, number>> {
  const others = except.length > 0 ? { _id: is.noneOf(except) } : {};
  const where = { userId: is.oneOf(userIds), status: 'completed', ...others };
  const groups = await reads.group(collections.works, { where, by: 'userId' });
  return new Map(groups.map((group) => [String(group.key), group.count]));
}

/** The completed records in waiting letters, each named with its token: a record may have a letter of every attempt. */
export async function completedLetters(
  reads: Pick<Reads, 'page'>,
  userIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const waiting = new Set<string>();
  const where = { userId: is.oneOf(userIds), state: 'waiting', status: 'completed' };
  let after: PageKey | undefined;
  try {
    do {
      const request = { where, after, limit: 1_000, fields: ['recordId', 'payload.token'] };
      const page = await reads.page(collections.emergencyBackup, request);
      for (const letter of page.items) waiting.add(attemptOf(letter['recordId'], tokenIn(letter['payload'])));
      after = page.next;
    } while (after);
  } catch (error) {
    if (!isDurableError(error, 'STORE_NOT_FOUND')) throw error;
  }
  return waiting;
}

function tokenIn(payload: unknown): unknown {
  return (payload as { token?: unknown } | undefined)?.token;
}

const attemptOf = (recordId: unknown, token: unknown): string => `${String(recordId)} ${String(token)}`;
