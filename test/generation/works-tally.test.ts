import { describe, expect, test } from 'vitest';
import { countWork, emptyTally, figuresOf } from '../../src/generation/check/works-tally.ts';
import type { Document } from '../../src/store/index.ts';
import { failedWork, HOUR_MS, NOW_MS, unknownWork, work } from '../integrity/world.ts';

const ago = (ms: number): Date => new Date(NOW_MS - ms);

describe('the figures of records', () => {
  function figures(...works: readonly Document[]) {
    const tally = emptyTally(NOW_MS);
    for (const each of works) countWork(tally, each, { readAtMs: NOW_MS, found: {} });
    return figuresOf(tally);
  }
  const daysOf = (of: ReturnType<typeof figures>) =>
    of['daily'] as unknown as readonly Readonly<Record<string, unknown>>[];

  test('of nothing are nothing, for thirty days', () => {
    const none = figures();
    const day = { total: 0, completed: 0, failed: 0, unknown: 0, recovered: 0 };
    expect(none).toEqual({
      ...{ total: 0, completed: 0, failed: 0, unknown: 0, other: 0, successRate: null },
      ...{ recovered: 0, deleted: 0, older: 0, today: { day: '20261122', ...day }, daily: expect.any(Array) },
      ...{ byErrorCode: {}, unknownByAge: { underHour: 0, underDay: 0, older: 0 } },
      generationMs: { p50Ms: null, p95Ms: null },
      saves: { measured: 0, attempts: 0, retried: 0, p50Ms: null, p95Ms: null },
    });
    expect(daysOf(none)).toHaveLength(30);
    expect(daysOf(none)[0]).toEqual({ day: '20261024', ...day });
    expect(daysOf(none)[29]).toEqual({ day: '20261122', ...day });
  });

  test('count a record of a strange status in the total, and in no day', () => {
    const strange = figures(work(1, 'a', { status: 'odd', createdAt: ago(1) }));
    const day = { day: '20261122', total: 0, completed: 0, failed: 0, unknown: 0, recovered: 0 };
    expect(strange).toMatchObject({ total: 1, other: 1, successRate: 0 });
    expect(strange['today']).toEqual(day);
  });

  test('know the age of an unknown result to the millisecond', () => {
    const ages = [HOUR_MS - 1, HOUR_MS, 24 * HOUR_MS - 1, 24 * HOUR_MS, 99 * HOUR_MS];
    const works = ages.map((ageMs, n) => unknownWork(1, n, { createdAt: ago(ageMs) }));
    expect(figures(...works, unknownWork(1, 'x', { createdAt: null }))).toMatchObject({
      unknownByAge: { underHour: 1, underDay: 2, older: 3 },
    });
  });

  test('name only reasons that are ours, since others come out of documents', () => {
    const codes = ['PROVIDER_FAILED', 'PROVIDER_FAILED', 'x.y', 7, '', null, undefined];
    const works = codes.map((errorCode, n) => failedWork(1, n, { errorCode }));
    expect(figures(...works)['byErrorCode']).toEqual({ PROVIDER_FAILED: 2, other: 2, none: 3 });
  });

  test('measure how long pictures and saving took, where the records tell', () => {
    const lasting = (ms: number) =>
      work(1, ms, { createdAt: ago(HOUR_MS), finishedAt: new Date(NOW_MS - HOUR_MS + ms) });
    expect(figures(lasting(1_024), lasting(0), lasting(-1))['generationMs']).toEqual({ p50Ms: 1, p95Ms: 1_024 });
    expect(figures(work(1, 'a', { finishedAt: null }))['generationMs']).toEqual({ p50Ms: null, p95Ms: null });
    const saved = [
      { saveAttempts: 1, saveMs: 0 },
      { saveAttempts: 2, saveMs: 512 },
      { saveAttempts: 0, saveMs: -1 },
      { saveAttempts: 0.5, saveMs: 'x' },
    ].map((fields, n) => work(1, n, fields));
    expect(figures(...saved)['saves']).toEqual({ measured: 2, attempts: 3, retried: 1, p50Ms: 1, p95Ms: 512 });
  });

  test('measure nothing where a time is no number, or ran backwards', () => {
    const lasting = (ms: number) =>
      work(1, ms, { createdAt: ago(HOUR_MS), finishedAt: new Date(NOW_MS - HOUR_MS + ms) });
    expect(figures(lasting(1_024), lasting(-1), lasting(-2))['generationMs']).toEqual({ p50Ms: 1_024, p95Ms: 1_024 });
    const saved = [
      { saveAttempts: 2, saveMs: 512 },
      { saveAttempts: '2', saveMs: '4' },
      { saveAttempts: '3', saveMs: -1 },
    ].map((fields, n) => work(1, n, fields));
    expect(figures(...saved)['saves']).toEqual({ measured: 1, attempts: 2, retried: 1, p50Ms: 512, p95Ms: 512 });
  });
});
