import type { Code, Deadline } from '../../core/index.ts';
import { repairUserCounts, type CountRepair, type ExplainedCount, type RepairDeps } from '../../integrity/index.ts';
import type { PageKey } from '../../store/index.ts';

/** A wrong counter, as it is shown. */
export type ShownRepair = Omit<CountRepair, 'where'>;

/** What a whole walk over the users came to. */
export interface UsersResult {
  /** Users that were looked at. */
  readonly looked: number;
  /** Wrong counters that were found. */
  readonly wrong: number;
  /** Of these, set right; 0 in a plan. A counter that moved meanwhile is left to the next run. */
  readonly repaired: number;
  /** The first of the wrong ones, at most 1,000. */
  readonly repairs: readonly ShownRepair[];
  /** Right counters that differ from the works, which somebody should look at; the first 100. */
  readonly explained: readonly ExplainedCount[];
  /** At most 100. */
  readonly failed: readonly { readonly id: string; readonly code: Code }[];
  /** Present when the deadline came first. */
  readonly checkpoint?: PageKey;
}

export interface UsersWalk {
  readonly dryRun: boolean;
  readonly after: PageKey | undefined;
  /** Nothing new is begun after it. */
  readonly deadline: Deadline;
  /** A slice of that, after which progress is told. */
  slice(): Deadline;
  onLooked(looked: number): void;
}

const MAX_SHOWN = 1_000;
const MAX_FAILED = 100;
const MAX_EXPLAINED = 100;
/** With less than this left no further slice is begun. */
const LAST_SLICE_MS = 1_000;

/** Walks all users in slices, planning or repairing their counters; what is kept of it does not grow with the users. */
export async function walkUsers(deps: RepairDeps, walk: UsersWalk): Promise<UsersResult> {
  const { dryRun } = walk;
  const sums = { looked: 0, wrong: 0, repaired: 0 };
  const repairs: ShownRepair[] = [];
  const explained: ExplainedCount[] = [];
  const failed: { id: string; code: Code }[] = [];
  let { after } = walk;
  do {
    const report = await repairUserCounts(deps, { deadline: walk.slice(), after, dryRun });
    sums.looked += report.done + report.skipped + report.failed.length;
    sums.wrong += report.repairs.length;
    sums.repaired += dryRun ? 0 : report.done;
    repairs.push(...report.repairs.slice(0, MAX_SHOWN - repairs.length).map(shown));
    explained.push(...report.explained.slice(0, MAX_EXPLAINED - explained.length));
    failed.push(...report.failed.slice(0, MAX_FAILED - failed.length));
    after = report.checkpoint;
    walk.onLooked(sums.looked);
  } while (after && walk.deadline.remainingMs() >= LAST_SLICE_MS);
  return { ...sums, repairs, explained, failed, ...(after ? { checkpoint: after } : {}) };
}

const shown = ({ where: _where, ...repair }: CountRepair): ShownRepair => repair;
