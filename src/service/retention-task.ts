import { createRetention, readRetentionCheckpoint, type RetentionCheckpoint } from '../integrity/index.ts';
import { maintenanceTask, type TaskReport } from './maintenance.ts';
import { maintenanceJobs } from './maintenance-jobs.ts';
import { openTools, type Runtime } from './runtime.ts';
import { readPlace, slicePhases, type PhasesSlice, type Place } from './walk-place.ts';
import { shownWalk, walkCounts } from './walk-summary.ts';

/** Removes recovered letters after 30 days, where their copy is seen to be home, and reports after 180. */
export function retentionTask(runtime: Runtime) {
  return maintenanceTask<Place<RetentionCheckpoint>>({
    job: maintenanceJobs.retention,
    readCheckpoint: readPlace<RetentionCheckpoint>(readRetentionCheckpoint),
    async work({ checkpoint: from, deadline }) {
      const { seal, previousSeals } = openTools(runtime);
      const retention = createRetention({ ...runtime, seal, previousSeals });
      const report = await retention.prune({ deadline, from });
      const slice = slicePhases(report, from);
      const walks = Object.entries(report.phases);
      const kept = report.findings.map(({ kind, count }) => ({ kind, count }));
      return {
        checkpoint: slice.checkpoint,
        summary: { ...Object.fromEntries(walks.map(([name, walk]) => [name, walkCounts(walk)])), kept },
        report: {
          shown: { retention: Object.fromEntries(walks.map(([name, walk]) => [name, shownWalk(walk)])) },
          told: { walks: named(slice.walks) },
        } satisfies TaskReport,
      };
    },
  });
}

// Recovery, which the same function runs, has a phase `letters` of its own.
function named(walks: PhasesSlice<unknown>['walks']): PhasesSlice<unknown>['walks'] {
  return Object.fromEntries(Object.entries(walks).map(([phase, walk]) => [`retention-${phase}`, walk]));
}
