import { DurableError } from '../core/index.ts';
import type { Job } from '../jobs/index.ts';
import { readList, type Environment } from './config.ts';

/**
 * All maintenance jobs, in one place: whichever function runs looks after the others' heartbeats. A job's `version`
 * is raised when its older checkpoints make no sense any more. Times are Beijing's.
 */
export const maintenanceJobs = {
  recovery: { name: 'recovery', version: 1, schedule: { kind: 'every', minutes: 5 } },
  retention: { name: 'retention', version: 1, schedule: { kind: 'daily', hour: 3, minute: 50 } },
  holdPruning: { name: 'hold-pruning', version: 1, schedule: { kind: 'daily', hour: 3, minute: 40 } },
  userCounts: { name: 'user-counts', version: 1, schedule: { kind: 'daily', hour: 3, minute: 20 } },
  dailyCheck: { name: 'check-daily', version: 1, schedule: { kind: 'daily', hour: 4, minute: 10 } },
  weeklyCheck: {
    name: 'check-weekly',
    version: 1,
    schedule: { kind: 'weekly', weekday: 'sunday', hour: 4, minute: 40 },
  },
} as const satisfies Readonly<Record<string, Job>>;

/** Which function runs which. */
const JOBS_OF: Readonly<Record<string, readonly Job[]>> = {
  recoverFromBackup: [maintenanceJobs.recovery, maintenanceJobs.retention],
  fixUserConsistency: [maintenanceJobs.holdPruning, maintenanceJobs.userCounts],
  checkDataIntegrity: [maintenanceJobs.dailyCheck, maintenanceJobs.weeklyCheck],
};

/**
 * The jobs that are missed where they do not run: those of the functions that `WX_DURABLE_FUNCTIONS` names, or of all
 * where it is not set. (From inside, a function that nobody deployed looks like one whose trigger was forgotten.) Throws
 * `CONFIG_INVALID` for a name that is none.
 */
export function expectedJobs(env: Environment): readonly Job[] {
  const named = readList(env['WX_DURABLE_FUNCTIONS']);
  const wrong = named.find((name) => !Object.hasOwn(JOBS_OF, name));
  if (wrong === undefined)
    return (named.length > 0 ? named : Object.keys(JOBS_OF)).flatMap((name) => JOBS_OF[name] ?? []);
  const variable = 'WX_DURABLE_FUNCTIONS';
  throw new DurableError(
    'CONFIG_INVALID',
    `environment variable ${variable}: there are ${Object.keys(JOBS_OF).join(', ')}`,
    {
      details: { variable },
    },
  );
}
