/** What must have happened somewhere, or the run has shown too little. */
import type { Evidence } from './evidence.ts';
import { FAULT_KINDS } from './fault-kinds.ts';
import type { Played } from './play.ts';
import type { Printed } from './lane.ts';

export type Coverage = Map<string, number>;

/** From so many histories on, each must have been seen. */
export const COVERED_FROM = 100;

/** What functions print when they come to something that only faults bring them to. */
const IN_THE_LOG: Readonly<Record<string, string>> = {
  'duplicate record met': '"write.duplicate"',
  'letter in emergency_backup or storage': '"write.dead-lettered"',
  'letter in the log': '"write.sealed"',
  'no picture seen': '"generation.no-picture"',
  'close postponed': '"once.close-postponed"',
  'opening abandoned': '"once.abandoned"',
};

const SEEN = [
  ...['saved in works', 'saved in emergency_backup', 'saved in storage', 'saved in log'],
  ...['answered in progress', 'answered unknown', 'answered with another payload', 'answered failed'],
  ...['quota used up', 'credits used up', 'replayed', 'paid again on request', 'recovered', 'given up after a day'],
  ...['letter redriven', 'deleted by its owner', 'counter mended'],
] as const;
type Seen = (typeof SEEN)[number];

export function createCoverage(): Coverage {
  return new Map([...FAULT_KINDS, ...Object.keys(IN_THE_LOG), ...SEEN].map((name) => [name, 0]));
}

export const missingFrom = (coverage: Coverage): readonly string[] =>
  [...coverage].flatMap(([name, count]) => (count === 0 ? [name] : []));

/** Adds what a history has shown. */
export function cover(coverage: Coverage, played: Played, evidence: Evidence, printed: readonly Printed[]): void {
  const note = (name: string, count = 1): void => void coverage.set(name, (coverage.get(name) ?? 0) + count);
  for (const kind of played.met) note(kind);
  for (const [name, mark] of Object.entries(IN_THE_LOG))
    if (printed.some(({ text }) => text.includes(mark))) note(name);
  for (const [name, count] of Object.entries(seenIn(evidence))) if (count > 0) note(name, count);
}

const CODES: Readonly<Record<string, Seen>> = {
  ONCE_IN_PROGRESS: 'answered in progress',
  ONCE_UNKNOWN: 'answered unknown',
  IDEMPOTENCY_MISMATCH: 'answered with another payload',
  QUOTA_EXCEEDED: 'quota used up',
  CREDITS_INSUFFICIENT: 'credits used up',
};

function seenIn({ truth, stored }: Evidence): Readonly<Record<string, number>> {
  const seen: Record<string, number> = {};
  const note = (name: Seen, count = 1): void => void (seen[name] = (seen[name] ?? 0) + count);
  const delivered = new Set<string>();
  for (const { key, said } of truth.answers) {
    if (said.kind === 'error' && CODES[said.code]) note(CODES[said.code] as Seen);
    if (said.kind !== 'final') continue;
    note(said.status === 'failed' ? 'answered failed' : `saved in ${said.savedIn}`);
    if (delivered.has(key)) note('replayed');
    delivered.add(key);
  }
  note('paid again on request', truth.paid.filter(({ attempt }) => attempt > 1).length);
  note('recovered', stored.works.filter(({ isRecovered }) => isRecovered === true).length);
  note('given up after a day', stored.works.filter(({ errorCode }) => errorCode === 'ONCE_UNKNOWN').length);
  note('letter redriven', stored.letters.filter(({ state }) => state === 'redriven').length);
  note('deleted by its owner', truth.deletedByUsers.length);
  note('counter mended', (truth.accounts ?? []).filter(({ isTampered }) => isTampered).length);
  return seen;
}
