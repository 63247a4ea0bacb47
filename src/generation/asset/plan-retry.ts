import type { Asset, CopyRetry } from '../../records/index.ts';

/**
 * Why a picture was not copied: `refused` for good (the address or the size is not allowed) · `gone` (nothing is
 * there, or no picture) · `failed` this time.
 */
export type CopyFailure = 'refused' | 'gone' | 'failed';

const FIRST_DELAY_MS = 5 * 60_000;
const LAST_DELAY_MS = 6 * 3_600_000;
const MIN_DELAY_MS = 60_000;
/** No wait takes more than this share of the time that is left until the address dies. */
const LIFE_SHARE = 0.25;
/** An address without a picture is believed after so many looks. */
const REFUSALS_TO_LOSE = 3;
/** An address that never answers is given up so long after its expected end. */
const SILENCE_MS = 3 * 86_400_000;

export interface CopyFacts {
  readonly nowMs: number;
  /** When the address is expected to die. */
  readonly expiresAtMs: number;
  /** What earlier tries left. */
  readonly earlier: CopyRetry | undefined;
  /** Whether it was our own storage that failed: then the address may be as good as ever. */
  readonly isOurs: boolean;
}

/** Whether and when a picture that was not copied is tried again. */
export function planRetry(failure: CopyFailure, facts: CopyFacts): Pick<Asset, 'state' | 'retry'> {
  const { nowMs, earlier, expiresAtMs } = facts;
  const tries = (earlier?.tries ?? 0) + 1;
  const refusals = (earlier?.refusals ?? 0) + (failure === 'gone' ? 1 : 0);
  const isSilent = failure === 'failed' && !facts.isOurs && nowMs > expiresAtMs + SILENCE_MS;
  if (failure === 'refused' || refusals >= REFUSALS_TO_LOSE || isSilent) return { state: 'lost' };
  const backoffMs = Math.min(FIRST_DELAY_MS * 2 ** (tries - 1), LAST_DELAY_MS);
  const leftMs = (expiresAtMs - nowMs) * LIFE_SHARE;
  // Once the address has outlived its time nobody knows how long it will last: the plain backoff is as good as any.
  const delayMs = leftMs > 0 ? Math.max(MIN_DELAY_MS, Math.min(backoffMs, leftMs)) : backoffMs;
  return { state: 'pending', retry: { tries, refusals, nextAtMs: Math.round(nowMs + delayMs), expiresAtMs } };
}
