import type { Invariant, Violation } from './truth.ts';

/** What the judge's parts found. */
export interface Findings {
  readonly violations: Violation[];
  readonly lost: Set<string>;
  readonly paidTwice: Set<string>;
  /** Notes the violation unless `holds`. */
  demand(holds: boolean, invariant: Invariant, words: () => string, recordId?: string): void;
}

export function createFindings(): Findings {
  const violations: Violation[] = [];
  return {
    violations,
    lost: new Set(),
    paidTwice: new Set(),
    demand(holds, invariant, words, recordId) {
      if (holds) return;
      violations.push({ invariant, words: words(), ...(recordId === undefined ? {} : { recordId }) });
    },
  };
}
