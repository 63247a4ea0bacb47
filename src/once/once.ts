import { asDurableError, createDeadline, DurableError, type Deadline } from '../core/index.ts';
import { retried, type WriteOutcome } from '../durable/index.ts';
import { isFinal } from '../records/index.ts';
import { is, type Document } from '../store/index.ts';
import { holdIn, isOfKind, prunedIn, type Hold } from './hold.ts';
import type { Kind, OnceAnswer, OnceRequest, SavedIn } from './kind.ts';
import { answerEarlier } from './earlier.ts';
import { replay, unreadableRecord, type Course } from './course.ts';
import { abandon, open, type Opened } from './open.ts';
import { pay, recordOf } from './pay.ts';
import { readRetried, settle, type CallDeps, type CallParts, type OnceDeps, type OnceOptions } from './parts.ts';
import { mayBePruned } from './pruned.ts';

/** Time for a last answer after the deadline, before the platform kills the function. */
const LEASE_GRACE_MS = 1_000;
/** With less than this left after paying, recording is given this much all the same. */
const LAST_TRY_MS = 1_000;
/** Time kept for recording and closing: this much, but at most this share of the call's whole time. */
const SETTLE_RESERVE_MS = 8_000;
const SETTLE_SHARE = 0.4;
/** Paying is not started with less than this share of the call's whole time. */
const MIN_PAY_SHARE = 0.1;

/** One costly call, paid at most once and recorded exactly once. */
export interface Once {
  /**
   * Opens, pays, records, closes; or answers what an earlier call with this id left.
   *
   * Rejects only when nothing was paid by this call: `IDEMPOTENCY_MISMATCH`, `ONCE_IN_PROGRESS`, the
   * request's own refusal, `DEADLINE_PASSED`, a `STORE_*` error; or with `WRITE_LOST` when no tier took the
   * record (recovery will find the open hold).
   */
  call(request: OnceRequest, deadline: Deadline): Promise<OnceAnswer>;
}

/** The protocol of one kind of costly call. */
export function createOnce(deps: OnceDeps, kind: Kind, options: OnceOptions = {}): Once {
  return createOnceApart(deps, kind, { ...options, earlier: async () => answerEarlier });
}

/** How to come by what answers a call whose id an earlier one has used; asked for when it is needed. */
export type LoadEarlier = () => Promise<typeof answerEarlier>;

/** As `createOnce`, with the answering of earlier calls kept apart: a function that calls rarely needs it. */
export function createOnceApart(
  deps: CallDeps,
  kind: Kind,
  { earlier, ...options }: OnceOptions & { readonly earlier: LoadEarlier },
): Once {
  const parts: OwnParts = { ...deps, kind, options, earlier };
  return { call: (request, deadline) => call(parts, request, deadline) };
}

interface OwnParts extends CallParts {
  readonly earlier: LoadEarlier;
}

async function call(parts: OwnParts, request: OnceRequest, deadline: Deadline): Promise<OnceAnswer> {
  const course = planCourse(parts, request, deadline);
  const [account, seen] = await Promise.all([readAccount(parts, course), readRecord(parts, course, 1)]);
  const hold = holdIn(account, request.id);
  // Its hold may have been pruned, or voided after recovery wrote a record: then the record alone tells what became of it.
  const isVoided = hold?.st === 'void' && hold.attempt > 0;
  const isInDoubt = seen === UNREADABLE && (isVoided || mayBePruned(prunedIn(account).ids, request.id));
  const stored = isInDoubt ? await readRecord(parts, course) : seen;
  if (isInDoubt && stored === UNREADABLE) throw unreadableRecord(request.id);
  const record = stored === UNREADABLE ? undefined : stored;
  if (record && record['hash'] !== request.hash) throw mismatch(request.id);
  if (record && isFinal(record['status'])) return replay(record, 'works', account);
  if (hold && hold.st !== 'void' && hold.hash !== request.hash) throw mismatch(request.id);
  if (hold && !isOfKind(hold, parts.kind)) throw mismatch(request.id);
  if (!hold || (hold.st === 'void' && !record)) return start(parts, course, { account, seen: hold });
  const answer = await parts.earlier();
  const isUnreadable = stored === UNREADABLE;
  return answer(parts, course, {
    account,
    hold,
    record,
    isUnreadable,
    perform: (opened) => perform(parts, course, opened),
  });
}

function planCourse(parts: CallParts, request: OnceRequest, deadline: Deadline): Course {
  const wholeMs = deadline.remainingMs();
  return {
    request,
    deadline,
    until: deadline.atMs + LEASE_GRACE_MS,
    reserveMs: Math.min(parts.options.settleReserveMs ?? SETTLE_RESERVE_MS, wholeMs * SETTLE_SHARE),
    minPayMs: wholeMs * MIN_PAY_SHARE,
  };
}

const UNREADABLE = Symbol('unreadable');

