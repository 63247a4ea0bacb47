import {
  DurableError,
  isDurableError,
  nextBeijingMidnight,
  type Clock,
  type Deadline,
  type Hash,
  type Log,
  type Random,
} from '../core/index.ts';
import type { DurableWriter } from '../durable/index.ts';
import { createOnce, type Kind, type Once, type OnceOptions, type SavedIn } from '../once/index.ts';
import { collections, readAccount, type HistoryInput, type UserType, type Work } from '../records/index.ts';
import { is, type Blobs, type Document, type Filter, type Store } from '../store/index.ts';
import type { Download } from './asset/index.ts';
import { readHistory, type History } from './history.ts';
import { askForPicture } from './pay.ts';
import { createPictureCall, type Order, type Visit } from './picture-call.ts';
import { createPictureKind, type Draft } from './picture-kind.ts';
import type { Moderate } from './moderation.ts';
import type { Provider } from './providers/index.ts';
import { DAILY_LIMITS, dailyUsage, type DailyUsage } from './quota.ts';
import { findUser, type Registration, type UserDeps } from './users.ts';

export interface GenerationDeps {
  readonly store: Store;
  readonly blobs?: Blobs | undefined;
  readonly writer: DurableWriter;
  readonly clock: Clock;
  readonly random: Random;
  readonly hash: Hash;
  readonly log: Log;
  readonly download: Download;
  /** Absent: every generation is refused with `PROVIDER_NOT_CONFIGURED`. */
  readonly provider?: Provider | undefined;
  /** Services used before, which are still asked about the tasks that they took. @default none */
  readonly earlierProviders?: readonly Provider[] | undefined;
  /** Looks at what a person wrote before anything is taken. Absent: nobody does. */
  readonly moderate?: Moderate | undefined;
}

export interface GenerationOptions extends OnceOptions {
  /** @default open, with 20 credits */
  readonly registration?: Registration;
}

/** A generation that ended with a record; which may say that it failed. */
export interface Generated {
  readonly work: Work;
  readonly savedIn: SavedIn;
  readonly replayed: boolean;
  readonly remainingCredits: number;
  readonly dailyUsage: DailyUsage;
}

export interface Usage extends DailyUsage {
  readonly type: UserType;
  readonly credits: number;
  /** When the quota starts anew: the next Beijing midnight, ISO 8601. */
  readonly resetAt: string;
}

/** AI pictures: each call leaves exactly one record. */
export interface Generation {
  /**
   * Makes one picture, or answers what an earlier call with this request id left. Codes: see `Once.call`; and
   * `PROMPT_REJECTED` or `MODERATION_UNAVAILABLE` with nothing taken, where the deployment has texts looked at.
   */
  generate(visit: Visit, input: Order['input']): Promise<Generated>;
  history(visit: Visit, input: HistoryInput): Promise<History>;
  usage(visit: Visit): Promise<Usage>;
  /** Hides a work of this person; its record stays for counting and replay. Rejects with `WORK_NOT_FOUND`. */
  deleteWork(visit: Visit, workId: string): Promise<void>;
}

const DEFAULT_REGISTRATION: Registration = { open: true, initialCredits: 20 };

/** The generation service over its ports. */
export function createGeneration(deps: GenerationDeps, options: GenerationOptions = {}): Generation {
  const users: UserDeps = { ...deps, registration: options.registration ?? DEFAULT_REGISTRATION };
  const parts: Parts = { ...deps, users, once: createOnce(deps, kindOf(deps), options) };
  return {
    generate: (visit, input) => generate(parts, visit, input),
    history: (visit, input) => history(parts, visit, input),
    usage: (visit) => usage(parts, visit),
    deleteWork: (visit, workId) => deleteWork(parts, visit, workId),
  };
}

/** Pictures as a kind of costly call over these ports. */
export function kindOf(deps: GenerationDeps): Kind {
  return createPictureKind(async (taskId, { id, hold }, deadline) => {
    const { provider: name = '' } = (hold.draft ?? {}) as Partial<Draft>;
    const taker = [deps.provider, ...(deps.earlierProviders ?? [])].find((provider) => provider?.name === name);
    if (taker) return askForPicture(deps, taker, { taskId, id, attempt: hold.attempt, deadline });
    // Another service would say of a task that it never took that there is none.
    deps.log.write('warn', 'generation.provider-gone', { recordId: id, provider: name });
    const error = new DurableError('PROVIDER_NOT_CONFIGURED', `the task is with "${name}", which is not configured`);
    return { status: 'unknown', error };
  });
}

