import { asDurableError, type Deadline } from '../core/index.ts';
import { beat, takeLease, type LeaseParts } from './lease.ts';
import { runLeased, runUnkept } from './run.ts';
import { beatEveryMs, graceMs } from './schedule.ts';
import {
  isDue,
  isLeased,
  LEASE_MARGIN_MS,
  MAX_RUN_MS,
  readTable,
  type Job,
  type JobRow,
  type JobTable,
} from './table.ts';
import type { JobsDeps, Outcome, StartedOver, Task } from './task.ts';

export interface RunOptions {
  readonly deadline: Deadline;
  /** Also when it is not due; never when it is leased. @default false */
  readonly force?: boolean;
}

/** The maintenance jobs of a deployment, kept in `durable_jobs`. */
export interface Jobs {
  /** All jobs, in one round trip. Rejects with `STORE_*`; a missing collection is a table that says so. */
  read(deadline: Deadline): Promise<JobTable>;
  /**
   * Runs the job if it is due and nobody else is at it; never two runs at once while clocks agree within the lease's
   * margin of a minute, and never a checkpoint of a run that was taken over. A run killed anywhere is gone on with from
   * its last checkpoint once its lease ended. An idle call costs nothing (each half hour one sign of life), a run three
   * round trips, four from a checkpoint. Rejects with what the work rejects with; the job then stays due.
   */
  run<C>(table: JobTable, task: Task<C>, options: RunOptions): Promise<Outcome>;
}

/** Runs begun without any progress; then the checkpoint is to blame. */
const MAX_TRIES = 5;

/** The jobs over their ports. */
export function createJobs(deps: JobsDeps): Jobs {
  return {
    read: (deadline) => readTable(deps.store, deps.attempt, deadline),
    run: (table, task, options) => run(deps, { table, task, ...options }),
  };
}

interface Request<C> extends RunOptions {
  readonly table: JobTable;
  readonly task: Task<C>;
}

async function run<C>(deps: JobsDeps, request: Request<C>): Promise<Outcome> {
  const { table, task, force = false } = request;
  const { job } = task;
  if (table.isMissing) return runUnkept(deps, task, request.deadline);
  const nowMs = deps.clock.now();
  const row = table.rows.get(job.name);
  const parts = { ...deps, deadline: request.deadline };
  if (row && isLeased(row, nowMs)) return { ran: false, why: 'leased' };
  if (row && !force && !isDue(job, row, nowMs)) {
    await showLife(parts, job, row);
    return { ran: false, why: 'not-due' };
  }
  const startedOver = row && whyStartOver(job, row);
  const lease = await takeLease(parts, {
    ...{ job, row, nowMs, token: deps.random.token(), startsOver: startedOver !== undefined },
    untilAtMs: Math.min(request.deadline.atMs, nowMs + MAX_RUN_MS) + LEASE_MARGIN_MS,
  });
  if (!lease) return { ran: false, why: 'leased' };
  return runLeased({ ...parts, lease, row, lateMs: lateness(deps, job, { row, nowMs, force }) }, task, startedOver);
}

// A job whose walk was interrupted is not late, nor is one that was asked for.
function lateness(
  { log }: JobsDeps,
  job: Job,
  { row, nowMs, force }: { readonly row: JobRow | undefined; readonly nowMs: number; readonly force: boolean },
): number {
  if (force || row?.dueAt === undefined || row.checkpointVersion !== undefined) return 0;
  const lateMs = Math.max(0, nowMs - row.dueAt);
  if (lateMs > graceMs(job.schedule)) log.write('warn', 'job.late', { job: job.name, lateMs });
  return lateMs;
}

async function showLife(parts: LeaseParts & JobsDeps, job: Job, row: JobRow): Promise<void> {
  const nowMs = parts.clock.now();
  if (row.beatAt !== undefined && Math.abs(nowMs - row.beatAt) < beatEveryMs(job.schedule)) return;
  try {
    await beat(parts, job, nowMs);
  } catch (error) {
    // Nothing is due, so nothing is lost: the next firing shows it.
    parts.log.write('warn', 'job.beat-failed', { job: job.name, code: asDurableError(error).code });
  }
}

function whyStartOver(job: Job, row: JobRow): StartedOver | undefined {
  if (row.checkpointVersion === undefined) return undefined;
  if (row.checkpointVersion !== job.version) return 'version';
  return row.tries >= MAX_TRIES ? 'stuck' : undefined;
}
