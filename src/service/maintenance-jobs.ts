import type { Job } from '../jobs/index.ts';

/**
 * All maintenance jobs, in one place: whichever function runs looks after the others' heartbeats. A job's `version`
 * is raised when its older checkpoints make no sense any more. Times are Beijing's.
 */
export const maintenanceJobs = {
  /** Of `recoverFromBackup`. */
  recovery: { name: 'recovery', version: 1, schedule: { kind: 'every', minutes: 5 } },
  /** Of `recoverFromBackup`, too. */
  retention: { name: 'retention', version: 1, schedule: { kind: 'daily', hour: 3, minute: 50 } },
  /** Of `fixUserConsistency`. */
  holdPruning: { name: 'hold-pruning', version: 1, schedule: { kind: 'daily', hour: 3, minute: 40 } },
  userCounts: { name: 'user-counts', version: 1, schedule: { kind: 'daily', hour: 3, minute: 20 } },
  /** Of `checkDataIntegrity`. */
  dailyCheck: { name: 'check-daily', version: 1, schedule: { kind: 'daily', hour: 4, minute: 10 } },
  weeklyCheck: {
    name: 'check-weekly',
    version: 1,
    schedule: { kind: 'weekly', weekday: 'sunday', hour: 4, minute: 40 },
  },
} as const satisfies Readonly<Record<string, Job>>;
