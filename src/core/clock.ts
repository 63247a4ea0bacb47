/**
 * Time as a port: nothing in this library reads the wall clock or starts a timer by itself, so that a
 * run can be repeated exactly from its seed.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `run` once after `delayMs`; the function returned cancels it. */
  after(delayMs: number, run: () => void): () => void;
}

/** Resolves after `delayMs`. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}

/**
 * Settles as `work` does, or rejects with `onTimeout()` after `timeoutMs`, whichever comes first.
 *
 * The work is not interrupted (the SDK offers no way to): what it does later still happens, and its late
 * rejection is swallowed on purpose, because the caller has already been told "outcome unknown".
 */
export function withTimeout<T>(clock: Clock, timeoutMs: number, work: Promise<T>, onTimeout: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(timeoutMs, () => reject(onTimeout()));
    work.then(resolve, reject).finally(cancel);
  });
}
