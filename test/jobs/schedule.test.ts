import { describe, expect, test } from 'vitest';
import { beijingDay } from '../../src/core/index.ts';
import { nextDueAt, type Schedule, type Weekday } from '../../src/jobs/schedule.ts';

/** A moment told by Beijing's clocks. */
const beijing = (text: string): number => Date.parse(`${text}+08:00`);
const told = (atMs: number): string => new Date(atMs + 8 * 3_600_000).toISOString().slice(0, 16);

describe('a daily job', () => {
  const schedule: Schedule = { kind: 'daily', hour: 2, minute: 30 };

  test.each([
    ['before its time is due the same day', '2026-11-22T01:00', '2026-11-22T02:30'],
    ['at its time is due the next day', '2026-11-22T02:30', '2026-11-23T02:30'],
    ['after its time is due the next day', '2026-11-22T23:59', '2026-11-23T02:30'],
    ['knows where a month ends', '2026-02-28T12:00', '2026-03-01T02:30'],
    ['knows where a year ends', '2026-12-31T12:00', '2027-01-01T02:30'],
    ['knows a leap day', '2028-02-28T12:00', '2028-02-29T02:30'],
    ['is due by Beijing’s day though UTC has another date', '2026-11-22T07:59', '2026-11-23T02:30'],
  ])('%s', (_what, after, due) => {
    expect(told(nextDueAt(schedule, beijing(after)))).toBe(due);
  });
});

describe('a weekly job', () => {
  // 22 November 2026 is a Sunday.
  test.each<[string, Weekday, string, string]>([
    ['on its day, before its time', 'sunday', '2026-11-22T01:00', '2026-11-22T02:30'],
    ['on its day, after its time', 'sunday', '2026-11-22T03:00', '2026-11-29T02:30'],
    ['on the day before', 'monday', '2026-11-22T12:00', '2026-11-23T02:30'],
    ['on the day after', 'saturday', '2026-11-22T00:30', '2026-11-28T02:30'],
    ['while UTC still has the day before', 'monday', '2026-11-23T01:00', '2026-11-23T02:30'],
  ])('is due at its next time %s', (_what, weekday, after, due) => {
    const schedule: Schedule = { kind: 'weekly', weekday, hour: 2, minute: 30 };
    expect(told(nextDueAt(schedule, beijing(after)))).toBe(due);
  });

  test('comes once in seven days, whenever one asks', () => {
    const schedule: Schedule = { kind: 'weekly', weekday: 'wednesday', hour: 23, minute: 59 };
    const days = new Set<string>();
    const first = beijing('2026-11-22T00:00');
    for (let hour = 0; hour < 7 * 24; hour += 1) days.add(beijingDay(nextDueAt(schedule, first + hour * 3_600_000)));
    expect([...days]).toEqual(['20261125', '20261202']);
  });
});

test('a job of every five minutes is due at a firing that comes some seconds early, and not twice in a minute', () => {
  const schedule: Schedule = { kind: 'every', minutes: 5 };
  const atMs = beijing('2026-11-22T12:00');
  expect(nextDueAt(schedule, atMs)).toBeLessThanOrEqual(atMs + 299_000);
  expect(nextDueAt(schedule, atMs)).toBeGreaterThan(atMs + 60_000);
});
