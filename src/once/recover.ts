import { asDurableError, isDurableError, type Deadline } from '../core/index.ts';
import { verified, walkPages, type Letter, type Placement, type WalkReport } from '../durable/index.ts';
import { isFinal } from '../records/index.ts';
import { is, type Document, type Filter, type PageKey } from '../store/index.ts';
import { holdIn, type Hold } from './hold.ts';
import { readRetried, type OnceDeps, type OnceOptions, type Parts } from './parts.ts';
import type { Kind } from './kind.ts';
import { recoveredRecord, resolve } from './resolve.ts';

/** Open holds first (they may free credits), then unexplained records, then letters that nobody asked for. */
const PHASES = ['holds', 'unknown', 'letters'] as const;
export type RecoverPhase = (typeof PHASES)[number];

export interface RecoverCheckpoint {
  readonly phase: RecoverPhase;
  readonly after?: PageKey;
}

export interface RecoverRequest {
  readonly deadline: Deadline;
  /** Where an earlier run stopped. */
  readonly from?: RecoverCheckpoint | undefined;
  /** Other collections whose letters are brought home; letters for any further one are left. @default none */
  readonly also?: readonly string[] | undefined;
}

export interface RecoverReport {
  /** What each phase did; phases not reached are absent. */
  readonly phases: Readonly<Partial<Record<RecoverPhase, WalkReport>>>;
  /** Present when the deadline came first. */
  readonly checkpoint?: RecoverCheckpoint;
}

const PAGE = 100;

/** Recovery of one kind of costly call; apart from `createOnce`, since the function that calls does not recover. */
export interface Recovery {
  /**
   * Finishes every call that nobody is running any more, and brings dead letters home, record by record: one
   * that cannot be finished never stops the others. May run at any time, any number of times, also twice at once.
   */
  recover(request: RecoverRequest): Promise<RecoverReport>;
}

/** The recovery of one kind of costly call. */
export function createRecovery(deps: OnceDeps, kind: Kind, options: OnceOptions = {}): Recovery {
  const parts: Parts = { ...deps, kind, options };
  return { recover: (request) => recover(parts, request) };
}

async function recover(parts: Parts, request: RecoverRequest): Promise<RecoverReport> {
  const { deadline, from } = request;
  const walks: Record<RecoverPhase, (after: PageKey | undefined) => Promise<WalkReport>> = {
    holds: (after) => recoverHolds(parts, deadline, after),
    unknown: (after) => recoverUnknown(parts, deadline, after),
    letters: (after) => recoverLetters(parts, request, after),
  };
  const phases: Partial<Record<RecoverPhase, WalkReport>> = {};
  for (const phase of PHASES.slice(PHASES.indexOf(from?.phase ?? 'holds'))) {
    const report = await walks[phase](phase === from?.phase ? from.after : undefined).catch(failedPhase);
    phases[phase] = report;
    if (report.checkpoint) return { phases, checkpoint: { phase, after: report.checkpoint } };
  }
  return { phases };
}

// A phase that cannot read its pages is reported, and the others run all the same.
function failedPhase(error: unknown): WalkReport {
  return { done: 0, skipped: 0, failed: [{ id: '', code: asDurableError(error).code }] };
}

function pages(
  parts: Parts,
  what: { collection: string; where: Filter; fields?: readonly string[] },
  deadline: Deadline,
) {
  const { collection, where, fields } = what;
  return async (after: PageKey | undefined) => {
    try {
      return await parts.store.page(
        collection,
        { where, after, limit: PAGE, ...(fields ? { fields } : {}) },
        { deadline },
      );
    } catch (error) {
      // No such collection, no such records.
      if (isDurableError(error, 'STORE_NOT_FOUND')) return { items: [] };
      throw error;
    }
  };
}

