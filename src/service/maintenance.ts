import { asDurableError, createDeadline, DurableError, isDurableError, type Deadline } from '../core/index.ts';
import {
  isReady,
  overdueJobs,
  type Job,
  type Jobs,
  type JobTable,
  type Outcome,
  type Overdue,
  type RunOptions,
  type Task,
} from '../jobs/index.ts';
import { collections } from '../records/index.ts';
import type { RunOutcome } from './alert-plan.ts';
import { createAlerts, type Alerts } from './alerts.ts';
import { fail, succeed, type Envelope } from './envelope.ts';
import type { FunctionContext } from './handler.ts';
import { authorise, deadlineOf, invocationOf } from './maintenance-caller.ts';
import { expectedJobs, maintenanceJobs } from './maintenance-jobs.ts';
import { openJobs } from './open-jobs.ts';
import type { Runtime } from './runtime.ts';

/** A job with its work, whatever its checkpoints are made of. */
export interface MaintenanceTask {
  readonly job: Job;
  /** Its part of the time, beside those of the other tasks that are ready. */
  readonly weight: number;
  run(jobs: Jobs, table: JobTable, options: RunOptions): Promise<Outcome>;
}

/** Makes a task one of many; `weight` is its part of the time beside others that are ready. @default 1 */
export function maintenanceTask<C>(task: Task<C>, weight = 1): MaintenanceTask {
  return { job: task.job, weight, run: (jobs, table, options) => jobs.run(table, task, options) };
}

/** The `report` of a task's work: for whoever asked, and for the groups that hear of trouble. */
export interface TaskReport {
  /** Stands in the answer under its own names. */
  readonly shown: Readonly<Record<string, unknown>>;
  readonly told?: Pick<RunOutcome, 'walks' | 'sections'>;
}

/** What an administrator asked for by name. */
export interface MaintenanceCall {
  /** The event as it came; nothing in it is checked yet. */
  readonly event: Readonly<Record<string, unknown>>;
  readonly deadline: Deadline;
  /** Runs this job of the function now, due or not. */
  runNow(job: Job): Promise<MaintenanceAnswer>;
}

/** How the jobs of one invocation went; their reports stand beside, each under its own names. */
export interface MaintenanceAnswer {
  readonly jobs: readonly ({ readonly job: string } & Omit<Outcome, 'summary' | 'report'>)[];
  /** Jobs of any function that have not shown themselves for too long. */
  readonly overdue: readonly Overdue[];
  /** For the operator: what is wrong with the table itself. */
  readonly notice?: string;
  readonly [report: string]: unknown;
}

export interface Maintenance {
  /** The function's name; it names its alerts. */
  readonly source: string;
  /** In the order in which they share the time. */
  readonly tasks: readonly MaintenanceTask[];
  /** What administrators may ask for with `{ action, … }` besides running the jobs now; answers the envelope's data. */
  readonly actions?: Readonly<Record<string, (call: MaintenanceCall) => Promise<unknown>>>;
}

const TABLE_MISSING = `集合 ${collections.jobs} 不存在，任务进度无法保存，每次触发都会从头执行；请运行 wx-durable init 创建`;

/** Time left for telling the groups: at most so long, and so much of what there is. */
const TELL_MS = 3_000;
const TELL_PART = 0.2;

/**
 * A maintenance function's `main`. The timer runs what is due, each job under its lease and from its checkpoint; a
 * firing with nothing to do costs one round trip. A listed administrator without an `action` runs all jobs now.
 * Everybody else is refused and logged. It may fire at any time, any number of times, and never rejects.
 *
 * Jobs that are ready share the time left by their weights, and one that fails stops none of the others; the answer is then the
 * first failure. Where the collection of jobs is missing they run all the same, from the beginning, and it is said.
 */
