/** Counts of placements, by how many faults may still be placed. */
import { WRONGS, type Violation, type Wrong } from './check.ts';

const METRICS = ['plans', 'wrong', ...WRONGS, 'held'] as const;
type Metric = (typeof METRICS)[number];

/**
 * For each number of faults that may still be placed, from none on: placements, those in which something is wrong, those
 * by what it is, and those in which a credit was held for a day without any payment. One list, since there are millions.
 */
export type Tally = readonly number[];

const SIZE = METRICS.length;

/** One placement, the same however many faults might still have been placed. */
export function tallyOf(wrong: readonly Violation[], held: number, mostFaults: number): Tally {
  const kinds = new Set<Metric>(wrong.map((violation) => violation.wrong));
  const isOf = (metric: Metric): boolean => {
    if (metric === 'plans') return true;
    if (metric === 'wrong') return wrong.length > 0;
    return metric === 'held' ? held > 0 : kinds.has(metric);
  };
  return Array.from({ length: mostFaults + 1 }, () => METRICS.map((metric) => Number(isOf(metric)))).flat();
}

export function countIn(tally: Tally, metric: Metric, faults: number): number {
  return tally[faults * SIZE + METRICS.indexOf(metric)] ?? 0;
}

export function byKind(tally: Tally, faults: number): Readonly<Record<Wrong, number>> {
  return Object.fromEntries(WRONGS.map((wrong) => [wrong, countIn(tally, wrong, faults)])) as Record<Wrong, number>;
}

/** How many faults it knows of. */
export const faultsIn = (tally: Tally): number => tally.length / SIZE - 1;

export function atMost(tally: Tally, faults: number): Tally {
  return faultsIn(tally) > faults ? tally.slice(0, (faults + 1) * SIZE) : tally;
}

/** Adds what follows one of a step's faults; `count` of them are alike, and each costs so many. */
export function add(
  to: number[],
  other: Tally,
  { cost, count }: { readonly cost: number; readonly count: number },
): void {
  for (let index = cost * SIZE; index < to.length; index += 1) {
    (to[index] as number) += count * (other[index - cost * SIZE] ?? 0);
  }
}
