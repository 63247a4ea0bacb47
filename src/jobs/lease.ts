import { canonicalJson, isDurableError, parseCanonical, type Deadline, type Plain } from '../core/index.ts';
import { collections } from '../records/index.ts';
import { is, type Change, type Document, type Filter, type Store } from '../store/index.ts';
import { newRow, readRow, type Attempt, type Job, type JobRow } from './table.ts';

export interface LeaseParts {
  readonly store: Store;
  readonly attempt: Attempt;
  readonly deadline: Deadline;
}

/** The right to run a job, until it is given back or another run takes it over. */
export interface Lease {
  readonly job: Job;
  readonly token: string;
  /** The number of this run, by which it knows its own traces. */
  readonly runs: number;
}

export interface Wanted {
  readonly job: Job;
  readonly row: JobRow | undefined;
  readonly token: string;
  readonly nowMs: number;
  readonly untilAtMs: number;
  /** Forgets the checkpoint. */
  readonly startsOver: boolean;
}

/**
 * Takes the lease on condition that nobody has since the row was read; undefined when somebody was faster. An answer
 * that was lost is found out by the own token.
 */
export async function takeLease(parts: LeaseParts, wanted: Wanted): Promise<Lease | undefined> {
  const { job, row, token, nowMs, startsOver } = wanted;
  const runs = (typeof row?.runs === 'number' ? row.runs : 0) + 1;
  const taken = {
    lease: { token, untilAt: new Date(wanted.untilAtMs), saves: 0 },
    beatAt: new Date(nowMs),
    lastStartedAt: new Date(nowMs),
    runs,
    tries: startsOver ? 1 : (row?.tries ?? 0) + 1,
    ...(startsOver ? { checkpoint: null, checkpointVersion: null } : {}),
  };
  const isFirst = row === undefined;
  const isTaken = isFirst
    ? await insert(parts, { ...newRow(job, nowMs), ...taken })
    : await change(parts, { id: job.name, where: unmoved(row) }, { set: taken });
  if (!isTaken && (await readJob(parts, job))?.leaseToken !== token) return undefined;
  return { job, token, runs };
}

async function insert({ store, attempt, deadline }: LeaseParts, document: Document): Promise<boolean> {
  return (await attempt(deadline, (call) => store.insert(collections.jobs, document, call))) === 'inserted';
}

// Every run leaves another number, and the end of one takes its token away. What has no right type is no condition:
// a damaged row must not keep its job from running for ever.
function unmoved({ leaseToken, runs }: JobRow): Filter {
  return {
    ...(leaseToken === undefined ? { 'lease.token': is.absent() } : {}),
    ...(typeof leaseToken === 'string' ? { 'lease.token': leaseToken } : {}),
    ...(runs === undefined ? { runs: is.absent() } : {}),
    ...(typeof runs === 'number' ? { runs } : {}),
  };
}

async function change(
  { store, attempt, deadline }: LeaseParts,
  target: { readonly id: string; readonly where: Filter },
  what: Change,
): Promise<boolean> {
  return (await attempt(deadline, (call) => store.update(collections.jobs, target, what, call))) === 1;
}

async function readJob({ store, attempt, deadline }: LeaseParts, job: Job): Promise<JobRow | undefined> {
  const document = await attempt(deadline, (call) => store.get(collections.jobs, job.name, call));
  return document && readRow(document);
}

/** The stored checkpoint, or undefined when there is none that can be read. */
export async function readCheckpoint({ store, attempt, deadline }: LeaseParts, job: Job): Promise<unknown> {
  const document = await attempt(deadline, (call) => store.get(collections.jobs, job.name, call));
  const text = document?.['checkpoint'];
  try {
    return typeof text === 'string' ? parseCanonical(text) : undefined;
  } catch {
    // No JSON: the caller starts over and says so.
    return undefined;
  }
}

export interface Saving {
  readonly checkpoint: unknown;
  /** Counts from 1 in each run: an older save that arrives late changes nothing. */
  readonly number: number;
  readonly nowMs: number;
}

/** Stores the checkpoint on the own token; false when another run has taken over. */
export async function saveCheckpoint(parts: LeaseParts, lease: Lease, saving: Saving): Promise<boolean> {
  const { job, token } = lease;
  const where = { 'lease.token': token, 'lease.saves': is.below(saving.number) };
  const set = {
    ...checkpointFields(job, saving.checkpoint),
    'lease.saves': saving.number,
    beatAt: new Date(saving.nowMs),
    tries: 0,
  };
  if (await change(parts, { id: job.name, where }, { set })) return true;
  return (await readJob(parts, job))?.leaseToken === token;
}

/** As text: the state of a walk may have any names in it, and the database takes none with a dot or a `$`. */
function checkpointFields(job: Job, checkpoint: unknown): Readonly<Record<string, Plain>> {
  if (checkpoint === undefined) return { checkpoint: null, checkpointVersion: null };
  return { checkpoint: canonicalJson(checkpoint), checkpointVersion: job.version };
}

/** How a run ended. */
export type Ending =
  | {
      readonly checkpoint: unknown;
      readonly summary: Plain;
      readonly dueAtMs: number;
      /** Undefined: as this run found it and counted. */
      readonly tries: number | undefined;
      readonly nowMs: number;
    }
  | { readonly error: Plain; readonly tries: number | undefined; readonly nowMs: number };

/** Gives the lease back with what came of the run, on the own token; false when another run has taken over. */
export async function giveBack(parts: LeaseParts, lease: Lease, ending: Ending): Promise<boolean> {
  const { job, token, runs } = lease;
  const set = { lease: null, beatAt: new Date(ending.nowMs), ...endingFields(job, ending) };
  if (await change(parts, { id: job.name, where: { 'lease.token': token } }, { set })) return true;
  const row = await readJob(parts, job);
  return row?.leaseToken === undefined && row?.runs === runs;
}

function endingFields(job: Job, ending: Ending): Readonly<Record<string, Plain>> {
  const tries = ending.tries === undefined ? {} : { tries: ending.tries };
  if ('error' in ending) return { lastError: ending.error, ...tries };
  return {
    ...checkpointFields(job, ending.checkpoint),
    dueAt: new Date(ending.dueAtMs),
    lastFinishedAt: new Date(ending.nowMs),
    lastSummary: ending.summary,
    lastError: null,
    ...tries,
  };
}

/** Leaves a sign of life; for a job with nothing to do. A collection that has gone meanwhile is no matter of life. */
export async function beat(parts: LeaseParts, job: Job, nowMs: number): Promise<void> {
  try {
    await change(parts, { id: job.name, where: {} }, { set: { beatAt: new Date(nowMs) } });
  } catch (error) {
    if (!isDurableError(error, 'STORE_NOT_FOUND')) throw error;
  }
}
