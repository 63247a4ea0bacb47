import pRetry from 'p-retry';
import {
  asDurableError,
  DurableError,
  sleep,
  type Clock,
  type Code,
  type Deadline,
  type Log,
  type Random,
} from '../core/index.ts';
import { createBreaker, type Breaker, type BreakerOptions } from './breaker.ts';
import { createRetryBudget, type RetryBudget } from './retry-budget.ts';
import type { CallOptions } from '../store/index.ts';

export interface RetryOptions {
  /** Executions in all: 3 is one call and two retries. @default 3 */
  readonly maxAttempts?: number;
  /** The wait before attempt n + 1 is at most `baseDelayMs × n` (linear), times a random [0.1, 1). @default 1_000 */
  readonly baseDelayMs?: number;
  /** One attempt is given up after this. @default 1_500 */
  readonly attemptTimeoutMs?: number;
  readonly breaker?: BreakerOptions;
}

export interface RetrierDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** A failed attempt, kept as data. */
export interface FailedAttempt {
  readonly attempt: number;
  readonly code: Code;
  readonly message: string;
  readonly latencyMs: number;
}

/** What one operation may use. */
export interface Budget {
  /** What is retried, for breaker and bucket: a collection's name. */
  readonly key: string;
  readonly deadline: Deadline;
  /** Time that must be left for what follows; no attempt or wait reaches into it. @default 0 */
  readonly reserveMs?: number;
  readonly maxAttempts?: number;
  readonly attemptTimeoutMs?: number;
  /** For the log. */
  readonly recordId?: string;
}

/** An operation that failed for good, with every attempt that was made. */
export interface Exhausted {
  readonly error: DurableError;
  readonly attempts: readonly FailedAttempt[];
  /** Whether some attempt may have taken effect although none was acknowledged. */
  readonly ambiguous: boolean;
}

export type Tried<T> =
  | { readonly ok: true; readonly value: T; readonly attempts: readonly FailedAttempt[] }
  | ({ readonly ok: false } & Exhausted);

/**
 * Runs an idempotent operation in at most `maxAttempts` attempts, inside a deadline; answers a value either
 * way. Only `transient`, `ambiguous` and `throttled` errors are repeated, and unexpected exceptions, which say
 * nothing about what happened. `run` gets the milliseconds that each of its statements may take.
 */
export interface Retrier {
  attempt<T>(budget: Budget, run: (timeoutMs: number) => Promise<T>): Promise<Tried<T>>;
}

/** An attempt shorter than this is not worth starting. */
const MIN_ATTEMPT_MS = 100;
const JITTER_FLOOR = 0.1;

/** A retrier with one breaker and one retry bucket per key; keep it for the life of the instance. */
export function createRetrier(deps: RetrierDeps, options: RetryOptions = {}): Retrier {
  const lanes = new Map<string, Lane>();
  const laneOf = (key: string): Lane => {
    const known = lanes.get(key);
    if (known) return known;
    const lane = { breaker: createBreaker(deps.clock, options.breaker), bucket: createRetryBudget() };
    lanes.set(key, lane);
    return lane;
  };
  return {
    attempt: (budget, run) => attemptAll({ deps, options, budget, lane: laneOf(budget.key), failures: [] }, run),
  };
}

interface Lane {
  readonly breaker: Breaker;
  readonly bucket: RetryBudget;
}

interface Course {
  readonly deps: RetrierDeps;
  readonly options: RetryOptions;
  readonly budget: Budget;
  readonly lane: Lane;
  readonly failures: FailedAttempt[];
}

async function attemptAll<T>(course: Course, run: (timeoutMs: number) => Promise<T>): Promise<Tried<T>> {
  const maxAttempts = course.budget.maxAttempts ?? course.options.maxAttempts ?? 3;
  try {
    // p-retry only counts and repeats: its own timers and signal stay unused, because an abort would turn a
    // success into a rejection and its waits know nothing of our clock and deadline.
    const value = await pRetry((attempt) => attemptOnce(course, attempt, run), {
      retries: maxAttempts - 1,
      shouldRetry: ({ error, attemptNumber }) => waitForNext(course, asDurableError(error), attemptNumber),
      // All else is given too: what it has to add to its copy costs ten times as much as the whole call.
      minTimeout: 0,
      factor: 1,
      maxTimeout: Infinity,
      maxRetryTime: Infinity,
      randomize: false,
      onFailedAttempt: nothing,
      shouldConsumeRetry: always,
    });
    return { ok: true, value, attempts: course.failures };
  } catch (thrown) {
    const ambiguous = course.failures.some((failure) => isAmbiguous(failure.code));
    return { ok: false, error: asDurableError(thrown), attempts: course.failures, ambiguous };
  }
}