// An unreadable record does not stop the call: the hold is the lock, and the insert finds a duplicate.
function readRecord(
  parts: CallParts,
  { request, deadline }: Course,
  maxAttempts?: number,
): Promise<Document | undefined | typeof UNREADABLE> {
  const what = { collection: parts.kind.records, id: request.id, ...(maxAttempts ? { maxAttempts } : {}) };
  return readRetried(parts, what, deadline).catch((): typeof UNREADABLE => UNREADABLE);
}

async function readAccount(parts: CallParts, { request, deadline }: Course): Promise<Document> {
  const budget = { key: parts.kind.accounts, deadline, recordId: request.id };
  return retried(parts.writer.retrier, budget, (call) => request.account(call));
}

async function start(
  parts: CallParts,
  course: Course,
  { account, seen }: { account: Document; seen: Hold | undefined },
): Promise<OnceAnswer> {
  const { request, until, deadline } = course;
  const opened = await open(parts, { request, account, seen, until, deadline });
  return perform(parts, course, { opened, seen });
}

async function perform(
  parts: CallParts,
  course: Course,
  { opened, seen }: { opened: Opened; seen: Hold | undefined },
): Promise<OnceAnswer> {
  const { request, deadline } = course;
  const { key, hold } = opened;
  const payBy = deadline.minus(course.reserveMs);
  // Checked immediately before paying: an instance that was frozen since must not pay late.
  if (payBy.remainingMs() < course.minPayMs) {
    if (hold.attempt === 1) await abandon(parts, { key, hold, seen }, deadline);
    throw new DurableError('DEADLINE_PASSED', 'not enough time was left to pay and record; nothing was paid');
  }
  const payment = await pay(parts, { request, opened }, payBy);
  const record = recordOf(parts, opened, payment);
  // Thawed after paying, or the payment took it all: the result is still worth a last try.
  const recordBy =
    deadline.remainingMs() < LAST_TRY_MS ? createDeadline(parts.clock, parts.clock.now() + LAST_TRY_MS) : deadline;
  const outcome = await parts.writer.write({
    collection: parts.kind.records,
    record,
    deadline: recordBy,
    attempt: hold.attempt,
    // An older attempt's `unknown`, or one fenced for an opening that was voided, says nothing that ours does not.
    replaces: { status: 'unknown', attempt: is.atMost(hold.attempt) },
    sameBy: ['token', 'status'],
    tellsSaving: true,
  });
  return conclude(parts, { opened, record, outcome }, recordBy);
}

interface Written {
  readonly opened: Opened;
  readonly record: Document;
  readonly outcome: WriteOutcome;
}

async function conclude(parts: CallParts, written: Written, deadline: Deadline): Promise<OnceAnswer> {
  const { opened, outcome } = written;
  const record = outcome.status === 'dead-lettered' ? written.record : outcome.record;
  const savedIn: SavedIn = outcome.status === 'dead-lettered' ? outcome.tier : 'works';
  const { status } = record;
  // After the lease somebody else may already have looked into the lower tiers: only `works` speaks then.
  const late = savedIn !== 'works' && parts.clock.now() >= opened.hold.until;
  if (!isFinal(status) || late) return { outcome: 'unknown', record };
  const answer: OnceAnswer = { outcome: 'final', record, savedIn, replayed: false, account: opened.account };
  // What sits in storage or the log alone stays open, so that recovery finds it.
  if (savedIn !== 'works' && savedIn !== 'emergency_backup') return answer;
  const isClosed = await closeQuietly(parts, { opened, status }, deadline);
  if (isClosed || savedIn === 'works') return answer;
  return (await answerOfAnother(parts, written, deadline)) ?? answer;
}

// The record is safe: a hold that cannot be closed now must not spoil the answer. Recovery closes it. False where there was
// nothing of ours to close.
async function closeQuietly(
  parts: CallParts,
  { opened, status }: { opened: Opened; status: 'completed' | 'failed' },
  deadline: Deadline,
): Promise<boolean> {
  try {
    return await settle(parts, { key: opened.key, hold: opened.hold, status }, deadline);
  } catch (error) {
    const { code } = asDurableError(error);
    parts.log.write('warn', 'once.close-postponed', { recordId: opened.key.id, code });
    return true;
  }
}

// There was nothing to close. Perhaps a first try had closed it; or somebody whose clock is minutes ahead took the lease
// for over: then what that one did counts, and our letter may be superseded by it.
async function answerOfAnother(
  parts: CallParts,
  { opened, record }: Written,
  deadline: Deadline,
): Promise<OnceAnswer | undefined> {
  const { key, hold, account } = opened;
  const read = (collection: string, id: string) =>
    readRetried(parts, { collection, id, maxAttempts: 1 }, deadline).catch(() => undefined);
  const now = await read(parts.kind.accounts, key.accountId);
  if (now && holdIn(now, key.id)?.token !== hold.token) return { outcome: 'unknown', record };
  // After the account: who closed it had recorded before.
  const stored = await read(parts.kind.records, key.id);
  return stored && isFinal(stored['status']) ? replay(stored, 'works', account) : undefined;
}

function mismatch(id: string): DurableError {
  return new DurableError('IDEMPOTENCY_MISMATCH', 'this request id was used with another payload; use a new one', {
    details: { recordId: id },
  });
}