function recoverHolds(parts: Parts, deadline: Deadline, after: PageKey | undefined): Promise<WalkReport> {
  const where = { 'quota.open': is.above(0) };
  return walkPages({
    deadline,
    after,
    read: pages(parts, { collection: parts.kind.accounts, where, fields: ['quota'] }, deadline),
    visit: async (account) => {
      const expired = expiredHolds(account, parts.clock.now());
      const failures: unknown[] = [];
      for (const id of expired) {
        await resolve(parts, { id, accountId: account._id }, deadline).catch((error: unknown) => failures.push(error));
      }
      if (failures.length > 0) throw failures[0];
      return expired.length > 0;
    },
  });
}

function expiredHolds(account: Document, nowMs: number): readonly string[] {
  const { quota } = account as { quota?: { holds?: Record<string, Hold> } };
  return Object.entries(quota?.holds ?? {})
    .filter(([, hold]) => (hold as Hold | null)?.st === 'open' && hold.until <= nowMs)
    .map(([id]) => id);
}

function recoverUnknown(parts: Parts, deadline: Deadline, after: PageKey | undefined): Promise<WalkReport> {
  return walkPages({
    deadline,
    after,
    read: pages(parts, { collection: parts.kind.records, where: { status: 'unknown' } }, deadline),
    visit: async (record) => {
      const now = await resolve(parts, { id: record._id, accountId: String(record['userId']) }, deadline);
      return isFinal(now?.['status']);
    },
  });
}

async function recoverLetters(
  parts: Parts,
  { deadline, also = [] }: RecoverRequest,
  after: PageKey | undefined,
): Promise<WalkReport> {
  try {
    return await parts.writer.redrive({ deadline, after, place: (letter) => place(parts, { letter, also }, deadline) });
  } catch (error) {
    if (isDurableError(error, 'STORE_NOT_FOUND')) return { done: 0, skipped: 0, failed: [] };
    throw error;
  }
}

async function place(
  parts: Parts,
  { letter, also }: { letter: Letter; also: readonly string[] },
  deadline: Deadline,
): Promise<Placement> {
  const { kind } = parts;
  const { recordId, payload } = letter;
  // A letter names its place itself: only places that were agreed on are written to.
  if (letter.collection !== kind.records) {
    return also.includes(letter.collection) ? bringHome(parts, letter, deadline) : 'waiting';
  }
  if (payload['token'] === undefined) return placeOlder(parts, letter, deadline);
  const accountId = String(payload['userId']);
  const record = await resolve(parts, { id: recordId, accountId }, deadline);
  const account = await readRetried(parts, { collection: kind.accounts, id: accountId }, deadline);
  const hold = account && holdIn(account, recordId);
  if (record && isFinal(record['status'])) return record['token'] === payload['token'] ? 'redriven' : 'superseded';
  if (hold?.st === 'open') return payload['token'] === hold.token ? 'waiting' : 'superseded';
  // Once closed, only the hold's own token counts; where the account or its hold is gone, the letter does.
  if (hold && hold.token !== payload['token']) return 'superseded';
  return bringHome(parts, letter, deadline);
}

// The older flat form has an id of its own making: its record may be there under another one.
async function placeOlder(parts: Parts, letter: Letter, deadline: Deadline): Promise<Placement> {
  const { userId, prompt, createdAt } = letter.payload as Document & {
    userId?: string;
    prompt?: string;
    createdAt?: Date;
  };
  if (typeof userId === 'string' && typeof prompt === 'string' && createdAt instanceof Date) {
    const request = { where: { userId, prompt, createdAt }, limit: 1 };
    const twin = await parts.store.page(parts.kind.records, request, { deadline });
    if (twin.items.length > 0) return 'superseded';
  }
  return bringHome(parts, letter, deadline);
}

async function bringHome(parts: Parts, letter: Letter, deadline: Deadline): Promise<Placement> {
  const { collection } = letter;
  const record = recoveredRecord(letter, parts.clock.now());
  const sameBy = Object.keys(letter.payload);
  const replaces = typeof record['token'] === 'string' ? { status: 'unknown', token: record['token'] } : undefined;
  const outcome = await parts.writer.store({ collection, record, deadline, sameBy, ...(replaces ? { replaces } : {}) });
  return verified(parts, { collection, record }, outcome);
}
