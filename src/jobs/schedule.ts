import { beijingMidnight } from '../core/index.ts';

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** When a job comes due; hours and minutes are Beijing's. */
export type Schedule =
  | { readonly kind: 'every'; readonly minutes: number }
  | { readonly kind: 'daily'; readonly hour: number; readonly minute: number }
  | { readonly kind: 'weekly'; readonly weekday: Weekday; readonly hour: number; readonly minute: number };

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const BEIJING_OFFSET_MS = 8 * HOUR_MS;

/** A timer that fires a little early must not be told to come back after a whole interval. */
const EARLY_PART = 0.2;

/**
 * The first moment after `afterMs` at which the job is due, in milliseconds since the epoch. Every N minutes means
 * from four fifths of the interval on, since the platform's timer keeps no exact time.
 */
export function nextDueAt(schedule: Schedule, afterMs: number): number {
  if (schedule.kind === 'every') return afterMs + schedule.minutes * MINUTE_MS * (1 - EARLY_PART);
  const midnight = beijingMidnight(afterMs);
  const days = schedule.kind === 'daily' ? 0 : daysUntil(schedule.weekday, midnight);
  const slotAt = midnight + days * DAY_MS + schedule.hour * HOUR_MS + schedule.minute * MINUTE_MS;
  if (slotAt > afterMs) return slotAt;
  return slotAt + (schedule.kind === 'daily' ? DAY_MS : 7 * DAY_MS);
}

function daysUntil(weekday: Weekday, midnight: number): number {
  const today = new Date(midnight + BEIJING_OFFSET_MS).getUTCDay();
  return (WEEKDAYS.indexOf(weekday) - today + 7) % 7;
}

/** Begun this much after it was due, a run counts as late. */
export function graceMs(schedule: Schedule): number {
  return schedule.kind === 'every' ? 2 * schedule.minutes * MINUTE_MS : HOUR_MS;
}

/** How often a job whose timer fires leaves a sign of life: with every run, or each half hour while nothing is due. */
export function beatEveryMs(schedule: Schedule): number {
  return schedule.kind === 'every' ? schedule.minutes * MINUTE_MS : 30 * MINUTE_MS;
}

/** Due for longer than this and still not done: it is fired, but fails, starves, or never comes to its end. */
export function behindAfterMs(schedule: Schedule): number {
  if (schedule.kind === 'every') return 12 * schedule.minutes * MINUTE_MS;
  // What runs weekly is the longest of walks.
  return schedule.kind === 'daily' ? 6 * HOUR_MS : DAY_MS;
}
