/** The integrity check over the real SDK on a local cloud. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDeadline, type Clock } from '../../src/core/index.ts';
import { nodeClock } from '../../src/core/node/index.ts';
import type { IntegrityReport, Section } from '../../src/records/index.ts';
import { createCloudbaseBlobs, createCloudbaseStore } from '../../src/store/cloudbase/index.ts';
import { USER_PLANTS, WORK_PLANTS, type Plant } from '../integrity/plants.ts';
import { createWorldCheck } from '../integrity/scene.ts';
import { healthyWorld, NOW_MS, userIdOf, type World } from '../integrity/world.ts';
import { openSdk } from '../support/in-process.ts';
import { createLocalCloud, type FaultRule, type LocalCloud } from '../support/local-cloud.ts';

/** The world's noon, with waits that cost a fiftieth of their time. */
const clock: Clock = { now: () => NOW_MS, after: (delayMs, run) => nodeClock.after(delayMs / 50, run) };
const deadline = createDeadline(clock, NOW_MS + 600_000);

let cloud: LocalCloud;
let ports: { store: ReturnType<typeof createCloudbaseStore>; blobs: ReturnType<typeof createCloudbaseBlobs> };
let filePrefix: string;

beforeAll(async () => {
  cloud = await createLocalCloud();
  const sdk = openSdk(cloud);
  ports = { store: createCloudbaseStore(sdk, nodeClock), blobs: createCloudbaseBlobs(sdk, nodeClock, fetch) };
  filePrefix = (await ports.blobs.put('x', new Uint8Array([1]))).slice(0, -1);
});

afterAll(() => cloud.close());

beforeEach(() => cloud.faults.clear());

/** Makes the world what the cloud holds; files are few, since each is a real upload. */
async function load(world: World): Promise<void> {
  for (const name of ['users', 'works', 'emergency_backup'] as const) {
    const text = JSON.stringify(world[name].map(marked)).replaceAll('memory://blobs/', filePrefix);
    await cloud.load(name, unmarked(text));
  }
  for (const name of world.files) await ports.blobs.put(name, new Uint8Array([1]));
}

const marked = (document: unknown): unknown =>
  JSON.parse(
    JSON.stringify(document, function (this: Record<string, unknown>, key, value: unknown) {
      const own = this[key];
      return own instanceof Date ? { isDate: own.getTime() } : value;
    }),
  );

const unmarked = (text: string): unknown[] =>
  JSON.parse(text, (_key, value: unknown) => {
    const { isDate } = (value ?? {}) as { isDate?: number };
    return typeof isDate === 'number' ? new Date(isDate) : value;
  }) as unknown[];

async function check(deep = false): Promise<IntegrityReport> {
  const whole = createWorldCheck({ ...ports, clock, deep });
  const { state, finished } = await whole.advance(undefined, deadline);
  expect(finished).toBe(true);
  return whole.report(JSON.parse(JSON.stringify(state)) as typeof state);
}

const sectionIn = (report: IntegrityReport, name: string): Section =>
  report.sections.find((section) => section.name === name) as Section;

const idsIn = ({ findings }: Section) => Object.fromEntries(findings.map(({ kind, ids }) => [kind, [...ids].sort()]));

/** What all plants together are found as. */
function expected(plants: readonly Plant[]): Readonly<Record<string, readonly string[]>> {
  const finds: Record<string, string[]> = {};
  for (const plant of plants)
    for (const [kind, ids] of Object.entries(plant.finds)) finds[kind] = [...(finds[kind] ?? []), ...ids].sort();
  return finds;
}

