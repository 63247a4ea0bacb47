import { beijingDay, type Clock, type Fetch, type Hash, type Log, type Random } from '../core/index.ts';
import type { Store } from '../store/index.ts';

/** How bad it is; `resolved` says that the condition was looked for and is over. */
export type Severity = 'fault' | 'warning' | 'resolved';

/** One condition as one run saw it. Repeat it in every run: what has been told already is not told again. */
export interface Alert {
  /** Names the condition, not the occurrence: stable, at most 100 of letters, digits, `_`, `-`, `.`, `:`. */
  readonly key: string;
  readonly severity: Severity;
  readonly title: string;
  /** For people; no prompt, openid or secret: a robot's group is outside the deployment. */
  readonly lines: readonly string[];
  readonly atMs: number;
}

/** What is remembered of a condition, in `durable_alerts`. */
export interface AlertState {
  readonly key: string;
  readonly state: 'open' | 'closed';
  readonly severity: Severity;
  readonly title: string;
  readonly openedAtMs: number;
  readonly lastSeenAtMs: number;
  readonly occurrences: number;
  /** Messages that a group took. */
  readonly told: number;
  /** From when on it may be told again. */
  readonly nextAtMs: number;
  /** Until then one instance is busy telling it. */
  readonly claimedUntilMs: number;
  /** Which run that is; a token of its own. */
  readonly claimedBy: string;
  /** Changes with every claim, never with a mere count. */
  readonly seq: number;
  /** What a claim was taken for and no group has taken yet: any later run tells it. */
  readonly untold: Omit<Alert, 'key'> | null;
}

/** What the notifier stands on. */
export interface NotifierDeps {
  /** Where grouping and limits are kept for all instances; without it each instance keeps its own. */
  readonly store?: Store | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly fetch: Fetch;
  readonly hash: Hash;
  readonly random: Random;
}

const OFFSET_MS = 8 * 3_600_000;

/** A moment for people, Beijing time: `2026-11-22 12:00`. */
export function beijingMinute(atMs: number): string {
  const day = beijingDay(atMs);
  const time = new Date(atMs + OFFSET_MS).toISOString().slice(11, 16);
  return `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)} ${time}`;
}
