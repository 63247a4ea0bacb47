import type { Deadline } from '../core/index.ts';
import { nodeClock } from '../core/node/index.ts';
import type { Terminal } from './terminal.ts';

/** After being asked to stop, this much time to finish what is at hand. */
const LAST_MS = 2_000;

/** How long a walk may go on. */
export interface Watch {
  /** The whole time, or a little more than nothing once a person has asked to stop. */
  readonly deadline: Deadline;
  /** As `deadline`, but over after `sliceMs` at the latest, so that progress can be shown. */
  slice(sliceMs: number): Deadline;
  isInterrupted(): boolean;
}

/** Watches the time limit and the person who may press Ctrl-C. */
export function createWatch(terminal: Terminal, limitMs: number): Watch {
  const endsAtMs = nodeClock.now() + limitMs;
  let stopsAtMs = Infinity;
  void terminal.stopped.then(() => (stopsAtMs = nodeClock.now() + LAST_MS));
  const until = (atMs: number): Deadline => ({
    atMs,
    remainingMs: () => Math.min(atMs, stopsAtMs) - nodeClock.now(),
    minus: (reserveMs) => until(atMs - reserveMs),
  });
  return {
    deadline: until(endsAtMs),
    slice: (sliceMs) => until(Math.min(endsAtMs, nodeClock.now() + sliceMs)),
    isInterrupted: () => stopsAtMs !== Infinity,
  };
}