describe('a deployment in which nothing is wrong', () => {
  test('is well, and its figures are those of its records', async () => {
    await load(healthyWorld(12, 2));
    const report = await check(true);
    expect(report.sections.map(({ name, status, findings }) => [name, status, findings])).toEqual([
      ['works', 'ok', []],
      ['users', 'ok', []],
    ]);
    expect(sectionIn(report, 'works').figures).toMatchObject({
      total: 36,
      completed: 24,
      failed: 12,
      unknown: 0,
      successRate: 24 / 36,
      byErrorCode: { PROVIDER_FAILED: 12 },
      today: { day: '20261122', total: 0 },
      generationMs: { p50Ms: expect.closeTo(4_000, -3) as number },
      files: { checked: 24, missing: 0 },
    });
    const { daily } = sectionIn(report, 'works').figures as unknown as { daily: { day: string; total: number }[] };
    expect(daily).toHaveLength(30);
    expect(daily.filter(({ total }) => total > 0)).toMatchObject([{ day: '20261120', total: 36 }]);
    expect(sectionIn(report, 'users').figures).toMatchObject({ users: 12, right: 12, wrong: 0, consistencyRate: 1 });
  });

  test('that is empty is well too, and has no rates', async () => {
    await load({ users: [], works: [], emergency_backup: [], files: [] });
    const report = await check();
    expect(report.status).toBe('ok');
    expect(sectionIn(report, 'works').figures).toMatchObject({ total: 0, successRate: null });
    expect(sectionIn(report, 'users').figures).toMatchObject({ users: 0, consistencyRate: null });
  });
});

describe('150 users, of which every third is wrong', () => {
  test('are told apart', async () => {
    const world = healthyWorld(150, 2);
    const wrong = Array.from({ length: 50 }, (_, index) => index * 3);
    for (const number of wrong) {
      world.users[number] = {
        ...(world.users[number] as World['users'][number]),
        generateCount: [0, 7, null][(number % 9) / 3],
      };
    }
    // What is in storage is another story.
    await load({ ...world, files: [] });
    const users = sectionIn(await check(), 'users');
    expect(users).toMatchObject({
      status: 'problems',
      figures: { users: 150, right: 100, wrong: 50, consistencyRate: 100 / 150 },
      findings: [{ kind: 'generate-count-wrong', count: 50, ids: wrong.slice(0, 20).map(userIdOf) }],
    });
  });
});

describe('everything that can be wrong', () => {
  test('is found exactly, all at once', async () => {
    const world = healthyWorld(30, 1);
    // Of plants that set the same user's fields only the last would be left.
    const overwritten = ['a hold that nobody closes', 'an unknown record of three hours'];
    const works = WORK_PLANTS.filter(({ what }) => !overwritten.includes(what));
    const users = [0, 3, 9, 10].flatMap((index) => USER_PLANTS[index] ?? []);
    for (const plant of [...works, ...users]) plant.put(world);
    await load(world);
    const report = await check(true);
    expect(idsIn(sectionIn(report, 'works'))).toEqual(expected(works));
    expect(idsIn(sectionIn(report, 'users'))).toEqual(expected(users));
    expect(report.status).toBe('problems');
  });
});

describe('a section whose reads fail', () => {
  const dead = (rule: Omit<FaultRule, 'inject'>): FaultRule => ({
    ...rule,
    inject: 'status',
    status: 503,
    body: 'html',
  });
  const faults: readonly (readonly [string, FaultRule, readonly string[]])[] = [
    ['no page of works', dead({ action: 'getDocument', collection: 'works' }), ['works']],
    ['no count of works', dead({ action: 'calculateDocument', collection: 'works' }), ['works']],
    ['no groups of works', dead({ action: 'aggregateDocuments', collection: 'works' }), ['works', 'users']],
    ['no users', dead({ collection: 'users' }), ['works', 'users']],
    ['no letters', dead({ collection: 'emergency_backup' }), ['users']],
    ['no files', dead({ storage: 'download-url' }), ['works']],
    ['a refusal', { collection: 'works', inject: 'error', code: 'DATABASE_PERMISSION_DENIED' }, ['works', 'users']],
    [
      'a platform that limits',
      { collection: 'users', inject: 'error', code: 'EXCEED_REQUEST_LIMIT' },
      ['works', 'users'],
    ],
  ];

  test.each(faults)('is unknown and never good: %s', async (_what, rule, blind) => {
    await load(healthyWorld(4, 1));
    cloud.faults.set([rule]);
    const report = await check();
    expect((await cloud.fired())[0]?.fired).toBeGreaterThan(0);
    for (const section of report.sections) {
      expect([section.name, section.status]).toEqual([section.name, blind.includes(section.name) ? 'unknown' : 'ok']);
      if (section.status === 'unknown') expect(section.error?.code).toMatch(/^STORE_/);
    }
    expect(report.status).toBe('unknown');
  });
});