interface Parts extends GenerationDeps {
  readonly users: UserDeps;
  readonly once: Once;
}

async function generate(parts: Parts, visit: Visit, input: Order['input']): Promise<Generated> {
  const { clock, provider, once } = parts;
  if (!provider) throw new DurableError('PROVIDER_NOT_CONFIGURED', 'set WX_DURABLE_PROVIDER; nothing was opened');
  const nowMs = clock.now();
  const answer = await once.call(createPictureCall(parts, { visit, input, provider, nowMs }), visit.deadline);
  const work = answer.record as Work | undefined;
  if (answer.outcome === 'unknown' || !work) throw unknownResult(work?._id);
  const { savedIn, replayed } = answer;
  return { work, savedIn, replayed, ...balance(answer, work, nowMs) };
}

// The account was read before this call took anything: what it took since is added here, without a request.
function balance(
  { account: document, replayed }: { account: Parameters<typeof readAccount>[0]; replayed: boolean },
  work: Work,
  nowMs: number,
): Pick<Generated, 'remainingCredits' | 'dailyUsage'> {
  const account = readAccount(document);
  // A further attempt pays with what the first one took, which the account showed already.
  const counted = !replayed && work.status === 'completed' && work.attempt === 1 ? 1 : 0;
  return {
    remainingCredits: account.credits - counted * work.price,
    dailyUsage: dailyUsage(account, nowMs, counted),
  };
}

function unknownResult(id: string | undefined): DurableError {
  return new DurableError('ONCE_UNKNOWN', 'the result was not seen; it is looked for, and not paid again by itself', {
    details: { recordId: id },
  });
}

async function history(parts: Parts, visit: Visit, input: HistoryInput): Promise<History> {
  const account = await findUser(parts.users, visit.openid, { deadline: visit.deadline });
  const { page, pageSize } = input;
  if (!account) return { list: [], page, pageSize, hasMore: false, nextCursor: null, partial: false };
  return readHistory(
    { store: parts.store, writer: parts.writer, nowMs: parts.clock.now(), deadline: visit.deadline },
    account,
    input,
  );
}

async function usage(parts: Parts, visit: Visit): Promise<Usage> {
  const nowMs = parts.clock.now();
  const resetAt = new Date(nextBeijingMidnight(nowMs)).toISOString();
  const document = await findUser(parts.users, visit.openid, { deadline: visit.deadline });
  if (!document) {
    const { open, initialCredits } = parts.users.registration;
    const limit = DAILY_LIMITS.free;
    return { used: 0, limit, remaining: limit, type: 'free', credits: open ? initialCredits : 0, resetAt };
  }
  const account = readAccount(document);
  return { ...dailyUsage(account, nowMs), type: account.type, credits: account.credits, resetAt };
}

async function deleteWork(parts: Parts, { openid, deadline }: Visit, workId: string): Promise<void> {
  const { store, clock } = parts;
  const account = await findUser(parts.users, openid, { deadline });
  if (!account) throw notFound();
  const change = { set: { deletedAt: new Date(clock.now()) } };
  const where = { userId: account._id, deletedAt: is.absent() };
  const updated = await store.update(collections.works, { id: workId, where }, change, { deadline });
  // Its letters too, also those that nobody needs: a letter that waits stands in the history, and comes home.
  const owned = { userId: account._id, recordId: workId, state: 'waiting' };
  const letters = await lettersWhere(store, owned, deadline);
  for (const { _id } of letters)
    await store.update(collections.emergencyBackup, { id: _id, where }, change, { deadline });
  // Recovery may have brought the record home between the two.
  if (updated === 0 && letters.length > 0)
    await store.update(collections.works, { id: workId, where }, change, { deadline });
  if (updated === 1 || letters.length > 0) return;
  // Deleted before, or not this person's: the same answer for what is not theirs as for what is not there.
  const stored = await store.get(collections.works, workId, { deadline });
  if (stored?.['userId'] !== account._id) throw notFound();
  // It came home, and its letter was closed, just between the looks.
  if (stored['deletedAt'] === undefined)
    await store.update(collections.works, { id: workId, where }, change, { deadline });
}

async function lettersWhere(store: Store, where: Filter, deadline: Deadline): Promise<readonly Document[]> {
  try {
    return (await store.page(collections.emergencyBackup, { where, limit: 10 }, { deadline })).items;
  } catch (error) {
    if (isDurableError(error, 'STORE_NOT_FOUND')) return [];
    throw error;
  }
}

function notFound(): DurableError {
  return new DurableError('WORK_NOT_FOUND', 'no such work of this user');
}
