import type { Clock } from '../../src/core/index.ts';
import { createTimerQueue } from './timer-queue.ts';

/** A clock that stands still until it is told to move; timers run in order of their time. */
export interface TestClock extends Clock {
  /** Lets everything settle that needs no time, then moves to the next timer; false when there is none. */
  step(): Promise<boolean>;
  /** Moves by `delayMs`, running what falls due on the way. */
  advance(delayMs: number): Promise<void>;
  /** Moves on as far as it takes until `work` settles; rejects when no timer is left and it still has not. */
  until<T>(work: Promise<T>): Promise<T>;
  /** Lets everything settle that needs no time. */
  settle(): Promise<void>;
}

/**
 * Resolves when every microtask has run, however long the chain of promises: Node empties that queue before it looks
 * at its ticks again. Five times faster than a turn of the event loop, of which nothing here needs one.
 */
export const settled = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

const now = Promise.resolve();

/**
 * Calls it when every microtask has run, as `settled`, at half the cost. From within a microtask, since Node goes through
 * all of its ticks before it looks at microtasks.
 */
export function whenSettled(call: () => void): void {
  void now.then(() => process.nextTick(call));
}

/** A test clock that starts at `startMs`. */
export function createTestClock(startMs = Date.UTC(2026, 10, 22, 4, 0, 0)): TestClock {
  let nowMs = startMs;
  let added = 0;
  const timers = createTimerQueue();
  const fireNext = (byMs: number): boolean => {
    const due = timers.take(byMs);
    if (!due) return false;
    nowMs = Math.max(nowMs, due.atMs);
    due.run();
    return true;
  };
  const step = async (): Promise<boolean> => {
    await settled();
    return fireNext(Infinity);
  };
  return {
    now: () => nowMs,
    after: (delayMs, run) => timers.add(nowMs + Math.max(0, delayMs), added++, run),
    step,
    settle: settled,
    async advance(delayMs) {
      const endMs = nowMs + delayMs;
      await settled();
      while (fireNext(endMs)) await settled();
      nowMs = endMs;
    },
    async until(work) {
      let isSettled = false;
      const mark = (): void => {
        isSettled = true;
      };
      work.then(mark, mark);
      await settled();
      while (!isSettled) {
        if (!(await step())) {
          await settled();
          if (!isSettled) throw new Error('nothing is left to wait for, and the work has not settled');
        }
        await settled();
      }
      return work;
    },
  };
}