export function createMaintenance(runtime: Runtime, { source, tasks, actions = {} }: Maintenance) {
  const jobs = openJobs(runtime);
  const alerts = orOff(runtime, () => createAlerts(runtime));
  const expected = orOff(runtime, () => expectedJobs(runtime.env)) ?? Object.values(maintenanceJobs);
  return async (event: unknown, context: FunctionContext = {}): Promise<Envelope> => {
    const requestId = invocationOf(context);
    try {
      const caller = authorise(runtime, event);
      const deadline = deadlineOf(runtime.clock, context);
      const firing = { runtime, jobs, alerts, expected, source, tasks, deadline };
      const asked = caller === 'administrator' ? readAction(event) : {};
      if (asked.action === undefined) return succeedWith(await runTasks({ ...firing, force: caller !== 'timer' }));
      const runNow = ({ name }: Job): Promise<MaintenanceAnswer> =>
        runTasks({ ...firing, tasks: tasks.filter(({ job }) => job.name === name), force: true });
      return succeedWith(await findAction(actions, asked.action)({ event: asked.event, deadline, runNow }));
    } catch (thrown) {
      const answer = fail(thrown, requestId);
      runtime.log.write('error', 'maintenance.failed', { requestId, code: answer.error.code });
      return answer;
    }
  };
}

// A wrong setting of the alerts must not stop recovery: it is logged, and what it is about is left.
function orOff<T>(runtime: Runtime, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!isDurableError(error, 'CONFIG_INVALID')) throw error;
    runtime.log.write('error', 'alerts.off', { code: error.code, variable: String(error.details['variable']) });
    return undefined;
  }
}

type Asked =
  { readonly action?: undefined } | { readonly action: unknown; readonly event: Readonly<Record<string, unknown>> };

function readAction(event: unknown): Asked {
  if (typeof event !== 'object' || event === null) return {};
  const { action } = event as { readonly action?: unknown };
  return action === undefined ? {} : { action, event: event as Readonly<Record<string, unknown>> };
}

function findAction(actions: NonNullable<Maintenance['actions']>, action: unknown) {
  const found = typeof action === 'string' && Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (found) return found;
  throw new DurableError('ACTION_UNKNOWN', `known actions are ${Object.keys(actions).join(', ') || 'none'}`);
}

interface Firing {
  readonly runtime: Runtime;
  readonly jobs: Jobs;
  readonly alerts: Alerts | undefined;
  /** Jobs that are missed where they do not run. */
  readonly expected: readonly Job[];
  readonly source: string;
  readonly tasks: readonly MaintenanceTask[];
  readonly deadline: Deadline;
  readonly force: boolean;
}

async function runTasks(firing: Firing): Promise<MaintenanceAnswer> {
  const { runtime, jobs, tasks, deadline } = firing;
  const table = await readTable(firing);
  if (table.isMissing) {
    const fields = { collection: collections.jobs, fix: 'wx-durable init' };
    runtime.log.write('error', 'job.table-missing', fields);
  }
  let ready = tasks.filter((task) => isDue(firing, table, task)).reduce((sum, { weight }) => sum + weight, 0);
  const runs: TaskRun[] = [];
  for (const task of tasks) {
    const share = shareOf(firing, task.weight / Math.max(task.weight, ready));
    const outcome = await task.run(jobs, table, { deadline: share, force: firing.force }).catch(asDurableError);
    runs.push({ task, outcome });
    if (isDurableError(outcome) || outcome.ran) ready -= task.weight;
  }
  const overdue = reportOverdue(firing, table);
  await tell(firing, runs, { overdue, deadline, isTableMissing: table.isMissing });
  const failure = runs.find(({ outcome }) => isDurableError(outcome));
  if (failure) throw failure.outcome as DurableError;
  const answer = answerOf(runs, overdue);
  return table.isMissing ? { ...answer, notice: TABLE_MISSING } : answer;
}

interface TaskRun {
  readonly task: MaintenanceTask;
  readonly outcome: Outcome | DurableError;
}

const isDue = ({ runtime, force }: Firing, table: JobTable, { job }: MaintenanceTask): boolean =>
  force || isReady(table, job, runtime.clock.now());

