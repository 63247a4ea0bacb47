/**
 * A token bucket that bounds retries (not first attempts): 10 tokens, −1 per retry, +0.1 per success.
 * Rare failures may always retry; when everything fails, retries are at most a tenth of the traffic.
 *
 * Source: AWS SDK retry quota; Brooker, "Fixing retries with token buckets and circuit breakers" (2022).
 */
export interface RetryBudget {
  /** Takes a token for one retry; false when there is none. */
  take(): boolean;
  /** Reports a success. */
  earn(): void;
}

/** In tenths of a token: ten times 0.1 would not be 1. */
const CAPACITY = 100;
const COST = 10;
const EARNED = 1;

/** A full bucket. */
export function createRetryBudget(): RetryBudget {
  let tenths = CAPACITY;
  return {
    take() {
      if (tenths < COST) return false;
      tenths -= COST;
      return true;
    },
    earn() {
      tenths = Math.min(CAPACITY, tenths + EARNED);
    },
  };
}
