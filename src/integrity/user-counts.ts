import { isDurableError, type Deadline, type Log } from '../core/index.ts';
import { walkPages, type Reads, type WalkReport } from '../durable/index.ts';
import { collections } from '../records/index.ts';
import { is, type Document, type Filter, type PageKey, type Store } from '../store/index.ts';

/** One wrong counter: what it says, what the works say. */
export interface CountRepair {
  readonly userId: string;
  readonly before: unknown;
  readonly after: number;
  /** Applies only where nothing moved since the user was read. */
  readonly where: Filter;
}

export interface RepairDeps {
  readonly store: Store;
  readonly log: Log;
}

export interface RepairRequest {
  readonly deadline: Deadline;
  readonly after?: PageKey | undefined;
  /** Plan only. @default false */
  readonly dryRun?: boolean;
}

export interface RepairReport extends WalkReport {
  readonly repairs: readonly CountRepair[];
}

const PAGE = 100;
const GROUP_TIMEOUT_MS = 10_000;
const FIELDS = ['generateCount', 'quota.seq', 'quota.open', 'quota.holds'] as const;

/**
 * Makes `users.generateCount` agree with the user's completed works, page by page of users: one grouped count
 * a page, never one query per user.
 *
 * Works under an open hold are left out, since closing them will count them; letters of completed works that
 * have not come home yet are counted, since closing them did. A repair applies on condition of the counter
 * *and* of `quota.seq` as read: a condition on the counter alone corrupts right counters.
 */
export async function repairUserCounts(deps: RepairDeps, request: RepairRequest): Promise<RepairReport> {
  const repairs: CountRepair[] = [];
  const { deadline, dryRun = false } = request;
  const plans = new Map<string, CountRepair>();
  const report = await walkPages({
    deadline,
    after: request.after,
    read: async (after) => {
      const page = await deps.store.page(collections.users, { after, limit: PAGE, fields: FIELDS }, { deadline });
      for (const plan of await planPage(deps.store, page.items, deadline)) plans.set(plan.userId, plan);
      return page;
    },
    visit: async (user) => {
      const plan = plans.get(user._id);
      if (!plan) return false;
      plans.delete(user._id);
      repairs.push(plan);
      return dryRun ? true : apply(deps, plan, deadline);
    },
  });
  return { ...report, repairs };
}

async function apply({ store, log }: RepairDeps, plan: CountRepair, deadline: Deadline): Promise<boolean> {
  const change = { set: { generateCount: plan.after } };
  const changed = await store.update(collections.users, { id: plan.userId, where: plan.where }, change, { deadline });
  log.write('info', 'repair.user-count', { userId: plan.userId, after: plan.after, applied: changed === 1 });
  return changed === 1;
}

async function planPage(store: Store, users: readonly Document[], deadline: Deadline): Promise<readonly CountRepair[]> {
  if (users.length === 0) return [];
  const reads = boundedReads(store, deadline);
  const letters = await completedLetters(
    reads,
    users.map((user) => user._id),
  );
  const counts = await completedCounts(reads, users, letters);
  return users.flatMap((user) => {
    const after = counts.get(user._id) ?? 0;
    return user['generateCount'] === after ? [] : [planRepair(user, after)];
  });
}

type CountReads = Pick<Reads, 'page' | 'group'>;

function boundedReads(store: Store, deadline: Deadline): CountReads {
  return {
    page: (name, request) => store.page(name, request, { deadline }),
    group: (name, request) => store.group(name, request, { deadline, timeoutMs: GROUP_TIMEOUT_MS }),
  };
}

/**
 * What `generateCount` of each of these users must be, by one grouped count. `letters` must have been read before,
 * and after the users: their records are left out of the count, so that one that comes home meanwhile is not counted
 * twice, nor a record that is written under a hold read as open.
 */
export async function completedCounts(
  reads: CountReads,
  users: readonly Document[],
  letters: ReadonlySet<string>,
): Promise<ReadonlyMap<string, number>> {
  const except = users.flatMap((user) => [...openIds(user), ...closedLetters(user, letters)]);
  const userIds = users.map((user) => user._id);
  const stored = await completedByUser(reads, { userIds, except });
  return new Map(
    users.map((user) => [user._id, (stored.get(user._id) ?? 0) + closedLetters(user, letters).length] as const),
  );
}

function planRepair(user: Document, after: number): CountRepair {
  const before = user['generateCount'];
  const seq = (user['quota'] as { seq?: unknown } | undefined)?.seq;
  return {
    userId: user._id,
    before: before ?? null,
    after,
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
}

/** The user's holds by their records; whatever the document holds. */
export function holdsOf(user: Document): Readonly<Record<string, HoldFacts | null>> {
  const { quota } = user as { quota?: { holds?: Record<string, HoldFacts | null> } | null };
  const holds = quota?.holds;
  return typeof holds === 'object' && holds !== null ? holds : {};
}

function openIds(user: Document): readonly string[] {
  return Object.entries(holdsOf(user))
    .filter(([, hold]) => hold?.st === 'open')
    .map(([id]) => id);
}

/** The user's records that were counted when they were closed, by a letter that has not come home yet. */
export function closedLetters(user: Document, letters: ReadonlySet<string>): readonly string[] {
  return Object.entries(holdsOf(user))
    .filter(([id, hold]) => hold?.st === 'done' && letters.has(attemptOf(id, hold?.token)))
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
