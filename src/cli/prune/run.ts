import type { Code } from '../../core/index.ts';
import type { Retention, RetentionCheckpoint, RetentionReport } from '../../integrity/index.ts';
import type { Watch } from '../walk.ts';

/** What a whole walk of retention came to. */
export interface PruneResult {
  readonly letters: PhaseSums;
  readonly reports: PhaseSums;
  readonly findings: RetentionReport['findings'];
  /** The first that went, or would; at most 1,000. */
  readonly removals: RetentionReport['removals'];
  readonly checkpoint?: RetentionCheckpoint;
}

export interface PhaseSums {
  readonly gone: number;
  /** Old enough, and still here. */
  readonly kept: number;
  readonly failed: number;
  /** Why it could not be read; what is in it is unknown then. */
  readonly unread?: Code;
}

const SLICE_MS = 10_000;
const MAX_SHOWN = 1_000;
const NOTHING: PhaseSums = { gone: 0, kept: 0, failed: 0 };

export interface PruneWalk {
  readonly watch: Watch;
  readonly dryRun: boolean;
  readonly from: RetentionCheckpoint | undefined;
  onGone(gone: number): void;
}

/** Runs retention in slices to its end, or until the watch is over. */
export async function pruneAll(retention: Retention, { watch, dryRun, from, onGone }: PruneWalk): Promise<PruneResult> {
  let sums: PruneResult = { letters: NOTHING, reports: NOTHING, findings: [], removals: [] };
  let checkpoint = from;
  do {
    const report = await retention.prune({ deadline: watch.slice(SLICE_MS), from: checkpoint, dryRun });
    sums = plus(sums, report);
    checkpoint = report.checkpoint;
    onGone(sums.letters.gone + sums.reports.gone);
  } while (checkpoint && !watch.isInterrupted() && watch.deadline.remainingMs() > 0);
  return { ...sums, ...(checkpoint ? { checkpoint } : {}) };
}

function plus(sums: PruneResult, { phases, findings, removals }: RetentionReport): PruneResult {
  return {
    letters: phaseSum(sums.letters, phases.letters),
    reports: phaseSum(sums.reports, phases.reports),
    findings: addFindings(sums.findings, findings),
    removals: [...sums.removals, ...removals].slice(0, MAX_SHOWN),
  };
}

function phaseSum(sums: PhaseSums, walk: RetentionReport['phases']['letters']): PhaseSums {
  if (!walk) return sums;
  const { gone, kept, failed } = sums;
  // A failure without an id is of the reading itself.
  const unread = walk.failed.find(({ id }) => id === '')?.code ?? sums.unread;
  return {
    ...{ gone: gone + walk.done, kept: kept + walk.skipped },
    failed: failed + walk.failed.filter(({ id }) => id !== '').length,
    ...(unread ? { unread } : {}),
  };
}

function addFindings(known: PruneResult['findings'], more: PruneResult['findings']): PruneResult['findings'] {
  const byKind = new Map(known.map((finding) => [finding.kind, finding]));
  for (const finding of more) {
    const before = byKind.get(finding.kind);
    const ids = [...(before?.ids ?? []), ...finding.ids].slice(0, 20);
    byKind.set(finding.kind, { ...finding, count: finding.count + (before?.count ?? 0), ids });
  }
  return [...byKind.values()];
}