// A table that cannot be read is an outage that somebody should hear of, too.
async function readTable(firing: Firing): Promise<JobTable> {
  const { runtime, jobs, alerts, source, deadline } = firing;
  try {
    return await jobs.read(workDeadline(deadline));
  } catch (error) {
    await alerts?.tell({ source, atMs: runtime.clock.now(), failure: asDurableError(error).code }, deadline);
    throw error;
  }
}

/** The groups are told by the end of the deadline; the work ends before. */
function workDeadline(deadline: Deadline): Deadline {
  return deadline.minus(Math.min(TELL_MS, deadline.remainingMs() * TELL_PART));
}

// A firing with nothing to do, nothing late and nothing missing says nothing, and so costs nothing.
async function tell(
  { runtime, alerts, source, tasks }: Firing,
  runs: readonly TaskRun[],
  facts: { readonly overdue: readonly Overdue[]; readonly deadline: Deadline; readonly isTableMissing: boolean },
): Promise<void> {
  const { overdue, deadline, isTableMissing } = facts;
  const failures = runs.flatMap(({ outcome }) => (isDurableError(outcome) ? [outcome.code] : []));
  const done = runs.flatMap(({ outcome }) => (!isDurableError(outcome) && outcome.ran ? [outcome] : []));
  if (failures.length + done.length + overdue.length === 0) return;
  const known = othersThan(tasks).map(({ name }) => name);
  await alerts?.tell(
    {
      source,
      atMs: runtime.clock.now(),
      failure: failures[0],
      endedWell: done.length > 0,
      ...toldTogether(done.map(({ report }) => (report as TaskReport | undefined)?.told)),
      jobs: { known, overdue },
      missingCollections: isTableMissing ? [collections.jobs] : [],
    },
    deadline,
  );
}

// The names of walks are distinct within a function; sections of two checks are told by the worse of both.
function toldTogether(tolds: readonly TaskReport['told'][]): NonNullable<TaskReport['told']> {
  return {
    walks: Object.assign({}, ...tolds.map((told) => told?.walks)) as RunOutcome['walks'],
    sections: tolds.flatMap((told) => told?.sections ?? []),
  };
}

// What one leaves over is there for those that follow.
function shareOf({ runtime: { clock }, deadline }: Firing, part: number): Deadline {
  return createDeadline(clock, clock.now() + workDeadline(deadline).remainingMs() * part);
}

// One's own jobs have just shown themselves.
function othersThan(tasks: readonly MaintenanceTask[]): readonly Job[] {
  return Object.values(maintenanceJobs).filter(({ name }) => !tasks.some(({ job }) => job.name === name));
}

function reportOverdue({ runtime, tasks, expected }: Firing, table: JobTable): readonly Overdue[] {
  const others = othersThan(tasks).filter(({ name }) => expected.some((job) => job.name === name));
  const overdue = overdueJobs(table, others, runtime.clock.now());
  for (const { name, why, sinceMs } of overdue) runtime.log.write('warn', 'job.overdue', { job: name, why, sinceMs });
  return overdue;
}

function answerOf(runs: readonly TaskRun[], overdue: readonly Overdue[]): MaintenanceAnswer {
  const outcomes = runs.flatMap(({ task, outcome }) => (isDurableError(outcome) ? [] : [{ task, outcome }]));
  const reports = outcomes.map(({ outcome }) => (outcome.ran ? (outcome.report as TaskReport | undefined) : undefined));
  const jobs = outcomes.map(({ task, outcome }) => {
    const { summary: _summary, report: _report, ...facts } = { summary: null, report: null, ...outcome };
    return { job: task.job.name, ...facts };
  });
  return { ...(Object.assign({}, ...reports.map((report) => report?.shown)) as object), jobs, overdue };
}

function succeedWith(data: unknown): Envelope {
  const { jobs } = (data ?? {}) as Partial<MaintenanceAnswer>;
  if (!jobs || jobs.some(({ ran }) => ran)) return succeed('执行完成', data);
  return succeed('没有需要执行的任务', data);
}
