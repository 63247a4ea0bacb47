import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDeadline, type Clock, type Deadline } from '../../src/core/index.ts';
import { createSeal, nodeClock } from '../../src/core/node/index.ts';
import { createDurableWriter, redrive } from '../../src/durable/index.ts';
import { createRetention, latestReports, storeReport } from '../../src/integrity/index.ts';
import type { IntegrityReport } from '../../src/records/index.ts';
import type { Document } from '../../src/store/index.ts';
import { openSdkCloud, type SdkCloud } from '../store/sdk-cloud.ts';
import { memoryLog, seededRandom, testHash } from '../support/ports.ts';

const DAY_MS = 86_400_000;
const LETTERS = 120;

let cloud: SdkCloud;
let shiftMs = 0;
const clock: Clock = { ...nodeClock, now: () => nodeClock.now() + shiftMs };
const within = (): Deadline => createDeadline(clock, clock.now() + 60_000);

beforeAll(async () => {
  cloud = await openSdkCloud();
  for (const name of ['works', 'emergency_backup', 'integrity_reports']) await cloud.store.createCollection(name);
});

afterAll(() => cloud.close());

function createDeps() {
  const { store, blobs } = cloud;
  const seal = createSeal('0123456789abcdef'.repeat(4));
  return { store, blobs, clock, seal, random: seededRandom(4), hash: testHash, log: memoryLog() };
}

const workOf = (n: number): Document => ({
  _id: `w_${String(n).padStart(4, '0')}`,
  ...{ userId: 'u_1', status: 'completed', prompt: '可爱的小猫', createdAt: new Date(n), attempt: 1, token: `t${n}` },
});

async function contents(name: string): Promise<readonly Document[]> {
  return (await cloud.store.page(name, { limit: 1_000 })).items;
}

/** Lets `works` refuse everything while so many works are written, and then brings them home. */
async function outage(): Promise<void> {
  const deps = createDeps();
  const writer = createDurableWriter(deps, { maxAttempts: 1 });
  cloud.meet({ collection: 'works', action: 'insertDocument', inject: 'error', code: 'DATABASE_REQUEST_FAILED' });
  for (let n = 0; n < LETTERS; n += 1) {
    await writer.write({ collection: 'works', record: workOf(n), deadline: within() });
  }
  cloud.meet();
  const back = createDurableWriter(deps);
  expect(await redrive({ ...deps, writer: back }, { deadline: within() })).toMatchObject({ done: LETTERS, failed: [] });
}

describe('letters of an outage', () => {
  test('came home, and stay for thirty days', async () => {
    await outage();
    shiftMs = 29 * DAY_MS;
    expect(await createRetention(createDeps()).prune({ deadline: within() })).toMatchObject({
      phases: { letters: { done: 0, skipped: 0 } },
    });
    expect(await contents('emergency_backup')).toHaveLength(LETTERS);
  });

  test('are listed by a dry run after that, which commits nothing', async () => {
    shiftMs = 31 * DAY_MS;
    const before = await contents('emergency_backup');
    const plan = await createRetention(createDeps()).prune({ deadline: within(), dryRun: true });
    expect(plan).toMatchObject({ phases: { letters: { done: LETTERS } }, findings: [] });
    expect(plan.removals).toHaveLength(LETTERS);
    expect(await contents('emergency_backup')).toEqual(before);
  });

  test('are kept where their record was changed by hand, and removed otherwise, in few requests', async () => {
    await cloud.store.update('works', { id: 'w_0007' }, { set: { imageUrl: 'https://elsewhere.example/1.png' } });
    await cloud.store.update('works', { id: 'w_0008' }, { set: { prompt: '别的' } });
    const works = await contents('works');
    const retention = createRetention(createDeps());
    await retention.prune({ deadline: within(), dryRun: true });
    cloud.meet();
    const report = await retention.prune({ deadline: within() });
    const requests = await cloud.requests();
    expect(report).toMatchObject({
      phases: { letters: { done: LETTERS - 1, skipped: 1, failed: [] } },
      findings: [{ kind: 'letter-copy-differs', ids: ['w_0008_1'] }],
    });
    // Two pages of letters, of records, and three questions to storage; a page of reports; one removal each.
    expect(requests).toBeLessThanOrEqual(LETTERS - 1 + 12);
    expect(await contents('works')).toEqual(works);
    expect((await contents('emergency_backup')).map(({ _id }) => _id)).toEqual(['w_0008_1']);
  });
});

describe('reports', () => {
  const reportAt = (atMs: number): IntegrityReport => ({
    _id: `${new Date(atMs).toISOString().replaceAll(/\D/g, '').slice(0, 14)}_aaaaaaaa`,
    ...{ schemaVersion: 1, startedAt: new Date(atMs), finishedAt: new Date(atMs + 900), status: 'ok', sections: [] },
  });

  test('are stored once, read newest first, and pruned to the newest ten where all are old', async () => {
    const deps = createDeps();
    for (let n = 0; n < 14; n += 1) {
      const report = reportAt(clock.now() - (200 + n) * DAY_MS);
      expect(await storeReport(deps, report, within())).toBe('stored');
      expect(await storeReport(deps, report, within())).toBe('duplicate');
    }
    const first = await latestReports(deps, { deadline: within(), limit: 9 });
    const rest = await latestReports(deps, { deadline: within(), limit: 9, before: first.next });
    const ids = [...first.reports, ...rest.reports].map(({ _id }) => _id);
    expect(ids).toEqual([...new Set(ids)].sort().reverse());
    expect(ids).toHaveLength(14);
    expect(first.reports[0]?.startedAt).toBeInstanceOf(Date);
    expect(await createRetention(deps).prune({ deadline: within() })).toMatchObject({
      phases: { reports: { done: 4 } },
    });
    expect((await contents('integrity_reports')).map(({ _id }) => _id)).toEqual(ids.slice(0, 10).reverse());
  });
});
