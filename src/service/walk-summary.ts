import type { WalkReport } from '../durable/index.ts';

/** Enough ids to look at; the counts say how many there are. */
const FAILED_SHOWN = 20;

/** A walk in numbers, with its failures by code: for the job table and the log, which hold no ids. */
export function walkCounts({ done, skipped, failed }: WalkReport) {
  return { done, skipped, failed: failed.length, failures: byCode(failed) };
}

/** A walk for whoever asked: the first records that failed, and how many failed in what way. */
export function shownWalk({ done, skipped, failed }: WalkReport) {
  return { done, skipped, failed: failed.slice(0, FAILED_SHOWN), failures: byCode(failed) };
}

function byCode(failed: WalkReport['failed']): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { code } of failed) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}
