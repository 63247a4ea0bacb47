import {
  asDurableError,
  canonicalJson,
  createDeadline,
  type Clock,
  type Deadline,
  type Log,
  type Plain,
} from '../core/index.ts';
import { giveBack, readCheckpoint, saveCheckpoint, type Ending, type Lease, type LeaseParts } from './lease.ts';
import { nextDueAt } from './schedule.ts';
import { errorNote, MAX_RUN_MS, takenOver, type Job, type JobRow } from './table.ts';
import type { Done, JobRun, JobsDeps, Outcome, StartedOver, Task } from './task.ts';

/** Time kept for giving the lease back, of a quarter of the whole at most. */
const GIVE_BACK_MS = 3_000;

/** One run under its lease. */
export interface Running extends JobsDeps, LeaseParts {
  readonly lease: Lease;
  readonly row: JobRow | undefined;
  readonly lateMs: number;
}

/** Runs the work under its lease, and gives the lease back with what came of it. */
export async function runLeased<C>(
  running: Running,
  task: Task<C>,
  forgotten: StartedOver | undefined,
): Promise<Outcome> {
  const startedAtMs = running.clock.now();
  const life: Life = { isTakenOver: false, saves: 0 };
  try {
    const found: Found<C> = forgotten ? { startedOver: forgotten } : await findCheckpoint(running, task);
    const { checkpoint, startedOver } = found;
    if (startedOver) running.log.write('warn', 'job.started-over', { job: task.job.name, why: startedOver });
    const done = await task.work(jobRun(running, life, checkpoint));
    const kept = await keep(running, done, checkpoint);
    const outcome = { ran: true, finished: done.checkpoint === undefined, lateMs: running.lateMs, kept } as const;
    const { summary, report } = done;
    logRun(running, { ...outcome, summary, latencyMs: running.clock.now() - startedAtMs });
    return { ...outcome, summary, report, ...(startedOver ? { startedOver } : {}) };
  } catch (error) {
    if (!life.isTakenOver) {
      await keepFailure(running, life, error);
      throw error;
    }
    running.log.write('warn', 'job.taken-over', { job: task.job.name });
    return { ran: true, finished: false, summary: null, lateMs: running.lateMs, kept: false };
  }
}

/** What a run came to know about itself. */
interface Life {
  isTakenOver: boolean;
  saves: number;
}

interface Found<C> {
  readonly checkpoint?: C | undefined;
  readonly startedOver?: StartedOver;
}

async function findCheckpoint<C>(running: Running, task: Task<C>): Promise<Found<C>> {
  if (running.row?.checkpointVersion === undefined) return {};
  const stored = await readCheckpoint(running, task.job);
  const checkpoint = stored === undefined ? undefined : task.readCheckpoint(stored);
  return checkpoint === undefined ? { startedOver: 'shape' } : { checkpoint };
}

function jobRun<C>(running: Running, life: Life, checkpoint: C | undefined): JobRun<C> {
  const { clock, lease, deadline } = running;
  return {
    checkpoint,
    deadline: workDeadline(clock, deadline),
    async save(fresh) {
      life.saves += 1;
      const saving = { checkpoint: fresh, number: life.saves, nowMs: clock.now() };
      if (await saveCheckpoint(running, lease, saving)) return;
      life.isTakenOver = true;
      throw takenOver(lease.job);
    },
  };
}

function workDeadline(clock: Clock, deadline: Deadline): Deadline {
  const leftMs = Math.min(deadline.remainingMs(), MAX_RUN_MS);
  return createDeadline(clock, clock.now() + leftMs - Math.min(GIVE_BACK_MS, leftMs / 4));
}

async function keep<C>(running: Running, done: Done<C>, from: C | undefined): Promise<boolean> {
  const { checkpoint, summary, gotOn = false } = done;
  const nowMs = running.clock.now();
  const { schedule } = running.lease.job;
  // An unfinished walk is due since it was due: one that never comes to its end is seen to be behind.
  const dueAtMs = checkpoint === undefined ? nextDueAt(schedule, nowMs) : Math.min(running.row?.dueAt ?? nowMs, nowMs);
  const isWhereItWas = checkpoint !== undefined && !gotOn && canonicalJson(checkpoint) === canonicalJson(from ?? null);
  const tries = isWhereItWas ? undefined : 0;
  return conclude(running, { checkpoint, summary, dueAtMs, tries, nowMs });
}

// Only what says nothing about the work itself is not counted against its checkpoint.
async function keepFailure(running: Running, life: Life, thrown: unknown): Promise<void> {
  const { code, category } = asDurableError(thrown);
  const isPassing = category === 'transient' || category === 'ambiguous' || category === 'throttled';
  const nowMs = running.clock.now();
  const tries = isPassing && life.saves === 0 ? (running.row?.tries ?? 0) : undefined;
  running.log.write('error', 'job.failed', { job: running.lease.job.name, code });
  await conclude(running, { error: errorNote(code, nowMs), tries, nowMs });
}

// The work is done either way: a table that cannot be told makes it be done again, which it must bear.
async function conclude(running: Running, ending: Ending): Promise<boolean> {
  const job = running.lease.job.name;
  try {
    if (await giveBack(running, running.lease, ending)) return true;
    running.log.write('warn', 'job.taken-over', { job });
  } catch (error) {
    running.log.write('error', 'job.not-kept', { job, code: asDurableError(error).code });
  }
  return false;
}

/** Runs the work where there is no table: always from the beginning, and nothing is kept. */
export async function runUnkept<C>(deps: JobsDeps, task: Task<C>, deadline: Deadline): Promise<Outcome> {
  const { job } = task;
  const startedAtMs = deps.clock.now();
  const save = async (): Promise<void> => undefined;
  const done = await task.work({ checkpoint: undefined, deadline: workDeadline(deps.clock, deadline), save });
  const { summary, report } = done;
  const outcome = { ran: true, finished: done.checkpoint === undefined, lateMs: 0, kept: false } as const;
  logRun({ ...deps, lease: { job } }, { ...outcome, summary, latencyMs: deps.clock.now() - startedAtMs });
  return { ...outcome, summary, report };
}

interface RunFacts {
  readonly finished: boolean;
  readonly lateMs: number;
  readonly kept: boolean;
  readonly latencyMs: number;
  readonly summary: Plain;
}

function logRun({ log, lease }: { log: Log; lease: { job: Job } }, { summary, ...facts }: RunFacts): void {
  const text = canonicalJson(summary).slice(0, 1_000);
  const { finished, lateMs, kept, latencyMs } = facts;
  log.write('info', 'job.ran', { job: lease.job.name, finished, lateMs, kept, latencyMs, summary: text });
}
