import { createRetention, readRetentionCheckpoint, type RetentionCheckpoint } from '../integrity/index.ts';
import { maintenanceTask, type TaskReport } from './maintenance.ts';
import { maintenanceJobs } from './maintenance-jobs.ts';
import { openTools, type Runtime } from './runtime.ts';
import { shownWalk, walkCounts } from './walk-summary.ts';

/** Removes recovered letters after 30 days, where their copy is seen to be home, and reports after 180. */
export function retentionTask(runtime: Runtime) {
  return maintenanceTask<RetentionCheckpoint>({
    job: maintenanceJobs.retention,
    readCheckpoint: readRetentionCheckpoint,
    async work({ checkpoint: from, deadline }) {
      const { seal, previousSeals } = openTools(runtime);
      const retention = createRetention({ ...runtime, seal, previousSeals });
      const { phases, findings, checkpoint } = await retention.prune({ deadline, from });
      const walks = Object.entries(phases);
      const kept = findings.map(({ kind, count }) => ({ kind, count }));
      return {
        checkpoint,
        summary: { ...Object.fromEntries(walks.map(([name, walk]) => [name, walkCounts(walk)])), kept },
        report: {
          shown: { retention: Object.fromEntries(walks.map(([name, walk]) => [name, shownWalk(walk)])) },
        } satisfies TaskReport,
      };
    },
  });
}
