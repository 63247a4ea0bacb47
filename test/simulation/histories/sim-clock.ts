import type { Clock } from '../../../src/core/index.ts';
import { whenSettled } from '../../support/test-clock.ts';
import { createTimerQueue } from '../../support/timer-queue.ts';
import type { Draws } from './draws.ts';

/** The world's own time; of what is due at the same instant, chance decides which goes first. */
export interface SimClock extends Clock {
  /** Lets happen what happens until `atMs`. */
  advanceTo(atMs: number): Promise<void>;
  /** Lets happen what happens until `work` is over. Rejects when nothing is left that could end it. */
  until(work: Promise<unknown>): Promise<void>;
}

export function createSimClock(startMs: number, draws: Draws): SimClock {
  let nowMs = startMs;
  const timers = createTimerQueue();
  const fireNext = (byMs: number): boolean => {
    const due = timers.take(byMs);
    if (!due) return false;
    nowMs = due.atMs;
    due.run();
    return true;
  };
  /** Fires what is due by then, each when all before it has settled; answers whether it was `isOver` that ended it. */
  const fireAll = (byMs: number, isOver: () => boolean): Promise<boolean> =>
    new Promise((resolve, reject) => {
      const turn = (): void => {
        try {
          if (isOver()) return resolve(true);
          if (!fireNext(byMs)) return resolve(false);
          whenSettled(turn);
        } catch (error) {
          const defect = error as Error;
          reject(defect);
        }
      };
      whenSettled(turn);
    });
  return {
    now: () => nowMs,
    after: (delayMs, run) => timers.add(nowMs + Math.max(0, delayMs), draws.next(), run),
    async advanceTo(atMs) {
      await fireAll(atMs, () => false);
      nowMs = Math.max(nowMs, atMs);
    },
    async until(work) {
      let isOver = false;
      const end = (): void => void (isOver = true);
      work.then(end, end);
      if (!(await fireAll(Infinity, () => isOver))) {
        throw new Error('nothing is left that could happen, and the work is not over');
      }
      await work;
    },
  };
}
