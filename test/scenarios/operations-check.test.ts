/** The check by an operator whose reads fail, and by a timer whose invocations are too short for all that there is. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { nodeClock } from '../../src/core/node/index.ts';
import type { IntegrityReport } from '../../src/records/index.ts';
import { createOpsStage, initialise, type OpsStage } from '../cli/ops-stage.ts';
import { resultOf, type FaultRule } from '../support/local-cloud.ts';
import { KEY } from '../support/operations.ts';
import { load, plantOperations } from '../support/operations-truth.ts';

const ADMIN = { openid: 'oAdmin' };

let stage: OpsStage;

beforeAll(async () => {
  stage = await createOpsStage({ env: { WX_DURABLE_KEY: KEY, WX_DURABLE_ADMINS: ADMIN.openid } });
  await initialise(stage.cloud);
});

afterEach(() => stage.cloud.faults.clear());
afterAll(() => stage.close());

describe('an operator whose reads fail', () => {
  const REFUSED = { inject: 'refused' } as const;
  const PAGE_OF_503 = { inject: 'status', status: 503, body: 'html' } as const;
  const DENIED = { inject: 'error', code: 'DATABASE_PERMISSION_DENIED' } as const;
  const BLIND: readonly (readonly [section: string, what: string, rule: FaultRule])[] = [
    ['works', 'no record can be read', { action: 'getDocument', collection: 'works', ...REFUSED }],
    [
      'works',
      'no record can be read, by a page of 503',
      { action: 'getDocument', collection: 'works', ...PAGE_OF_503 },
    ],
    ['works', 'records may not be read', { action: 'getDocument', collection: 'works', ...DENIED }],
    ['works', 'no user can be read', { action: 'getDocument', collection: 'users', ...REFUSED }],
    ['works', 'storage does not answer', { storage: 'download-url', ...REFUSED }],
    ['backup', 'no letter can be read', { action: 'getDocument', collection: 'emergency_backup', ...REFUSED }],
    ['users', 'no user can be read', { action: 'getDocument', collection: 'users', ...REFUSED }],
    ['users', 'no letter can be read', { action: 'getDocument', collection: 'emergency_backup', ...REFUSED }],
    ['users', 'records cannot be counted', { action: 'aggregateDocuments', collection: 'works', ...REFUSED }],
    ['indicators', 'no user can be read', { action: 'getDocument', collection: 'users', ...REFUSED }],
  ];

  beforeAll(async () => {
    const counts = { 'sound and at home': 20 } as const;
    await load(stage.cloud, plantOperations({ nowMs: nodeClock.now(), people: 10, counts }));
    const [first, ...works] = await stage.cloud.dump('works');
    const asset = { state: 'copied', fileId: 'cloud://emu-env.bucket/a.png', sourceUrl: null };
    await stage.cloud.load('works', [{ ...first, asset }, ...works]);
  });

  const sectionsOf = (result: Readonly<Record<string, unknown>>) => (result['report'] as IntegrityReport).sections;

  test.each(BLIND)('is told that section %s is unknown where %s: exit 12', async (section, _what, rule) => {
    stage.cloud.faults.set([rule]);
    const { code, result } = await stage.json(['check', '--section', section], { WX_DURABLE_KEY: KEY });
    expect((await stage.cloud.fired())[0]?.fired).toBeGreaterThan(0);
    const seen = sectionsOf(result).find(({ name }) => name === section);
    expect({ code, status: result['status'], section: seen?.status }).toEqual({
      ...{ code: 12, status: 'unknown', section: 'unknown' },
    });
    expect(seen?.error?.code).toMatch(/^STORE_/);
    expect(seen?.figures).toEqual({});
  });

  test('is told that section tiers is unknown where nothing answers in time: exit 12', async () => {
    stage.cloud.faults.set([{ collection: 'works', inject: 'delay', delayMs: 8_000 }]);
    const args = ['check', '--section', 'tiers', '--time-limit', '3'];
    const { code, result } = await stage.json(args, { WX_DURABLE_KEY: KEY });
    expect({ code, tiers: sectionsOf(result).map(({ status }) => status) }).toEqual({ code: 12, tiers: ['unknown'] });
  });

  test('is told of a tier whose canary cannot be read back, which is worse than unknown: exit 10', async () => {
    stage.cloud.faults.set([{ action: 'getDocument', collection: 'emergency_backup', ...REFUSED }]);
    const { code, result } = await stage.json(['check', '--section', 'tiers'], { WX_DURABLE_KEY: KEY });
    const findings = sectionsOf(result).flatMap((section) => section.findings);
    expect({ code, findings }).toMatchObject({
      code: 10,
      findings: [{ kind: 'tier-down', ids: ['emergency_backup'] }],
    });
  });

  test('is never told that all is well: one blind section makes the whole report unknown, the others are as good as ever', async () => {
    stage.cloud.faults.set([{ action: 'getDocument', collection: 'emergency_backup', ...REFUSED }]);
    const { code, result } = await stage.json(['check'], { WX_DURABLE_KEY: KEY });
    expect(code).toBe(12);
    expect(Object.fromEntries(sectionsOf(result).map(({ name, status }) => [name, status]))).toEqual({
      ...{ works: 'problems', backup: 'unknown', users: 'unknown', tiers: 'problems', indicators: 'unknown' },
    });
  });
});

describe('a timer whose invocations are too short for all that there is', () => {
  const PEOPLE = 600;
  const RECORDS = 2_250;
  const TIMEOUT_S = 8;

  /** All that a report says, but for moments and durations. */
  const saidBy = ({ status, sections }: IntegrityReport) => ({
    status,
    sections: sections.map(({ figures, ...section }) => ({
      ...section,
      figures: section.name === 'tiers' ? Object.keys(figures) : { ...figures, oldestWaitingMs: null },
    })),
  });

  /** Gives the function so much time, in the settings that are deployed with it. */
  const limitTo = (seconds: number): void => {
    const path = join(stage.cloud.folder, 'cloudbaserc.json');
    const { functions, ...settings } = JSON.parse(readFileSync(path, 'utf8')) as { functions: { name: string }[] };
    const limited = functions.map((one) => (one.name === 'checkDataIntegrity' ? { ...one, timeout: seconds } : one));
    writeFileSync(path, JSON.stringify({ ...settings, functions: limited }));
  };

  const reports = async () => (await stage.cloud.dump('integrity_reports')) as unknown as readonly IntegrityReport[];

  test('comes to the same reports as a check in one go, slice by slice from its checkpoints', async () => {
    const { cloud } = stage;
    const counts = {
      'sound and at home': RECORDS - 20,
      'its record in a letter only': 30,
      'an older letter of a record with another id': 10,
      'unknown under an open hold': 10,
    } as const;
    await load(cloud, plantOperations({ nowMs: nodeClock.now(), people: PEOPLE, counts }));
    const whole = resultOf(await cloud.invoke('checkDataIntegrity', { action: 'check' }, ADMIN));
    expect(whole.data).toMatchObject({ finished: true, status: 'problems' });
    const expected = saidBy(whole.data?.['report'] as IntegrityReport);
    expect(expected.sections[0]?.figures).toMatchObject({ total: RECORDS });
    expect(expected.sections[2]?.findings).toMatchObject([{ kind: 'generate-count-wrong', count: PEOPLE / 3 }]);

    await cloud.load('integrity_reports', []);
    await cloud.load('durable_jobs', []);
    limitTo(TIMEOUT_S);
    cloud.faults.set([{ from: 'checkDataIntegrity', action: 'getDocument', inject: 'delay', delayMs: 400 }]);
    let firings = 0;
    let slices = 0;
    while ((await reports()).length < 2 && firings < 60) {
      const { data } = await cloud.maintain('checkDataIntegrity');
      slices += (data?.['jobs'] as readonly { ran: boolean; finished?: boolean }[]).filter(
        ({ ran, finished }) => ran && finished === false,
      ).length;
      firings += 1;
    }
    console.log(
      `# operations: ${RECORDS} records, checked twice in ${slices} slices, ${firings} invocations of ${TIMEOUT_S} s`,
    );
    expect(slices).toBeGreaterThan(4);
    expect((await reports()).map(saidBy)).toEqual([expected, expected]);
  });
});
