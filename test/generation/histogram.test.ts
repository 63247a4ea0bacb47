import { describe, expect, test } from 'vitest';
import { countDuration, percentileMs, type Histogram } from '../../src/generation/check/histogram.ts';

describe('durations in classes', () => {
  const counted = (...durationsMs: readonly number[]): Histogram => {
    const histogram: Histogram = [];
    for (const durationMs of durationsMs) countDuration(histogram, durationMs);
    return histogram;
  };

  test('are counted once each, at one of eight places for every doubling', () => {
    expect(counted(1, 1, 0, -5)).toEqual([4]);
    expect(counted(2)).toEqual([...Array<number>(8).fill(0), 1]);
    expect(counted(86_400_000)).toEqual(counted(1e12));
    expect(counted(86_400_000)).toHaveLength(212);
  });

  test('tell the duration that a share of them does not exceed', () => {
    const histogram = counted(1, 2, 4, 8);
    expect([0, 0.25, 0.26, 0.5, 0.75, 1].map((share) => percentileMs(histogram, share))).toEqual([1, 1, 2, 2, 4, 8]);
  });
});
