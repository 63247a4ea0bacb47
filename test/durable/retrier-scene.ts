import { createDeadline, DurableError, type Code } from '../../src/core/index.ts';
import { createRetrier, type Budget, type RetryOptions } from '../../src/durable/index.ts';
import { memoryLog, seededRandom } from '../support/ports.ts';
import { createTestClock } from '../support/test-clock.ts';

/** An execution that fails with this code. */
export const fails = (code: Code) => () => Promise.reject(new DurableError(code, 'planned'));

interface Given extends RetryOptions {
  /** What `random.next()` answers; without it a seeded sequence. */
  readonly next?: number;
}

/** A retrier on a clock that stands still, which notes when its executions begin. */
export function createRetrierScene({ next, ...options }: Given = {}) {
  const clock = createTestClock();
  const log = memoryLog();
  const seeded = seededRandom(3);
  const random = next === undefined ? seeded : { ...seeded, next: () => next };
  const retrier = createRetrier({ clock, random, log }, options);
  const startedAtMs = clock.now();
  const begun: number[] = [];
  const deadline = (delayMs = 60_000) => createDeadline(clock, clock.now() + delayMs);
  return {
    clock,
    log,
    /** When each execution began, in milliseconds since the start. */
    begun,
    deadline,
    attempt: <T>(run: (timeoutMs: number) => Promise<T>, budget: Partial<Budget> = {}) =>
      clock.until(
        retrier.attempt({ key: 'works', deadline: deadline(), ...budget }, (timeoutMs) => {
          begun.push(clock.now() - startedAtMs);
          return run(timeoutMs);
        }),
      ),
    spentMs: () => clock.now() - startedAtMs,
  };
}
