/** Look, report, repair. */
export {
  repairUserCounts,
  type CountRepair,
  type RepairDeps,
  type RepairReport,
  type RepairRequest,
} from './user-counts.ts';
