/** What is said about a comparison: figures for each system, and whether ours are what they must be. */
import type { Assumptions } from './assumptions.ts';
import { tookAt, type Tally } from './tally.ts';

/** One system's figures; counts unless the name has a unit. */
export interface Figures {
  readonly name: string;
  readonly calls: number;
  readonly delivered: number;
  readonly lost: number;
  readonly lostAfterSuccess: number;
  readonly duplicated: number;
  readonly paidTwice: number;
  readonly refused: number;
  readonly refusedOutsideOutages: number;
  readonly unknown: number;
  readonly onlyInLog: number;
  readonly counterDriftBefore: number;
  readonly counterDriftAfter: number;
  readonly killedByChance: number;
  readonly killedByTimeLimit: number;
  readonly deadLetters: number;
  /** Rules of the checker of histories that were broken. */
  readonly violations: number;
  readonly requestsPerCall: number;
  readonly happyRequests: number;
  readonly happyInSequence: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}

/** A system's figures from its sums. */
export function figuresOf(name: string, tally: Tally): Figures {
  const { refusedInOutages, refusedElsewhere, driftBefore, driftAfter } = tally;
  return {
    ...pick(tally, [
      'calls',
      'delivered',
      'lost',
      'lostAfterSuccess',
      'duplicated',
      'paidTwice',
      'unknown',
      'onlyInLog',
    ]),
    ...pick(tally, [
      'killedByChance',
      'killedByTimeLimit',
      'deadLetters',
      'violations',
      'happyRequests',
      'happyInSequence',
    ]),
    name,
    refused: refusedInOutages + refusedElsewhere,
    refusedOutsideOutages: refusedElsewhere,
    counterDriftBefore: driftBefore,
    counterDriftAfter: driftAfter,
    requestsPerCall: Number((tally.databaseRequests / tally.firstAsked).toFixed(2)),
    p50Ms: tookAt(tally, 0.5),
    p99Ms: tookAt(tally, 0.99),
    p999Ms: tookAt(tally, 0.999),
  };
}

function pick<K extends keyof Tally>(tally: Tally, names: readonly K[]): Pick<Tally, K> {
  return Object.fromEntries(names.map((name) => [name, tally[name]])) as Pick<Tally, K>;
}

/** One variant of the assumptions, played by several systems. */
export interface Played {
  readonly name: string;
  readonly changes: Partial<Assumptions>;
  readonly systems: readonly Figures[];
}

/** All that one run says. */
export interface Comparison {
  readonly command: string;
  readonly seed: number;
  readonly assumptions: Assumptions;
  readonly systems: readonly Figures[];
  readonly targets: readonly Target[];
  readonly variants: readonly Played[];
}

export interface Target {
  readonly what: string;
  readonly value: number;
  readonly atMost: number;
  readonly met: boolean;
}

/** What the headline figures of our system must be. */
export function targetsOf(ours: Figures, original: Figures): readonly Target[] {
  const kills = ours.killedByChance + ours.killedByTimeLimit;
  const limits: readonly (readonly [what: string, value: number, atMost: number])[] = [
    ['lost', ours.lost, 0],
    ['duplicated', ours.duplicated, 0],
    ['paid twice', ours.paidTwice, 0],
    ['rules of the checker broken', ours.violations, 0],
    ['refused outside outages, share', ours.refusedOutsideOutages / ours.calls, 0.001],
    ['unknown, at most the kills', ours.unknown, kills],
    ['p99 in ms, at most the original’s', ours.p99Ms, original.p99Ms],
    ['requests of a happy call', ours.happyRequests, 5],
    ['… of these in sequence', ours.happyInSequence, 4],
  ];
  return limits.map(([what, value, atMost]) => ({ what, value, atMost, met: value <= atMost }));
}