const nothing = (): void => undefined;
const always = (): boolean => true;

async function attemptOnce<T>(course: Course, attempt: number, run: (timeoutMs: number) => Promise<T>): Promise<T> {
  const { deps, lane } = course;
  const timeoutMs = attemptTimeoutMs(course);
  if (timeoutMs < MIN_ATTEMPT_MS) throw new DurableError('DEADLINE_PASSED', 'no time is left for an attempt');
  if (!lane.breaker.allows()) {
    throw new DurableError('STORE_UNAVAILABLE', `"${course.budget.key}" is known to be down; not asked`, {
      details: { breaker: 'open' },
    });
  }
  const startedAtMs = deps.clock.now();
  try {
    const value = await run(timeoutMs);
    lane.breaker.succeeded();
    lane.bucket.earn();
    return value;
  } catch (thrown) {
    // Translated before p-retry sees it: a raw TypeError or plain object would never be retried there.
    const error = asDurableError(thrown);
    report(course, { attempt, error, latencyMs: deps.clock.now() - startedAtMs });
    throw error;
  }
}

function report(course: Course, failure: { attempt: number; error: DurableError; latencyMs: number }): void {
  const { budget, deps, lane } = course;
  const { attempt, error, latencyMs } = failure;
  if (isWorthRepeating(error)) lane.breaker.failed();
  // What was never sent says nothing about the other side: an open breaker must not be closed by it.
  else if (error.code === 'DEADLINE_PASSED' || error.category === 'caller') lane.breaker.released();
  else lane.breaker.succeeded();
  course.failures.push({ attempt, code: error.code, message: describe(error), latencyMs });
  deps.log.write('warn', 'write.attempt-failed', {
    collection: budget.key,
    recordId: budget.recordId,
    attempt,
    code: error.code,
    category: error.category,
    latencyMs,
  });
}

async function waitForNext(course: Course, error: DurableError, attempt: number): Promise<boolean> {
  const { budget, deps, lane, options } = course;
  if (!isWorthRepeating(error) || error.details['breaker'] === 'open') return false;
  const jitter = JITTER_FLOOR + (1 - JITTER_FLOOR) * deps.random.next();
  const delayMs = (options.baseDelayMs ?? 1_000) * attempt * jitter;
  const leftMs = budget.deadline.remainingMs() - (budget.reserveMs ?? 0) - delayMs;
  // A wait at whose end the breaker will still be open is time taken from the next tier.
  if (leftMs < MIN_ATTEMPT_MS || !lane.breaker.allowsIn(delayMs) || !lane.bucket.take()) return false;
  await sleep(deps.clock, delayMs);
  return true;
}

function attemptTimeoutMs({ budget, options }: Course): number {
  const wanted = budget.attemptTimeoutMs ?? options.attemptTimeoutMs ?? 1_500;
  return Math.min(wanted, budget.deadline.remainingMs() - (budget.reserveMs ?? 0));
}

function isWorthRepeating(error: DurableError): boolean {
  if (error.code === 'DEADLINE_PASSED') return false;
  if (isAmbiguous(error.code)) return true;
  return error.category === 'transient' || error.category === 'ambiguous' || error.category === 'throttled';
}

function isAmbiguous(code: Code): boolean {
  // An unexpected exception says nothing about what happened on the other side.
  return code === 'STORE_UNCERTAIN' || code === 'INTERNAL';
}

// The SDK's own words help an operator more than ours; they hold no payload. Its addresses may be signed, so they go.
function describe(error: DurableError): string {
  const { cause } = error;
  const words = cause instanceof Error ? cause.message : error.message;
  return words.replaceAll(/https?:\/\/[^\s\]]+/g, '<url>').slice(0, 200);
}

/** Runs with bounded retry, each attempt within its own time; the value, or a rejection with the last error. */
export async function retried<T>(retrier: Retrier, budget: Budget, run: (call: CallOptions) => Promise<T>): Promise<T> {
  const { deadline } = budget;
  const tried = await retrier.attempt(budget, (timeoutMs) => run({ timeoutMs, deadline }));
  if (tried.ok) return tried.value;
  throw tried.error;
}
