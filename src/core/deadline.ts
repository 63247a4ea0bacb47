import type { Clock } from './clock.ts';

/** The moment after which nothing new is started. */
export interface Deadline {
  readonly atMs: number;
  /** Milliseconds left; negative once it has passed. */
  remainingMs(): number;
  /** The same deadline, `reserveMs` earlier: what is left for the work that must still follow. */
  minus(reserveMs: number): Deadline;
}

/** A deadline at `atMs` (milliseconds since the epoch) on `clock`. */
export function createDeadline(clock: Clock, atMs: number): Deadline {
  return {
    atMs,
    remainingMs: () => atMs - clock.now(),
    minus: (reserveMs) => createDeadline(clock, atMs - reserveMs),
  };
}
