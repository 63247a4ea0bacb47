import { DurableError, isDurableError, type Code, type Deadline, type Plain } from '../core/index.ts';
import { collections, SCHEMA_VERSION } from '../records/index.ts';
import type { CallOptions, Document, Store } from '../store/index.ts';
import { beatEveryMs, behindAfterMs, nextDueAt, type Schedule } from './schedule.ts';

/** A job by name: when it is due, and the version of its checkpoints (raised when an older one makes no sense any more). */
export interface Job {
  readonly name: string;
  readonly schedule: Schedule;
  readonly version: number;
}

/** A job as the table holds it, without its checkpoint. What has another type than it should is taken for absent. */
export interface JobRow {
  readonly name: string;
  /** As stored; anything that is no text is nobody's. */
  readonly leaseToken: unknown;
  readonly leaseUntilAt: number | undefined;
  readonly dueAt: number | undefined;
  readonly beatAt: number | undefined;
  readonly createdAt: number | undefined;
  readonly runs: unknown;
  /** Runs begun since the last progress. */
  readonly tries: number;
  readonly checkpointVersion: number | undefined;
  readonly lastStartedAt: number | undefined;
  readonly lastFinishedAt: number | undefined;
  readonly lastSummary: Plain;
  readonly lastError: Plain;
}

/** All jobs as they were at one moment. */
export interface JobTable {
  /** The collection does not exist: jobs run, but nothing of them is kept. */
  readonly isMissing: boolean;
  readonly rows: ReadonlyMap<string, JobRow>;
}

export type Attempt = <T>(deadline: Deadline, run: (call: CallOptions) => Promise<T>) => Promise<T>;

const FIELDS = [
  ...['lease', 'dueAt', 'beatAt', 'createdAt', 'runs', 'tries', 'checkpointVersion'],
  ...['lastStartedAt', 'lastFinishedAt', 'lastSummary', 'lastError'],
];
/** One page holds all jobs there will ever be. */
const PAGE = 100;

/** Reads the table without its checkpoints, in one round trip. */
export async function readTable(store: Store, attempt: Attempt, deadline: Deadline): Promise<JobTable> {
  try {
    const request = { limit: PAGE, fields: FIELDS };
    const { items } = await attempt(deadline, (call) => store.page(collections.jobs, request, call));
    return { isMissing: false, rows: new Map(items.map((document) => [document._id, readRow(document)])) };
  } catch (error) {
    if (isDurableError(error, 'STORE_NOT_FOUND')) return { isMissing: true, rows: new Map() };
    throw error;
  }
}

/** A stored job, whatever became of it. */
export function readRow(document: Document): JobRow {
  const lease = (document['lease'] ?? {}) as { readonly token?: unknown; readonly untilAt?: unknown };
  const { tries, checkpointVersion } = document;
  return {
    name: document._id,
    leaseToken: lease.token,
    leaseUntilAt: momentIn(lease.untilAt),
    dueAt: momentIn(document['dueAt']),
    beatAt: momentIn(document['beatAt']),
    createdAt: momentIn(document['createdAt']),
    runs: document['runs'],
    tries: typeof tries === 'number' ? tries : 0,
    checkpointVersion: typeof checkpointVersion === 'number' ? checkpointVersion : undefined,
    lastStartedAt: momentIn(document['lastStartedAt']),
    lastFinishedAt: momentIn(document['lastFinishedAt']),
    lastSummary: (document['lastSummary'] ?? null) as Plain,
    lastError: (document['lastError'] ?? null) as Plain,
  };
}

function momentIn(value: unknown): number | undefined {
  const ms = value instanceof Date ? value.getTime() : value;
  return typeof ms === 'number' && Number.isFinite(ms) ? ms : undefined;
}

/** A job that never ran. */
export function newRow(job: Job, nowMs: number): Document {
  const now = new Date(nowMs);
  return { _id: job.name, schemaVersion: SCHEMA_VERSION, createdAt: now, dueAt: now, checkpoint: null };
}

/** Longer than any function lives, and than clocks differ: a lease that claims more was written by a wrong clock. */
export const MAX_RUN_MS = 15 * 60_000;
export const LEASE_MARGIN_MS = 60_000;
const CLOCK_SKEW_MS = 10 * 60_000;

/** Whether somebody is at work on it. */
export function isLeased(row: JobRow, nowMs: number): boolean {
  const untilAt = row.leaseUntilAt;
  if (typeof row.leaseToken !== 'string' || untilAt === undefined) return false;
  return untilAt > nowMs && untilAt <= nowMs + MAX_RUN_MS + LEASE_MARGIN_MS + CLOCK_SKEW_MS;
}

/**
 * Whether it is time. A job that never ran is due; so is one whose next time lies beyond its next slot, since only
 * another schedule or a wrong clock can have written that.
 */
export function isDue(job: Job, row: JobRow, nowMs: number): boolean {
  const { dueAt } = row;
  return dueAt === undefined || dueAt <= nowMs || dueAt > nextDueAt(job.schedule, nowMs) + CLOCK_SKEW_MS;
}

/** Whether a run at this moment would find something to do. */
export function isReady(table: JobTable, job: Job, nowMs: number): boolean {
  const row = table.rows.get(job.name);
  return row === undefined || (!isLeased(row, nowMs) && isDue(job, row, nowMs));
}

/** A job that should have shown itself. */
export interface Overdue {
  readonly name: string;
  /** `never`: not once seen. `silent`: its timer has stopped firing. `behind`: it is fired, but never done. */
  readonly why: 'never' | 'silent' | 'behind';
  /** Since when, as far as is known; for `never` since the table exists. */
  readonly sinceMs: number;
}

/** A new deployment's timers need a while until each has fired once. */
const FIRST_SEEN_MS = 2 * 3_600_000;
const MISSED_BEATS = 4;

/** Those of `jobs` that are overdue at `nowMs`; pure. */
export function overdueJobs(table: JobTable, jobs: readonly Job[], nowMs: number): readonly Overdue[] {
  const ages = [...table.rows.values()].map((row) => nowMs - (row.createdAt ?? nowMs));
  const tableAgeMs = Math.max(0, ...ages);
  return jobs.flatMap((job): Overdue[] => {
    const row = table.rows.get(job.name);
    if (!row) return tableAgeMs > FIRST_SEEN_MS ? [{ name: job.name, why: 'never', sinceMs: tableAgeMs }] : [];
    const silentMs = nowMs - (row.beatAt ?? row.createdAt ?? 0);
    if (silentMs > MISSED_BEATS * beatEveryMs(job.schedule)) {
      return [{ name: job.name, why: 'silent', sinceMs: silentMs }];
    }
    const behindMs = nowMs - (row.dueAt ?? nowMs);
    return behindMs > behindAfterMs(job.schedule) ? [{ name: job.name, why: 'behind', sinceMs: behindMs }] : [];
  });
}

/** What a failed run leaves in the table: the code alone, since messages may hold what is nobody's business. */
export function errorNote(code: Code, atMs: number): Plain {
  return { code, at: new Date(atMs) };
}

/** Why a run stops half-way: its lease ended, and another run has the job. */
export function takenOver(job: Job): DurableError {
  return new DurableError('STORE_CONFLICT', `another run has taken over job "${job.name}"; stop`, {
    details: { job: job.name },
  });
}
