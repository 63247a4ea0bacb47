/**
 * Beijing days by arithmetic: UTC+8 all year since 1992, so no time-zone data is needed. (The `Intl` trick
 * with locale `en-CA` prints another order on Node 18.15.)
 */
const OFFSET_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;

/** The Beijing day of a moment, as `YYYYMMDD`. */
export function beijingDay(atMs: number): string {
  return new Date(atMs + OFFSET_MS).toISOString().slice(0, 10).replaceAll('-', '');
}

/** The first moment of the Beijing day that holds `atMs`, in milliseconds since the epoch. */
export function beijingMidnight(atMs: number): number {
  return Math.floor((atMs + OFFSET_MS) / DAY_MS) * DAY_MS - OFFSET_MS;
}

/** The next Beijing midnight after `atMs`: when daily quotas start anew. */
export function nextBeijingMidnight(atMs: number): number {
  return beijingMidnight(atMs) + DAY_MS;
}
