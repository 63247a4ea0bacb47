import { DurableError } from '../../core/index.ts';

/** One flush for everybody who waits for one. */
export interface GroupFlush {
  /** Something was written that is not on the medium yet. */
  wrote(): void;
  /** Settles when everything written before is on the medium. Rejects for good after a flush that failed. */
  synced(): Promise<void>;
  /** Settles after a flush that began after this call, whether or not there is something to flush. */
  next(): Promise<void>;
  /** Ends it as a failed flush does. */
  fail(cause: unknown): void;
  /** Throws when a flush has failed: what it lost nobody can tell, so that nothing may be built on it. */
  assertSound(): void;
}

/**
 * Group commit: while one flush is on its way, all who come later wait together for the one after it. So a hundred
 * writers cost hardly more flushes than one. `flush` is never called twice at a time.
 */
export function createGroupFlush(flush: () => Promise<void>): GroupFlush {
  let written = 0;
  let durable = 0;
  let current: { readonly covers: number; readonly done: Promise<void> } | undefined;
  let coming: Promise<void> | undefined;
  let failure: DurableError | undefined;

  const fail = (cause: unknown): DurableError => (failure ??= unsound(cause));
  const run = async (): Promise<void> => {
    const covers = written;
    try {
      await flush();
      durable = covers;
    } catch (cause) {
      // The system may have dropped the pages that it could not write: a second flush would succeed, and lie.
      throw fail(cause);
    } finally {
      current = undefined;
    }
  };
  const runAfter = async (previous: Promise<void> | undefined): Promise<void> => {
    await previous;
    // The other requests that arrived in this turn come along.
    await new Promise((resolve) => setImmediate(resolve));
    coming = undefined;
    const done = run();
    current = { covers: written, done };
    return done;
  };
  const next = (): Promise<void> => (coming ??= runAfter(current?.done));
  return {
    wrote: () => void (written += 1),
    async synced() {
      if (failure) throw failure;
      if (durable === written) return;
      await (current?.covers === written ? current.done : next());
    },
    next,
    fail: (cause) => void fail(cause),
    assertSound() {
      if (failure) throw failure;
    },
  };
}

function unsound(cause: unknown): DurableError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new DurableError(
    'INTERNAL',
    `the local cloud's log could not be written to the disk (${why}); mend the disk and start again`,
    { cause },
  );
}
