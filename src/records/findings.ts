import type { Finding } from './report.ts';

/** What a section has found so far, by kind: plain data for its state, which never grows with the number of records. */
export type FoundSoFar = Record<string, { count: number; ids: string[] }>;

/** What each kind that a section can find means, in the order in which they are reported. */
export type Weights = Readonly<Record<string, Finding['weight']>>;

const MAX_IDS = 20;

/** Adds findings of one kind: `ids` are some of them, in the order of the walk; `count` says how many there are. */
export function addFinding(found: FoundSoFar, kind: string, ids: readonly string[], count = ids.length): void {
  if (count === 0) return;
  const entry = (found[kind] ??= { count: 0, ids: [] });
  entry.count += count;
  entry.ids.push(...ids.slice(0, MAX_IDS - entry.ids.length));
}

/** The findings as a section reports them. */
export function concludeFindings(found: FoundSoFar, weights: Weights): readonly Finding[] {
  return Object.entries(weights).flatMap(([kind, weight]) => {
    const entry = found[kind];
    return entry ? [{ kind, weight, count: entry.count, ids: [...entry.ids] }] : [];
  });
}

/** The status of a section that could look at everything. */
export function statusOf(findings: readonly Finding[]): 'ok' | 'problems' {
  return findings.some(({ weight }) => weight === 'problem') ? 'problems' : 'ok';
}
