import { DurableError, type Deadline, type Plain } from '../core/index.ts';
import { fail, succeed, type Envelope } from './envelope.ts';
import type { FunctionContext } from './handler.ts';
import { authorise, deadlineOf, invocationOf, type CallerPorts } from './maintenance-caller.ts';
import { maintenanceJobs } from './maintenance-jobs.ts';
import { openJobs } from './open-jobs.ts';
import type { Ports } from './runtime.ts';

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
 * every firing, from the beginning. Throws `CONFIG_INVALID` for a name that is none or one of our own jobs', for an
 * interval that is none, and without a function.
 */
export function createTimer(ports: Ports & CallerPorts, name: string, work: TimerWork, options: TimerOptions = {}) {
  const job = {
    name: readName(name),
    version: 1,
    schedule: { kind: 'every', minutes: readMinutes(options.everyMinutes ?? 5) },
  } as const;
  assertWork(work);
  const jobs = openJobs(ports);
  const task = {
    job,
    readCheckpoint: (stored: unknown) => stored as Plain | undefined,
    async work({ checkpoint, deadline }: TimerRun) {
      const report = await work({ checkpoint, deadline });
      return { checkpoint: (report?.checkpoint ?? undefined) as Plain | undefined, summary: null, report };
    },
  };
  return async (event: unknown, context: FunctionContext = {}): Promise<Envelope> => {
    try {
      const force = authorise(ports, event) === 'administrator';
      const deadline = deadlineOf(ports.clock, context);
      const outcome = await jobs.run(await jobs.read(deadline), task, { deadline, force });
      if (!outcome.ran) return succeed('没有需要执行的任务', { why: outcome.why });
      return succeed('执行完成', outcome.report ?? null);
    } catch (thrown) {
      const answer = fail(thrown, invocationOf(context));
      ports.log.write('error', 'timer.failed', { job: name, code: answer.error.code });
      return answer;
    }
  };
}

function assertWork(work: unknown): void {
  if (typeof work === 'function') return;
  throw new DurableError('CONFIG_INVALID', 'a timer is given its name and a function that does the work');
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
