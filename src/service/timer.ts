import { DurableError, type Deadline, type Plain } from '../core/index.ts';
import type { WalkReport } from '../durable/index.ts';
import { fail, succeed, type Envelope } from './envelope.ts';
import { isFunction, isPlain, optional, readOptions, type Rules } from './options.ts';
import type { FunctionContext } from './handler.ts';
import { authorise, deadlineOf, invocationOf, type CallerPorts } from './maintenance-caller.ts';
import { maintenanceJobs } from './maintenance-jobs.ts';
import { openJobs } from './open-jobs.ts';
import type { Ports } from './runtime.ts';
import { walkCounts } from './walk-summary.ts';

/** One run of a timer's function. */
export interface TimerRun {
  /** Nothing new is started after it. */
  readonly deadline: Deadline;
  /** What the last run answered as its `checkpoint`; undefined at the beginning of a walk. */
  readonly checkpoint: Plain | undefined;
}

export interface TimerOptions {
  /** The least time between two walks, however often the timer fires; 1 to 1440. @default 5 */
  readonly everyMinutes?: number;
}

/**
 * Does what can be done until the deadline. An answer with a `checkpoint` has more to do, and is gone on with from
 * there; one without, or with null, is done.
 */
export type TimerWork = (run: TimerRun) => Promise<{ readonly checkpoint?: unknown } | undefined>;

/**
 * A function's `main` for the platform's timer: at most one instance works at a time, and a walk that takes longer than
 * one run goes on in the next. Anybody but the timer and the administrators of WX_DURABLE_ADMINS is refused and logged.
 * It never rejects. Lease and checkpoint are kept in `durable_jobs` under this name; without that collection it runs at
 * every firing, from the beginning. Throws `CONFIG_INVALID` for a name that is none or one of our own jobs', and for
 * options that are none.
 */
export function createTimer(ports: Ports & CallerPorts, name: string, work: TimerWork, options: TimerOptions = {}) {
  readOptions('timer', { work }, WORK);
  readOptions('timer', options, OPTIONS);
  const job = {
    name: readName(name),
    version: 1,
    schedule: { kind: 'every', minutes: readMinutes(options.everyMinutes ?? 5) },
  } as const;
  const jobs = openJobs(ports);
  const task = {
    job,
    readCheckpoint: (stored: unknown) => stored as Plain | undefined,
    async work({ checkpoint, deadline }: TimerRun) {
      const report = await work({ checkpoint, deadline });
      return { checkpoint: (report?.checkpoint ?? undefined) as Plain | undefined, summary: summaryOf(report), report };
    },
  };
  return async (event: unknown, context: FunctionContext = {}): Promise<Envelope> => {
    try {
      const force = authorise(ports, event) === 'administrator';
      const deadline = deadlineOf(ports.clock, context);
      const table = await jobs.read(deadline);
      const outcome = await jobs.run(table, task, { deadline, force });
      if (!outcome.ran) return idle(outcome.why, table.rows.get(job.name)?.dueAt);
      return succeed('执行完成', outcome.report ?? null);
    } catch (thrown) {
      const answer = fail(thrown, invocationOf(context));
      ports.log.write('error', 'timer.failed', { job: name, code: answer.error.code });
      return answer;
    }
  };
}

const WORK: Rules = { work: ['a function', isFunction] };
// What it must be, `readMinutes` says.
const OPTIONS: Rules = { everyMinutes: optional(['a number of minutes', (value) => typeof value === 'number']) };

const BEIJING_OFFSET_MS = 8 * 3_600_000;

function idle(why: 'not-due' | 'leased', dueAtMs: number | undefined): Envelope {
  if (why === 'leased' || dueAtMs === undefined) return succeed('另一个实例正在执行', { why });
  const dueAt = new Date(dueAtMs).toISOString();
  const [date, time] = new Date(dueAtMs + BEIJING_OFFSET_MS).toISOString().split(/[T.]/);
  return succeed(`未到执行时间：${date} ${time}（北京时间）起可再次执行`, { why, dueAt });
}

// What recovery did, in counts; what other work answers is for whoever asked, and stays out of table and log.
function summaryOf(report: unknown): Plain {
  const { phases } = (report ?? {}) as { phases?: unknown };
  const walks = Object.entries(isPlain(phases) ? phases : {}).flatMap(([name, walk]) =>
    isWalk(walk) ? [[name, walkCounts(walk)] as const] : [],
  );
  return Object.fromEntries(walks);
}

function isWalk(walk: unknown): walk is WalkReport {
  if (!isPlain(walk)) return false;
  const { done, skipped, failed } = walk;
  return typeof done === 'number' && typeof skipped === 'number' && Array.isArray(failed) && failed.every(isPlain);
}

function readName(name: unknown): string {
  if (typeof name !== 'string' || !/^[\w-]{1,64}$/.test(name)) {
    throw new DurableError('CONFIG_INVALID', 'a timer has a name of 1 to 64 letters, digits, _ and -');
  }
  // Two functions under one name would keep each other from running.
  if (!Object.values(maintenanceJobs).some((job) => job.name === name)) return name;
  throw new DurableError(
    'CONFIG_INVALID',
    `"${name}" is a job of the maintenance functions; give the timer another name`,
  );
}

const MAX_MINUTES = 1_440;

function readMinutes(minutes: unknown): number {
  if (typeof minutes === 'number' && minutes >= 1 && minutes <= MAX_MINUTES) return minutes;
  throw new DurableError('CONFIG_INVALID', `a timer's everyMinutes is a number from 1 to ${MAX_MINUTES}`);
}
