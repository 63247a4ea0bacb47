import type { Clock } from '../../src/core/index.ts';

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

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

/** A test clock that starts at `startMs`. */
export function createTestClock(startMs = Date.UTC(2026, 10, 22, 4, 0, 0)): TestClock {
  let nowMs = startMs;
  const timers = new Set<Timer>();
  // After setImmediate every microtask has run, however long the chain of promises.
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const next = (): Timer | undefined => {
    let first: Timer | undefined;
    for (const timer of timers) if (!first || timer.atMs < first.atMs) first = timer;
    return first;
  };
  const fire = (timer: Timer): void => {
    timers.delete(timer);
    nowMs = Math.max(nowMs, timer.atMs);
    timer.run();
  };
  const step = async (): Promise<boolean> => {
    await settle();
    const timer = next();
    if (timer) fire(timer);
    return timer !== undefined;
  };
  return {
    now: () => nowMs,
    after(delayMs, run) {
      const timer = { atMs: nowMs + Math.max(0, delayMs), run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    step,
    settle,
    async advance(delayMs) {
      const endMs = nowMs + delayMs;
      await settle();
      for (let timer = next(); timer && timer.atMs <= endMs; timer = next()) {
        fire(timer);
        await settle();
      }
      nowMs = endMs;
    },
    async until(work) {
      let settled = false;
      const mark = (): void => {
        settled = true;
      };
      work.then(mark, mark);
      await settle();
      while (!settled) {
        if (!(await step())) {
          await settle();
          if (!settled) throw new Error('nothing is left to wait for, and the work has not settled');
        }
        await settle();
      }
      return work;
    },
  };
}
