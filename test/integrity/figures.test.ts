import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countDuration, percentileMs, type Histogram } from '../../src/generation/check/histogram.ts';
import type { Document } from '../../src/store/index.ts';
import { createScene } from './scene.ts';
import { DAY_MS, failedWork, HOUR_MS, NOW_MS, olderWork, TODAY, unknownWork, user, work, type World } from './world.ts';

/** The figures of section `works` over these records. */
async function figuresOf(...works: readonly Document[]) {
  const world: World = { users: [user(1, 0)], works: [...works], emergency_backup: [], files: [] };
  const report = await (await createScene(world)).run();
  return report.sections[0]?.figures;
}

const ago = (ms: number): Date => new Date(NOW_MS - ms);

describe('percentiles', () => {
  it('are known to five percent, for any durations up to a day', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: DAY_MS }), { minLength: 1, maxLength: 200 }),
        fc.constantFrom(0.5, 0.95),
        (durations, share) => {
          const histogram: Histogram = [];
          for (const durationMs of durations) countDuration(histogram, durationMs);
          const sorted = [...durations].sort((a, b) => a - b);
          const exact = sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
          expect(Math.abs((percentileMs(histogram, share) ?? NaN) - exact)).toBeLessThanOrEqual(0.05 * exact + 0.5);
        },
      ),
    );
  });

  it('are none of nothing, and keep within bounds for durations that are longer than a day', () => {
    const histogram: Histogram = [];
    expect(percentileMs(histogram, 0.5)).toBe(null);
    countDuration(histogram, 1e15);
    countDuration(histogram, 0);
    expect(histogram.length).toBeLessThan(220);
  });
});

describe('the figures of the works', () => {
  it('count by status, day, reason and age', async () => {
    const figures = await figuresOf(
      work(1, 'a', { createdAt: ago(HOUR_MS) }),
      work(1, 'b', { createdAt: ago(29 * DAY_MS), isRecovered: true }),
      work(1, 'c', { createdAt: ago(30 * DAY_MS), deletedAt: ago(1) }),
      failedWork(1, 'd', { createdAt: ago(HOUR_MS) }),
      failedWork(1, 'e', { errorCode: 'made.up$' }),
      olderWork(1, 'f', { status: 'failed' }),
      unknownWork(1, 'g', { createdAt: ago(HOUR_MS / 2) }),
      unknownWork(1, 'h', { createdAt: ago(2 * HOUR_MS) }),
      unknownWork(1, 'i', { createdAt: ago(3 * DAY_MS) }),
      work(1, 'j', { status: 'odd' }),
    );
    expect(figures).toMatchObject({
      ...{ total: 10, completed: 3, failed: 3, unknown: 3, other: 1, successRate: 0.3 },
      ...{ recovered: 1, deleted: 1, older: 1 },
      today: { day: TODAY, total: 4, completed: 1, failed: 1, unknown: 2, recovered: 0 },
      byErrorCode: { PROVIDER_FAILED: 1, other: 1, none: 1 },
      unknownByAge: { underHour: 1, underDay: 1, older: 1 },
    });
    const { daily } = figures as unknown as { daily: readonly { day: string; total: number; recovered: number }[] };
    expect(daily[0]).toMatchObject({ day: '20261024', total: 1, recovered: 1 });
    expect(daily.at(-1)).toMatchObject({ day: TODAY, total: 4 });
  });

  it('draw the line between two days at midnight in Beijing', async () => {
    const midnight = Date.UTC(2026, 10, 21, 16);
    const figures = await figuresOf(
      work(1, 'a', { createdAt: new Date(midnight) }),
      work(1, 'b', { createdAt: new Date(midnight - 1) }),
    );
    const { daily } = figures as unknown as { daily: readonly { day: string; total: number }[] };
    expect(daily.slice(-2)).toMatchObject([
      { day: '20261121', total: 1 },
      { day: '20261122', total: 1 },
    ]);
  });

  it('tell attempts and times of saving where the records carry them, and none where they do not', async () => {
    expect((await figuresOf(work(1, 'a')))?.['saves']).toEqual({
      ...{ measured: 0, attempts: 0, retried: 0, p50Ms: null, p95Ms: null },
    });
    const saved = [1, 1, 3].map((saveAttempts, name) => work(1, name, { saveAttempts, saveMs: saveAttempts * 100 }));
    const saves = (await figuresOf(...saved, work(1, 'odd', { saveAttempts: 'many', saveMs: -1 })))?.['saves'];
    expect(saves).toMatchObject({ measured: 3, attempts: 5, retried: 1 });
    const { p50Ms, p95Ms } = saves as { p50Ms: number; p95Ms: number };
    expect(Math.abs(p50Ms - 100)).toBeLessThan(6);
    expect(Math.abs(p95Ms - 300)).toBeLessThan(16);
  });
});
