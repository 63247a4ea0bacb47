import { describe, expect, it } from 'vitest';
import { createDeadline } from '../../src/core/index.ts';
import { latestReports, storeReport } from '../../src/integrity/index.ts';
import type { IntegrityReport } from '../../src/records/index.ts';
import type { PageKey } from '../../src/store/index.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { createFlakyStore, type Fates } from '../support/flaky-store.ts';
import { memoryLog, seededRandom } from '../support/ports.ts';
import { createTestClock } from '../support/test-clock.ts';

function reportAt(minute: number): IntegrityReport {
  const startedAt = new Date(Date.UTC(2026, 10, 22, 4, minute));
  const _id = `${startedAt.toISOString().replaceAll(/\D/g, '').slice(0, 14)}_aaaaaaaa`;
  return { _id, schemaVersion: 1, startedAt, finishedAt: startedAt, status: 'ok', sections: [] };
}

function createScene(fates: Fates = {}, collections: readonly string[] = ['integrity_reports']) {
  const clock = createTestClock();
  const memory = createMemoryStore(collections);
  const store = createFlakyStore(memory, { clock, fates });
  const deps = { store, clock, random: seededRandom(1), log: memoryLog() };
  const deadline = createDeadline(clock, clock.now() + 60_000);
  return {
    memory,
    keep: (report: IntegrityReport) => clock.until(storeReport(deps, report, deadline)),
    latest: (more: { limit?: number; before?: PageKey | undefined } = {}) =>
      clock.until(latestReports(deps, { deadline, ...more })),
  };
}

describe('storeReport', () => {
  it('stores a report once, also where the first answer is lost or it is stored again', async () => {
    const { keep, memory } = createScene({ 'insert integrity_reports': ['answer-lost'] });
    await keep(reportAt(1));
    expect(await keep(reportAt(1))).toBe('duplicate');
    expect(memory.dump('integrity_reports')).toEqual([reportAt(1)]);
  });

  it('makes the collection where it was forgotten', async () => {
    const { keep, memory } = createScene({}, []);
    expect(await keep(reportAt(1))).toBe('stored');
    expect(memory.dump('integrity_reports')).toHaveLength(1);
  });

  it('rejects where the report cannot be stored', async () => {
    const { keep } = createScene({ 'insert integrity_reports': { always: 'STORE_UNAVAILABLE' } });
    await expect(keep(reportAt(1))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe('latestReports', () => {
  it('answers the newest first, page by page', async () => {
    const { keep, latest } = createScene();
    for (const minute of [3, 1, 2, 5, 4]) await keep(reportAt(minute));
    const first = await latest({ limit: 2 });
    expect(first.reports).toEqual([reportAt(5), reportAt(4)]);
    const second = await latest({ limit: 3, before: first.next });
    expect(second.reports).toEqual([reportAt(3), reportAt(2), reportAt(1)]);
  });

  it('leaves out what it does not understand', async () => {
    const { keep, latest, memory } = createScene();
    await keep(reportAt(1));
    await memory.insert('integrity_reports', { ...reportAt(2), schemaVersion: 2 });
    await memory.insert('integrity_reports', { _id: 'by hand' });
    expect((await latest()).reports).toEqual([reportAt(1)]);
  });

  it('takes a missing collection for no reports, and a silent one for a failure', async () => {
    expect(await createScene({}, []).latest()).toEqual({ reports: [] });
    const { latest } = createScene({ 'page integrity_reports': { always: 'STORE_UNAVAILABLE' } });
    await expect(latest()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
