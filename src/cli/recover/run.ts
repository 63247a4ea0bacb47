import type { Code } from '../../core/index.ts';
import type { WalkReport } from '../../durable/index.ts';
import type { GenerationCheckpoint, GenerationRecovery } from '../../generation/index.ts';
import type { Watch } from '../walk.ts';

/** What one phase came to, over all passes. */
export interface PhaseTotals {
  readonly done: number;
  /** Left for later in the last pass. */
  readonly skipped: number;
  /** Of the last pass: earlier ones may have been mended by it. At most 100 are named; `failedCount` counts all. */
  readonly failed: readonly { readonly id: string; readonly code: Code }[];
  readonly failedCount: number;
}

export interface RecoveryResult {
  readonly phases: Readonly<Record<string, PhaseTotals>>;
  readonly passes: number;
  /** Present when the time was over, or somebody asked to stop. */
  readonly checkpoint?: GenerationCheckpoint;
}

/** Long enough for the slowest single step, the copy of a picture. */
const SLICE_MS = 60_000;
const MAX_NAMED = 100;
/** What is closed in one pass may free a letter for the next; a pass that did nothing is the last. */
const MAX_PASSES = 10;

const EMPTY: PhaseTotals = { done: 0, skipped: 0, failed: [], failedCount: 0 };

export interface RecoverRun {
  readonly watch: Watch;
  /** Where an earlier run stopped. */
  readonly start: GenerationCheckpoint | undefined;
  /** Collections of plain writes, whose letters are brought home too. */
  readonly also: readonly string[];
}

/** Runs recovery until a whole pass finds nothing more to do, or the watch is over. */
export async function recoverAll(
  recovery: GenerationRecovery,
  { watch, start, also }: RecoverRun,
): Promise<RecoveryResult> {
  let phases: Record<string, PhaseTotals> = {};
  let from = start;
  for (let passes = 1; ; passes += 1) {
    const before = doneIn(phases);
    phases = forgetLeftovers(phases);
    do {
      const report = await recovery.recover({ deadline: watch.slice(SLICE_MS), from, also });
      phases = add(phases, report.phases);
      from = report.checkpoint;
      if (from && isOver(watch)) return { phases, passes, checkpoint: from };
    } while (from);
    if (doneIn(phases) === before || isOver(watch) || passes === MAX_PASSES) return { phases, passes };
  }
}

const isOver = (watch: Watch): boolean => watch.isInterrupted() || watch.deadline.remainingMs() < 1_000;

const doneIn = (phases: Readonly<Record<string, PhaseTotals>>): number =>
  Object.values(phases).reduce((sum, { done }) => sum + done, 0);

function forgetLeftovers(phases: Readonly<Record<string, PhaseTotals>>): Record<string, PhaseTotals> {
  return Object.fromEntries(Object.entries(phases).map(([name, { done }]) => [name, { ...EMPTY, done }]));
}

function add(
  phases: Readonly<Record<string, PhaseTotals>>,
  more: Readonly<Record<string, WalkReport | undefined>>,
): Record<string, PhaseTotals> {
  const sums = { ...phases };
  for (const [name, walk] of Object.entries(more)) if (walk) sums[name] = plus(sums[name] ?? EMPTY, walk);
  return sums;
}

function plus(totals: PhaseTotals, walk: WalkReport): PhaseTotals {
  return {
    done: totals.done + walk.done,
    skipped: totals.skipped + walk.skipped,
    failed: [...totals.failed, ...walk.failed].slice(0, MAX_NAMED),
    failedCount: totals.failedCount + walk.failed.length,
  };
}
