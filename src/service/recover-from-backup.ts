import type { WalkReport } from '../durable/index.ts';
import {
  createGenerationRecovery,
  type GenerationCheckpoint,
  type GenerationRecoverReport,
} from '../generation/index.ts';
import { readRecoverCheckpoint } from '../once/index.ts';
import { createMaintenance, maintenanceTask, type TaskReport } from './maintenance.ts';
import { maintenanceJobs } from './maintenance-jobs.ts';
import { openTools, type Runtime } from './runtime.ts';
import { retentionTask } from './retention-task.ts';
import { readPlace, slicePhases, type Place } from './walk-place.ts';
import { shownWalk, walkCounts } from './walk-summary.ts';

/** Recovery comes before housekeeping. */
const MAIN_WEIGHT = 4;

/**
 * The cloud function `recoverFromBackup`: finishes open calls and brings dead letters home, then copies pictures. What
 * one run has no time for, the next one begins with. Once a day it removes backups that were recovered long ago, and
 * old reports. Administrators: `{ action: 'recover' }`, or nothing at all for both.
 */
export function createRecoverFromBackup(runtime: Runtime) {
  const task = maintenanceTask<Place<GenerationCheckpoint>>(
    {
      job: maintenanceJobs.recovery,
      readCheckpoint: readPlace<GenerationCheckpoint>(readRecoverCheckpoint),
      async work({ checkpoint: from, deadline }) {
        const recovery = createGenerationRecovery({ ...runtime, ...openTools(runtime) });
        const report = await recovery.recover({ deadline, from });
        const { walks, checkpoint } = slicePhases(report, from);
        return {
          checkpoint,
          gotOn: (report.phases.pictures?.done ?? 0) > 0,
          summary: perPhase(report, walkCounts),
          report: {
            shown: { phases: perPhase(report, shownWalk) },
            told: { walks },
          } satisfies TaskReport,
        };
      },
    },
    MAIN_WEIGHT,
  );
  return createMaintenance(runtime, {
    source: 'recoverFromBackup',
    tasks: [task, retentionTask(runtime)],
    actions: { recover: ({ runNow }) => runNow(maintenanceJobs.recovery) },
  });
}

function perPhase<T>({ phases }: GenerationRecoverReport, show: (walk: WalkReport) => T): Readonly<Record<string, T>> {
  const walks = Object.entries(phases).flatMap(([name, walk]): [string, T][] => (walk ? [[name, show(walk)]] : []));
  return Object.fromEntries(walks);
}
