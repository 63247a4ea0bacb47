/**
 * Durations in classes that widen by 9 % each, so that a percentile of any number of them is known to about 5 %:
 * plain data of at most some 210 counts (from 1 ms to a day).
 */
export type Histogram = number[];

const CLASSES_PER_DOUBLING = 8;
const LAST_CLASS = Math.ceil(Math.log2(86_400_000) * CLASSES_PER_DOUBLING);

/** Counts one duration; what is longer than a day counts as a day. */
export function countDuration(histogram: Histogram, durationMs: number): void {
  const number = Math.round(Math.log2(Math.max(1, durationMs)) * CLASSES_PER_DOUBLING);
  const index = Math.min(number, LAST_CLASS);
  while (histogram.length <= index) histogram.push(0);
  histogram[index] = (histogram[index] ?? 0) + 1;
}

/** The duration that a `share` (0 to 1) of those counted do not exceed; null where none was counted. */
export function percentileMs(histogram: Histogram, share: number): number | null {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  let left = Math.max(1, Math.ceil(total * share));
  for (const [index, count] of histogram.entries()) {
    left -= count;
    if (left <= 0) return Math.round(2 ** (index / CLASSES_PER_DOUBLING));
  }
  return null;
}
