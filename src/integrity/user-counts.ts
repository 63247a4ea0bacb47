import { isDurableError, type Deadline, type Log } from '../core/index.ts';
import { walkPages, type WalkReport } from '../durable/index.ts';
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
  const userIds = users.map((user) => user._id);
  const open = new Set(users.flatMap(openIds));
  const [stored, pending, letters] = await Promise.all([
    completedByUser(store, userIds, deadline),
    completedAmong(store, [...open], deadline),
    completedLetters(store, userIds, deadline),
  ]);
  const home = await completedAmong(store, [...letters.keys()], deadline);
  return users.flatMap((user) => {
    const { _id } = user;
    const uncounted = count([...pending.values()], _id);
    const onTheWay = count(
      [...letters].filter(([id]) => !home.has(id) && !open.has(id)).map(([, owner]) => owner),
      _id,
    );
    const after = (stored.get(_id) ?? 0) - uncounted + onTheWay;
    return user['generateCount'] === after ? [] : [planRepair(user, after)];
  });
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

function openIds(user: Document): readonly string[] {
  const { quota } = user as { quota?: { holds?: Record<string, { st?: unknown }> } };
  return Object.entries(quota?.holds ?? {})
    .filter(([, hold]) => hold.st === 'open')
    .map(([id]) => id);
}

function count(owners: readonly string[], userId: string): number {
  return owners.filter((owner) => owner === userId).length;
}

async function completedByUser(
  store: Store,
  userIds: readonly string[],
  deadline: Deadline,
): Promise<Map<string, number>> {
  const where = { userId: is.oneOf(userIds), status: 'completed' };
  const groups = await store.group(collections.works, { where, by: 'userId' }, { deadline });
  return new Map(groups.map((group) => [String(group.key), group.count]));
}

// Which of these records are completed works, and whose.
async function completedAmong(store: Store, ids: readonly string[], deadline: Deadline): Promise<Map<string, string>> {
  const owners = new Map<string, string>();
  for (let start = 0; start < ids.length; start += PAGE) {
    const where = { _id: is.oneOf(ids.slice(start, start + PAGE)), status: 'completed' };
    const page = await store.page(collections.works, { where, limit: PAGE, fields: ['userId'] }, { deadline });
    for (const work of page.items) owners.set(work._id, String(work['userId']));
  }
  return owners;
}

async function completedLetters(
  store: Store,
  userIds: readonly string[],
  deadline: Deadline,
): Promise<Map<string, string>> {
  const owners = new Map<string, string>();
  const where = { userId: is.oneOf(userIds), state: 'waiting', status: 'completed' };
  let after: PageKey | undefined;
  try {
    do {
      const request = { where, after, limit: 1_000, fields: ['recordId', 'userId'] };
      const page = await store.page(collections.emergencyBackup, request, { deadline });
      for (const letter of page.items) owners.set(String(letter['recordId']), String(letter['userId']));
      after = page.next;
    } while (after);
  } catch (error) {
    if (!isDurableError(error, 'STORE_NOT_FOUND')) throw error;
  }
  return owners;
}
