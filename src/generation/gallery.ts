import {
  DurableError,
  isDurableError,
  nextBeijingMidnight,
  type Clock,
  type Deadline,
  type Hash,
} from '../core/index.ts';
import { retried, withLetters, type RecordWriter } from '../durable/index.ts';
import { collections, readAccount, type HistoryInput, type UserType } from '../records/index.ts';
import { is, type Document, type CallOptions, type CallStore, type Filter } from '../store/index.ts';
import { readHistory, type History } from './history.ts';
import type { Visit } from './picture-call.ts';
import { DAILY_LIMITS, dailyUsage, type DailyUsage } from './quota.ts';
import { findUser, type Registration } from './users.ts';

export interface GalleryDeps {
  readonly store: CallStore;
  readonly writer: RecordWriter;
  readonly clock: Clock;
  readonly hash: Hash;
  readonly registration: Registration;
}

export interface Usage extends DailyUsage {
  readonly type: UserType;
  readonly credits: number;
  /** When the quota starts anew: the next Beijing midnight, ISO 8601. */
  readonly resetAt: string;
}

/** What a person made so far, and may still make; nothing here costs anything. */
export interface Gallery {
  history(visit: Visit, input: HistoryInput): Promise<History>;
  usage(visit: Visit): Promise<Usage>;
  /** Hides a work of this person; its record stays for counting and replay. Rejects with `WORK_NOT_FOUND`. */
  deleteWork(visit: Visit, workId: string): Promise<void>;
}

/** A person's works and quota, over the ports. */
export function createGallery(deps: GalleryDeps): Gallery {
  const patient = ({ deadline }: Visit): GalleryDeps => ({ ...deps, store: patientStore(deps, deadline) });
  return {
    history: (visit, input) => history(patient(visit), visit, input),
    usage: (visit) => usage(patient(visit), visit),
    deleteWork: (visit, workId) => deleteWork(patient(visit), visit, workId),
  };
}

/** Somebody looks at a screen meanwhile: once more is enough. */
const MAX_ATTEMPTS = 2;

// What got lost is asked again. A deletion that had happened changes nothing the second time, and is then found done. Each
// statement has a lane of its own: what is asked at once must not wait for one another's probe after an outage, and what
// making pictures met says nothing to somebody who only looks.
function patientStore({ store, writer }: GalleryDeps, deadline: Deadline): CallStore {
  const ask = <T>(statement: string, run: (call: CallOptions) => Promise<T>): Promise<T> =>
    retried(writer.retrier, { key: `look: ${statement}`, deadline, maxAttempts: MAX_ATTEMPTS }, run);
  return {
    ...store,
    get: (name, id, options) => ask(`get ${name}`, (call) => store.get(name, id, { ...options, ...call })),
    page: (name, request) => ask(`page ${name}`, (call) => store.page(name, request, call)),
    update: (name, target, change) => ask(`update ${name}`, (call) => store.update(name, target, change, call)),
  };
}

async function history(parts: GalleryDeps, visit: Visit, input: HistoryInput): Promise<History> {
  const account = await findUser(parts, visit.openid, { deadline: visit.deadline });
  const { page, pageSize } = input;
  if (!account) return { list: [], page, pageSize, hasMore: false, nextCursor: null, partial: false };
  const { store, clock } = parts;
  const deps = { store, writer: withLetters(parts.writer), nowMs: clock.now(), deadline: visit.deadline };
  return readHistory(deps, account, input);
}

async function usage(parts: GalleryDeps, visit: Visit): Promise<Usage> {
  const nowMs = parts.clock.now();
  const resetAt = new Date(nextBeijingMidnight(nowMs)).toISOString();
  const document = await findUser(parts, visit.openid, { deadline: visit.deadline });
  if (!document) {
    const { open, initialCredits } = parts.registration;
    const limit = DAILY_LIMITS.free;
    return { used: 0, limit, remaining: limit, type: 'free', credits: open ? initialCredits : 0, resetAt };
  }
  const account = readAccount(document);
  return { ...dailyUsage(account, nowMs), type: account.type, credits: account.credits, resetAt };
}

async function deleteWork(parts: GalleryDeps, { openid, deadline }: Visit, workId: string): Promise<void> {
  const { store, clock } = parts;
  const account = await findUser(parts, openid, { deadline });
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

async function lettersWhere(store: CallStore, where: Filter, deadline: Deadline): Promise<readonly Document[]> {
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
