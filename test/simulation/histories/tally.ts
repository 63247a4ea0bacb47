/** What many histories came to. */
import type { History } from './history.ts';
import { MUST_BE_SEEN } from './must-be-seen.ts';

const COUNTS = ['lost', 'duplicated', 'paidTwice', 'delivered', 'refused', 'unknown', 'onlyInLog'] as const;

export interface Tally {
  seeds: number;
  calls: number;
  violations: number;
  readonly counts: Record<(typeof COUNTS)[number], number>;
  /** In how many histories each situation was met. */
  readonly seen: Record<string, number>;
  /** The first of those in which a rule was broken. */
  readonly failures: { readonly seed: number; readonly words: string }[];
}

const MOST_FAILURES = 20;

export function createTally(): Tally {
  const counts = Object.fromEntries(COUNTS.map((name) => [name, 0])) as Tally['counts'];
  return { seeds: 0, calls: 0, violations: 0, counts, seen: {}, failures: [] };
}

export function tallyOf({ seed, verdict, seen, truth }: History): Tally {
  const counts = Object.fromEntries(COUNTS.map((name) => [name, verdict[name]])) as Tally['counts'];
  const [first] = verdict.violations;
  return {
    seeds: 1,
    calls: truth.answers.length,
    violations: verdict.violations.length,
    counts,
    seen: Object.fromEntries([...seen].map((situation) => [situation, 1])),
    failures: first ? [{ seed, words: `${first.invariant}: ${first.words}` }] : [],
  };
}

/** Adds the one to the other. */
export function addTally(sum: Tally, more: Tally): void {
  sum.seeds += more.seeds;
  sum.calls += more.calls;
  sum.violations += more.violations;
  for (const name of COUNTS) sum.counts[name] += more.counts[name];
  for (const [situation, count] of Object.entries(more.seen)) sum.seen[situation] = (sum.seen[situation] ?? 0) + count;
  sum.failures.push(...more.failures);
  sum.failures.sort((a, b) => a.seed - b.seed);
  sum.failures.length = Math.min(sum.failures.length, MOST_FAILURES);
}

/** The answer of the command. */
export type Summary = ReturnType<typeof summaryOf>;

/** So many histories must meet every situation at least once. */
const PER_SEEDS = 1_000;

export function summaryOf({ counts, seeds, calls, seen, violations, failures }: Tally, seconds: number) {
  const least = Math.floor(seeds / PER_SEEDS);
  const coverage = Object.fromEntries(Object.entries(seen).sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    ...counts,
    violations,
    seeds,
    calls,
    seedsPerSecond: Math.round((seeds / seconds) * 10) / 10,
    seconds: Math.round(seconds * 10) / 10,
    neverSeen: MUST_BE_SEEN.filter((situation) => (seen[situation] ?? 0) < least),
    failures,
    coverage,
  };
}
