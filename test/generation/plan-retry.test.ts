import { describe, expect, test } from 'vitest';
import { planRetry, type CopyFacts, type CopyFailure } from '../../src/generation/asset/plan-retry.ts';
import type { CopyRetry } from '../../src/records/index.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 4);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Tries that fail like this, each at the time that the one before it named. */
function history(
  failure: CopyFailure,
  { keepsMs, tries, isOurs = false }: { keepsMs: number; tries: number; isOurs?: boolean },
) {
  const atMinutes: number[] = [];
  let earlier: CopyRetry | undefined;
  let nowMs = NOW_MS;
  for (let n = 0; n < tries; n += 1) {
    atMinutes.push(Math.round((nowMs - NOW_MS) / 60_000));
    const facts: CopyFacts = { nowMs, expiresAtMs: NOW_MS + keepsMs, earlier, isOurs };
    const { state, retry } = planRetry(failure, facts);
    if (!retry) return { state, atMinutes };
    earlier = retry;
    nowMs = retry.nextAtMs;
  }
  return { state: 'pending', atMinutes };
}

describe('a picture that could not be copied', () => {
  test('is tried more and more rarely, at most four times a day', () => {
    const { atMinutes } = history('failed', { keepsMs: 30 * DAY_MS, tries: 12 });
    expect(atMinutes).toEqual([0, 5, 15, 35, 75, 155, 315, 635, 995, 1355, 1715, 2075]);
  });

  test('is tried more often the nearer the end of its address', () => {
    const { atMinutes } = history('failed', { keepsMs: HOUR_MS, tries: 12 });
    expect(atMinutes.filter((minute) => minute < 60).length).toBeGreaterThanOrEqual(9);
    expect(atMinutes).toEqual([...new Set(atMinutes)]);
  });

  test('is lost after three looks at an address with nothing there, and not after one', () => {
    expect(history('gone', { keepsMs: DAY_MS, tries: 9 })).toEqual({ state: 'lost', atMinutes: [0, 5, 15] });
    expect(history('gone', { keepsMs: DAY_MS, tries: 2 })).toMatchObject({ state: 'pending' });
  });

  test('is lost at once where the address may not be asked', () => {
    expect(history('refused', { keepsMs: DAY_MS, tries: 9 })).toEqual({ state: 'lost', atMinutes: [0] });
  });

  test('is lost where its host is silent three days after the end', () => {
    const { state, atMinutes } = history('failed', { keepsMs: HOUR_MS, tries: 100 });
    expect(state).toBe('lost');
    expect(Number(atMinutes.at(-1)) * 60_000).toBeGreaterThan(3 * DAY_MS);
    expect(atMinutes.length).toBeLessThan(50);
  });

  test('is never given up for the sake of our own storage', () => {
    expect(history('failed', { keepsMs: HOUR_MS, tries: 100, isOurs: true }).state).toBe('pending');
  });

  test('is lost for its silence from the first millisecond after three days on, and never for what was answered', () => {
    const end = { expiresAtMs: NOW_MS, earlier: undefined, isOurs: false };
    const stateAt = (failure: CopyFailure, afterMs: number) =>
      planRetry(failure, { ...end, nowMs: NOW_MS + 3 * DAY_MS + afterMs }).state;
    expect([stateAt('failed', 0), stateAt('failed', 1), stateAt('gone', 1)]).toEqual(['pending', 'lost', 'pending']);
  });
});
