import type { TestClock } from '../test/support/test-clock.ts';

/** Libraries that start timers of their own run on `clock` while `run` does; the machine's timers return after it. */
export async function onVirtualTime<T>(clock: TestClock, run: () => Promise<T>): Promise<T> {
  const { setTimeout: realSet, clearTimeout: realClear } = globalThis;
  const { now } = Date;
  const set = (callback: () => void, delayMs = 0) => {
    const cancel = clock.after(delayMs, callback);
    // What some of them call on a timer of Node's.
    return { cancel, ref: () => undefined, unref: () => undefined };
  };
  Object.assign(globalThis, { setTimeout: set, clearTimeout: (timer?: { cancel?(): void }) => timer?.cancel?.() });
  Date.now = () => clock.now();
  try {
    return await run();
  } finally {
    Object.assign(globalThis, { setTimeout: realSet, clearTimeout: realClear });
    Date.now = now;
  }
}
