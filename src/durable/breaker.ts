import type { Clock } from '../core/index.ts';

/**
 * A circuit breaker for one collection:
 *
 *   closed ──5 failures in a row──▶ open ──after 1 s (doubling to 5 s)──▶ half-open ──probe fails──▶ open
 *      ▲                                                                      │
 *      └──────────────────────────── probe succeeds ◀─────────────────────────┘
 *
 * Open means "go to the next tier at once", never "drop".
 */
export interface Breaker {
  /** Whether a call may go out now. While half-open only one may, until it is reported. */
  allows(): boolean;
  /** Whether one may go out after a wait of `delayMs`, as things stand. */
  allowsIn(delayMs: number): boolean;
  succeeded(): void;
  failed(): void;
  /** The call that was let out says nothing about the other side (it had no time): the next one may be the probe. */
  released(): void;
}

export interface BreakerOptions {
  /** Failures in a row that open it. @default 5 */
  readonly failuresToOpen?: number;
  /** The first opening lasts this long; each further one twice as long. @default 1_000 */
  readonly openMs?: number;
  /**
   * An opening is never longer than this: who has few calls must not refuse them long after an outage. @default 5_000
   */
  readonly maxOpenMs?: number;
}

/** A closed breaker. */
export function createBreaker(clock: Clock, options: BreakerOptions = {}): Breaker {
  const { failuresToOpen = 5, openMs = 1_000, maxOpenMs = 5_000 } = options;
  let failures = 0;
  let openings = 0;
  let openUntilMs: number | undefined;
  let isProbing = false;
  const open = (): void => {
    openUntilMs = clock.now() + Math.min(openMs * 2 ** openings, maxOpenMs);
    openings += 1;
  };
  return {
    allows() {
      if (openUntilMs === undefined) return true;
      if (clock.now() < openUntilMs) return false;
      // Half-open: this caller is the probe. Were it never reported (its function was killed), the next
      // caller after the longest opening becomes the probe.
      openUntilMs = clock.now() + maxOpenMs;
      isProbing = true;
      return true;
    },
    allowsIn: (delayMs) => openUntilMs === undefined || clock.now() + delayMs >= openUntilMs,
    succeeded() {
      failures = 0;
      openings = 0;
      openUntilMs = undefined;
      isProbing = false;
    },
    failed() {
      failures += 1;
      // Calls that began before it opened and fail now say nothing new: only the probe makes the next opening longer.
      if (openUntilMs !== undefined && !isProbing) return;
      isProbing = false;
      if (failures >= failuresToOpen) open();
    },
    released() {
      if (isProbing) openUntilMs = clock.now();
      isProbing = false;
    },
  };
}
