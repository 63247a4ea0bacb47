import type { Alert, AlertState } from './alert.ts';

/** What a run should do about one condition. */
export type Plan =
  /** Nothing is open and nothing ended. */
  | { readonly kind: 'quiet' }
  /** Told already: count it. */
  | { readonly kind: 'count'; readonly next: AlertState }
  /** Tell it, once `next` is stored on condition that nobody else was faster. */
  | { readonly kind: 'tell'; readonly next: AlertState };

export interface PlanFacts {
  readonly nowMs: number;
  /** What is known: the stored state, or this instance's own memory of an outage. */
  readonly known: AlertState | undefined;
  /** `seq` of what is stored. */
  readonly seq: number;
  /** Names a claim of this run. */
  readonly token: string;
  /** It was not seen now: an earlier run could not tell it. @default false */
  readonly isRetold?: boolean;
}

/** Longer than a function may live: a claim that is older belongs to an instance that was killed. */
const CLAIM_MS = 120_000;

/** Decides about one alert; pure. */
export function planAlert(alert: Alert, { nowMs, known, seq, token, isRetold = false }: PlanFacts): Plan {
  const isOpen = known?.state === 'open';
  const isClaimed = known !== undefined && known.claimedUntilMs > nowMs;
  const { key, severity, title, lines, atMs } = alert;
  const untold = { severity, title, lines, atMs };
  const claim = { claimedUntilMs: nowMs + CLAIM_MS, claimedBy: token, nextAtMs: nowMs, seq: seq + 1, untold };
  if (severity === 'resolved') {
    return isOpen && !isClaimed ? { kind: 'tell', next: { ...known, ...claim } } : { kind: 'quiet' };
  }
  if (!isOpen) {
    const opened = { openedAtMs: nowMs, lastSeenAtMs: nowMs, occurrences: 1, told: 0 };
    return { kind: 'tell', next: { key, severity, title, state: 'open', ...opened, ...claim } };
  }
  const counted = isRetold ? known : { ...known, lastSeenAtMs: nowMs, occurrences: known.occurrences + 1 };
  const isWorse = severity === 'fault' && known.severity !== 'fault';
  if (isClaimed || !(isWorse || nowMs >= known.nextAtMs)) return { kind: 'count', next: counted };
  return { kind: 'tell', next: { ...counted, severity, title, ...claim } };
}

/** The state once the message was taken by a group, or by none. */
export function settled(
  state: AlertState,
  { severity }: Alert,
  outcome: { readonly sent: boolean; readonly nextAtMs: number },
): AlertState {
  if (!outcome.sent) return { ...state, claimedUntilMs: 0 };
  const told = { ...state, told: state.told + 1, claimedUntilMs: 0, nextAtMs: outcome.nextAtMs, untold: null };
  return severity === 'resolved' ? { ...told, state: 'closed' } : told;
}
