import { asDurableError, createDeadline, type Clock } from '../../core/index.ts';
import {
  createJobs,
  overdueJobs,
  type Job,
  type JobRow,
  type JobsDeps,
  type JobTable,
  type Overdue,
} from '../../jobs/index.ts';
import { expectedJobs } from '../../service/index.ts';
import type { Target } from '../target.ts';
import { TIMED } from './functions.ts';
import { line, type DoctorLine } from './line.ts';

const READ_MS = 5_000;

type HeartbeatDeps = Omit<JobsDeps, 'store' | 'attempt'> & {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The functions in this folder; undefined where that is not known. */
  readonly functions: readonly string[] | undefined;
};

/** Whether the maintenance functions' timers fire, by what they leave in `durable_jobs`. */
export async function checkHeartbeat({ store, kind }: Target, deps: HeartbeatDeps): Promise<readonly DoctorLine[]> {
  const nowMs = deps.clock.now();
  try {
    const deadline = createDeadline(deps.clock, nowMs + READ_MS);
    const jobs = createJobs({ ...deps, store, attempt: (until, run) => run({ deadline: until }) });
    const table = await jobs.read(deadline);
    return heartbeatLines(table, { nowMs, kind, jobs: missedJobs(table, deps) });
  } catch (error) {
    const { code } = asDurableError(error);
    return [
      line('unknown', 'timers', { zh: `读不到定时任务的状态（${code}）`, en: `the jobs cannot be read (${code})` }),
    ];
  }
}

/** The lines for a table of jobs; pure. */
export function heartbeatLines(
  table: JobTable,
  { nowMs, kind, jobs }: { readonly nowMs: number; readonly kind: Target['kind']; readonly jobs: readonly Job[] },
): readonly DoctorLine[] {
  const own = ownTimers(table);
  const seen = [...jobs.map(({ name }) => name).filter((name) => table.rows.has(name)), ...own.map(({ name }) => name)];
  if (seen.length === 0) return [neverSeen(kind)];
  // The local cloud fires no timer by itself: on a laptop nobody is missed.
  const overdue = kind === 'local' ? [] : [...overdueJobs(table, jobs, nowMs), ...silentTimers(own, nowMs)];
  if (overdue.length > 0) return overdue.map(overdueLine);
  return [
    line('ok', 'timers', { zh: `维护任务按时运行：${seen.join('、')}`, en: `maintenance runs: ${seen.join(', ')}` }),
  ];
}

/** The jobs of this library that are missed where they do not run; pure. */
export function missedJobs(
  table: JobTable,
  { env, functions }: Pick<HeartbeatDeps, 'env' | 'functions'>,
): readonly Job[] {
  const all = expectedJobs(env);
  if (env['WX_DURABLE_FUNCTIONS']) return all;
  const here = functions?.filter((name) => TIMED.includes(name));
  const ran = all.filter(({ name }) => table.rows.has(name));
  if (here && here.length > 0) return [...new Set([...expectedJobs({ WX_DURABLE_FUNCTIONS: here.join(',') }), ...ran])];
  // Where a timer of their own runs, and never one of ours, ours are not deployed.
  return ran.length === 0 && ownTimers(table).length > 0 ? [] : all;
}

/** The timers that a team made with `durable.timer`. */
function ownTimers({ rows }: JobTable): readonly JobRow[] {
  const ours = new Set(expectedJobs({}).map(({ name }) => name));
  // Other documents of this collection were never begun.
  return [...rows.values()].filter(({ name, lastStartedAt }) => !ours.has(name) && lastStartedAt !== undefined);
}

/** A timer fires once a day at the least; how often, nobody noted. */
const SILENT_AFTER_MS = 2 * 86_400_000;

function silentTimers(timers: readonly JobRow[], nowMs: number): readonly Overdue[] {
  return timers.flatMap(({ name, beatAt, lastStartedAt }): Overdue[] => {
    const sinceMs = nowMs - (beatAt ?? lastStartedAt ?? 0);
    return sinceMs > SILENT_AFTER_MS ? [{ name, why: 'silent', sinceMs }] : [];
  });
}

function neverSeen(kind: Target['kind']): DoctorLine {
  const said = { zh: '维护函数从未运行过', en: 'no maintenance function has ever run' };
  if (kind === 'local') return line('skipped', 'timers', said, BY_HAND);
  return line('problem', 'timers', said, {
    zh: '部署 recoverFromBackup、fixUserConsistency、checkDataIntegrity，并「上传触发器」',
    en: 'deploy recoverFromBackup, fixUserConsistency and checkDataIntegrity, and upload their triggers',
  });
}

const BY_HAND = { zh: '本地可直接运行 wx-durable recover', en: 'on a local cloud run wx-durable recover' };

function overdueLine({ name, why, sinceMs }: Overdue): DoctorLine {
  const hours = Math.floor(sinceMs / 3_600_000);
  const said = {
    never: { zh: `任务 ${name} 从未运行过`, en: `job ${name} has never run` },
    silent: {
      zh: `任务 ${name} 已有 ${hours} 小时没有被触发`,
      en: `job ${name} has not been called for ${hours} hours`,
    },
    behind: {
      zh: `任务 ${name} 已有 ${hours} 小时没有做完`,
      en: `job ${name} has not been finished for ${hours} hours`,
    },
  };
  const todo = { zh: '检查该函数的定时触发器与日志', en: "look at that function's timer and log" };
  return line('problem', 'timers', said[why], todo);
}
