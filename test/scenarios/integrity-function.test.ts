/** The cloud function `checkDataIntegrity`, as it is uploaded and in the test's own process. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { IntegrityReport } from '../../src/records/index.ts';
import { createCheckDataIntegrity } from '../../src/service/index.ts';
import { healthyWorld, NOW_MS, userIdOf } from '../integrity/world.ts';
import { createLocalCloud, resultOf, TIMER, type Answer, type LocalCloud } from '../support/local-cloud.ts';
import { createMemoryCloud } from '../support/memory-cloud.ts';
import { createTestClock } from '../support/test-clock.ts';

const KEY = '0123456789abcdef'.repeat(4);
const ADMIN = { openid: 'oAdmin' };

const statuses = ({ sections }: Pick<IntegrityReport, 'sections'>) =>
  Object.fromEntries(sections.map(({ name, status }) => [name, status]));
const ALL_OK = { works: 'ok', backup: 'ok', users: 'ok', tiers: 'ok', indicators: 'ok' };

describe('the uploaded function', () => {
  let cloud: LocalCloud;

  beforeAll(async () => {
    cloud = await createLocalCloud({
      env: { WX_DURABLE_PROVIDER: 'local', WX_DURABLE_ADMINS: 'oAdmin', WX_DURABLE_KEY: KEY },
    });
    for (const name of ['durable_jobs', 'integrity_reports', 'durable_alerts']) await cloud.load(name, []);
  });

  afterAll(() => cloud.close());

  beforeEach(() => cloud.faults.clear());

  const ask = async (event: object): Promise<Answer> =>
    resultOf(await cloud.invoke('checkDataIntegrity', { action: 'check', ...event }, ADMIN));

  test('finds nothing wrong with what generateImage left behind', async () => {
    for (const person of ['oFirst', 'oSecond', 'oThird']) {
      for (const prompt of ['小猫', '小狗', '[fail] 小鸟']) await cloud.generate(person, { prompt });
    }
    const answer = await ask({ deep: true });
    expect(answer).toMatchObject({ code: 200, data: { status: 'ok', finished: true } });
    const report = answer.data?.['report'] as IntegrityReport;
    expect(statuses(report)).toEqual(ALL_OK);
    expect(report.sections.flatMap(({ findings }) => findings)).toEqual([]);
    expect(report.sections[0]?.figures).toMatchObject({ total: 9, completed: 6, failed: 3, today: { total: 9 } });
    expect(report.sections[2]?.figures).toMatchObject({ users: 3, right: 3, activeToday: 3 });
  });

  test('stores a whole report, and none of a part', async () => {
    const before = (await cloud.dump('integrity_reports')).length;
    const answer = await ask({});
    const stored = await cloud.dump('integrity_reports');
    expect(stored).toHaveLength(before + 1);
    expect(stored.at(-1)).toMatchObject({ _id: (answer.data?.['report'] as IntegrityReport)._id, status: 'ok' });
    await ask({ sections: ['users'] });
    expect(await cloud.dump('integrity_reports')).toHaveLength(before + 1);
  });

  test('looks at the sections that are asked for', async () => {
    const of = async (sections: readonly string[]) =>
      Object.keys(statuses((await ask({ sections })).data?.['report'] as IntegrityReport));
    expect(await of(['users'])).toEqual(['users']);
    expect(await of(['backup', 'works'])).toEqual(['works', 'backup']);
    expect(await of(['indicators'])).toEqual(['works', 'backup', 'users', 'indicators']);
  });

  test.each([
    [{ sections: [] }],
    [{ sections: 'users' }],
    [{ sections: ['users', 'passwords'] }],
    [{ sections: [{ $ne: null }] }],
    [{ deep: 'yes' }],
  ])('refuses %j', async (event) => {
    expect(await ask(event)).toMatchObject({ code: 400, error: { code: 'INPUT_INVALID' } });
  });

  test('is refused to everybody else', async () => {
    for (const caller of [{ openid: 'oOther' }, {}]) {
      const answer = resultOf(await cloud.invoke('checkDataIntegrity', { action: 'check' }, caller));
      expect(answer).toMatchObject({ code: 403, error: { code: 'AUTH_DENIED' } });
    }
  });

  test('runs both checks when its timer fires for the first time, and nothing when it fires again', async () => {
    await cloud.load('integrity_reports', []);
    const first = await cloud.maintain('checkDataIntegrity');
    expect(first).toMatchObject({
      code: 200,
      data: {
        jobs: [
          { job: 'check-daily', ran: true, finished: true },
          { job: 'check-weekly', ran: true, finished: true },
        ],
      },
    });
    expect((await cloud.dump('integrity_reports')).map(({ status }) => status)).toEqual(['ok', 'ok']);
    expect(await cloud.maintain('checkDataIntegrity')).toMatchObject({
      data: {
        jobs: [
          { ran: false, why: 'not-due' },
          { ran: false, why: 'not-due' },
        ],
      },
    });
  });

  test('says unknown, and not good, while the database is away', async () => {
    cloud.faults.set([{ collection: 'users', inject: 'status', status: 503, body: 'html' }]);
    const answer = await ask({});
    const report = answer.data?.['report'] as IntegrityReport;
    expect(statuses(report)).toMatchObject({ works: 'unknown', users: 'unknown', indicators: 'unknown' });
    expect(answer.data?.['status']).toBe('unknown');
  });

  test('tells what it found also where the report cannot be stored', async () => {
    const before = (await cloud.dump('integrity_reports')).length;
    cloud.faults.set([{ collection: 'integrity_reports', inject: 'refused' }]);
    const answer = await ask({});
    expect(answer).toMatchObject({ code: 200, data: { status: 'ok', notStored: 'STORE_UNAVAILABLE' } });
    expect(statuses(answer.data?.['report'] as IntegrityReport)).toEqual(ALL_OK);
    cloud.faults.clear();
    expect(await cloud.dump('integrity_reports')).toHaveLength(before);
    expect((await ask({})).data).not.toHaveProperty('notStored');
  });
});

describe('a check that takes several invocations', () => {
  const LATENCY_MS = 200;

  /** A deployment whose statements take their time, and invocations of nine seconds, a minute apart. */
  async function openSlow() {
    const clock = createTestClock(NOW_MS);
    const memory = createMemoryCloud({ clock });
    for (const name of ['durable_jobs', 'integrity_reports']) await memory.store.createCollection(name);
    const world = healthyWorld(2_050, 1);
    world.users[7] = { ...(world.users[7] as (typeof world.users)[number]), generateCount: 9 };
    for (const name of ['users', 'works'] as const) await memory.add(name, ...world[name]);
    for (const name of world.files) await memory.blobs.put(name, new Uint8Array([1]));
    const slow = async <T>(run: () => Promise<T>): Promise<T> => {
      await new Promise<void>((resolve) => void clock.after(LATENCY_MS, resolve));
      return run();
    };
    const life = { isOver: false, statements: 0, killAt: Infinity };
    const store = new Proxy(memory.store, {
      get(target, name) {
        const method = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
        return (...args: unknown[]) => {
          life.statements += 1;
          life.isOver ||= life.statements >= life.killAt;
          // Killed: nothing that it sends from now on arrives, and nothing comes back.
          if (life.isOver) return new Promise(() => undefined);
          return slow(() => Reflect.apply(method, target, args));
        };
      },
    });
    const fire = (limitMs = 20_000): Promise<Answer> => {
      Object.assign(life, { isOver: false, statements: 0 });
      const runtime = { ...memory.runtime(), store };
      return createCheckDataIntegrity(runtime)(TIMER, {
        ...memory.context,
        time_limit_in_ms: limitMs,
      }) as Promise<Answer>;
    };
    return { memory, clock, life, fire };
  }

  const reports = (memory: Awaited<ReturnType<typeof openSlow>>['memory']) =>
    memory.store.dump('integrity_reports') as unknown as readonly IntegrityReport[];

  test('ends with one report a job, which is that of a check in one go', async () => {
    const { memory, clock, fire } = await openSlow();
    let firings = 0;
    while (reports(memory).length < 2 && firings < 60) {
      await clock.until(fire(9_000));
      await clock.advance(60_000);
      firings += 1;
    }
    expect(firings).toBeGreaterThan(2);
    expect(reports(memory).map((report) => statuses(report)['users'])).toEqual(['problems', 'problems']);
    for (const { sections } of reports(memory)) {
      expect(sections.find(({ name }) => name === 'users')).toMatchObject({
        figures: { users: 2_050, wrong: 1 },
        findings: [{ kind: 'generate-count-wrong', count: 1, ids: [userIdOf(7)] }],
      });
      expect(sections.find(({ name }) => name === 'works')?.figures).toMatchObject({ total: 4_100 });
    }
  });

  test('goes on where a killed invocation left it, and still says the same', async () => {
    const { memory, clock, life, fire } = await openSlow();
    for (const killAt of [9, 25, 40]) {
      life.killAt = killAt;
      void fire();
      // The lease of the killed one runs out.
      await clock.advance(15 * 60_000);
    }
    life.killAt = Infinity;
    for (let firing = 0; firing < 30 && reports(memory).length < 2; firing += 1) {
      await clock.until(fire());
      await clock.advance(10 * 60_000);
    }
    const figures = reports(memory).map(({ sections }) => sections.map((section) => section.figures));
    expect(figures).toHaveLength(2);
    for (const [works, , users] of figures) {
      expect(works).toMatchObject({ total: 4_100, completed: 2_050, failed: 2_050 });
      expect(users).toMatchObject({ users: 2_050, wrong: 1 });
    }
  });
});
