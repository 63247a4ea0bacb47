import { DurableError } from '../core/index.ts';
import { createDurableWriter } from '../durable/index.ts';
import { repairUserCounts, type RepairReport } from '../integrity/index.ts';
import { createHoldPruning } from '../once/index.ts';
import { collections } from '../records/index.ts';
import { isPageKey, type PageKey } from '../store/index.ts';
import { createMaintenance, maintenanceTask, type MaintenanceCall, type TaskReport } from './maintenance.ts';
import { maintenanceJobs } from './maintenance-jobs.ts';
import type { Runtime } from './runtime.ts';
import { readIdPlace, sliceOf, type Place } from './walk-place.ts';
import { shownWalk, walkCounts } from './walk-summary.ts';

const SOURCE = 'fixUserConsistency';
/** Enough to look at; `done` says how many there are. */
const REPAIRS_SHOWN = 100;

/**
 * The cloud function `fixUserConsistency`: makes the users' counters agree with their works, once a day, and drops what
 * closed calls left in the users' documents.
 * Administrators: `{ action: 'repair' }` does it now; `{ action: 'repair', dryRun: true, after? }` changes nothing and
 * answers the plan, with the `checkpoint` to go on `after`.
 */
export function createFixUserConsistency(runtime: Runtime) {
  const tasks = [countRepairTask(runtime), holdPruningTask(runtime)];
  const repair = async (call: MaintenanceCall) =>
    isDryRun(call) ? plan(runtime, call) : call.runNow(maintenanceJobs.userCounts);
  return createMaintenance(runtime, { source: SOURCE, tasks, actions: { repair } });
}

function isDryRun({ event: { dryRun = false } }: MaintenanceCall): boolean {
  if (typeof dryRun === 'boolean') return dryRun;
  throw new DurableError('INPUT_INVALID', '`dryRun` is true or false', {
    details: { field: 'dryRun', zh: 'dryRun 应为 true 或 false' },
  });
}

function countRepairTask(runtime: Runtime) {
  return maintenanceTask<Place<PageKey>>({
    job: maintenanceJobs.userCounts,
    readCheckpoint: readIdPlace,
    async work({ checkpoint: from, deadline, save }) {
      const wasClean = from?.isClean ?? true;
      const report = await repairUserCounts(runtime, {
        deadline,
        after: from && { id: from.id },
        onPage: ({ after, failed }) => save({ ...after, isClean: wasClean && failed === 0 }),
      });
      const { told, checkpoint } = sliceOf(report, from);
      return {
        checkpoint,
        summary: walkCounts(report),
        report: { shown: shown(report), told: { walks: { counts: told } } } satisfies TaskReport,
      };
    },
  });
}

async function plan(runtime: Runtime, { event: { after }, deadline }: MaintenanceCall) {
  if (after !== undefined && !isPageKey(after)) {
    throw new DurableError('INPUT_INVALID', '`after` must be the `checkpoint` of an earlier answer');
  }
  const report = await repairUserCounts(runtime, { deadline, after, dryRun: true });
  return { dryRun: true, ...shown(report), checkpoint: report.checkpoint };
}

function shown(report: RepairReport) {
  const { repairs, explained } = report;
  return {
    ...shownWalk(report),
    repairs: repairs.slice(0, REPAIRS_SHOWN),
    explained: explained.slice(0, REPAIRS_SHOWN),
  };
}

/** Keeps users' documents from growing: holds that are over, counters of days long gone. */
function holdPruningTask(runtime: Runtime) {
  return maintenanceTask<Place<PageKey>>({
    job: maintenanceJobs.holdPruning,
    readCheckpoint: readIdPlace,
    async work({ checkpoint: from, deadline }) {
      const kind = { records: collections.works, accounts: collections.users };
      const pruning = createHoldPruning({ ...runtime, writer: createDurableWriter(runtime) }, kind);
      const report = await pruning.prune({ deadline, from: from && { id: from.id } });
      const { told, checkpoint } = sliceOf(report, from);
      return {
        checkpoint,
        summary: walkCounts(report),
        report: { shown: {}, told: { walks: { holds: told } } } satisfies TaskReport,
      };
    },
  });
}
