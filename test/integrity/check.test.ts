import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DurableError, type Code, type Plain } from '../../src/core/index.ts';
import { createCheck, indicatorsSection } from '../../src/integrity/index.ts';
import type { CheckSection, IntegrityReport, Section, SectionStatus } from '../../src/records/index.ts';
import type { Fates } from '../support/flaky-store.ts';
import { memoryLog, seededRandom } from '../support/ports.ts';
import { createTestClock } from '../support/test-clock.ts';
import { USER_PLANTS, WORK_PLANTS } from './plants.ts';
import { createScene } from './scene.ts';
import { healthyWorld, NOW_MS, work } from './world.ts';

const sectionIn = (report: IntegrityReport, name: string): Section | undefined =>
  report.sections.find((section) => section.name === name);

/** What a report says, apart from its own name and times. */
const saysOf = ({ status, sections }: IntegrityReport) => ({ status, sections });

/** Everything that can be wrong, among more records and users than one page holds. */
function plantedWorld() {
  const world = healthyWorld(1_050, 1);
  // Of plants that change the same user only the last would be left.
  const plants = [...WORK_PLANTS, USER_PLANTS[0], USER_PLANTS[3], USER_PLANTS[9], USER_PLANTS[10], USER_PLANTS[11]];
  for (const plant of plants) plant?.put(world);
  return world;
}

/** The longest step takes six statements: it fits into the shortest slice. */
const SLOW = { latencyMs: 150 };

describe('a check that is cut into slices', () => {
  it('says the same as one that runs in one go, however it is cut', async () => {
    const scene = (deep: boolean) => createScene(plantedWorld(), { ...SLOW, deep });
    const wholes = { deep: await (await scene(true)).run(), sampled: await (await scene(false)).run() };
    expect(wholes.deep.sections.map(({ findings }) => findings.length)).toEqual([15, 3]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1_000, max: 4_000 }), { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        async (cuts, deep) => {
          const { report } = await (await scene(deep)).runInSlices(cuts);
          expect(saysOf(report)).toEqual(saysOf(deep ? wholes.deep : wholes.sampled));
        },
      ),
      { numRuns: 8 },
    );
  });

  it('takes many slices where each has time for little', async () => {
    const scene = await createScene(plantedWorld(), SLOW);
    const { slices, report } = await scene.runInSlices([1_000]);
    expect(slices).toBeGreaterThan(8);
    expect(report.status).toBe('problems');
  });

  it('takes a step again that the end of a slice cut off', async () => {
    const scene = await createScene(healthyWorld(5, 1), { latencyMs: 400 });
    const { report, slices } = await scene.runInSlices([1_000, 1_000, 60_000]);
    expect(slices).toBe(3);
    expect(report.status).toBe('ok');
  });

  it('counts nothing twice that a cut step had found already', async () => {
    const world = healthyWorld(5, 1);
    world.works.push(work(99, 'stray'));
    const scene = await createScene(world, { latencyMs: 210 });
    const { report, slices } = await scene.runInSlices([1_000, 1_000, 60_000]);
    expect(slices).toBe(3);
    expect(sectionIn(report, 'works')?.findings).toMatchObject([{ kind: 'user-unknown', count: 1 }, {}]);
  });

  it('tells of its slices which section is under way and how far, and nothing between sections', async () => {
    const scene = await createScene(healthyWorld(5, 3_000), { latencyMs: 400 });
    const seen = new Set<string>();
    let reached = { state: null as Plain, finished: false };
    while (!reached.finished) {
      reached = await scene.clock.until(scene.check.advance(reached.state, scene.within(1_500)));
      const underWay = scene.check.underWay(reached.state);
      seen.add(underWay ? `${underWay.name} ${JSON.stringify(underWay.figures['total'])}` : 'none');
    }
    expect([...seen].filter((one) => /^works [1-9]/.test(one)).length).toBeGreaterThan(0);
    expect([...seen].at(-1)).toBe('none');
  });

  it('begins anew from a state of yesterday, since what was seen then says nothing of today', async () => {
    const scene = await createScene(healthyWorld(5, 1));
    const { state } = await scene.clock.until(scene.check.advance(undefined, scene.within(60_000)));
    await scene.clock.advance(25 * 3_600_000);
    const next = await scene.clock.until(scene.check.advance(state, scene.within(60_000)));
    expect(scene.check.report(next.state).startedAt).toEqual(new Date(NOW_MS + 25 * 3_600_000));
  });

  it('takes as many days as it needs, as long as it goes on, and says when it began', async () => {
    const scene = await createScene(plantedWorld(), SLOW);
    let progress = await scene.clock.until(scene.check.advance(undefined, scene.within(1_000)));
    let days = 0;
    for (; !progress.finished && days < 100; days += 1) {
      await scene.clock.advance(23 * 3_600_000);
      progress = await scene.clock.until(scene.check.advance(progress.state, scene.within(1_000)));
    }
    expect(days).toBeGreaterThan(3);
    expect(progress.finished).toBe(true);
    expect(scene.check.report(progress.state)).toMatchObject({ startedAt: new Date(NOW_MS), status: 'problems' });
  });

  it('does not take records for those of the future that are younger than itself', async () => {
    const scene = await createScene(healthyWorld(1_050, 1), { latencyMs: 150 });
    const first = await scene.clock.until(scene.check.advance(undefined, scene.within(1_000)));
    await scene.clock.advance(2 * 3_600_000);
    const late = work(1_049, 'z', { createdAt: new Date(scene.clock.now()), status: 'failed', errorCode: 'INTERNAL' });
    await scene.memory.insert('works', late);
    const { state } = await scene.clock.until(scene.check.advance(first.state, scene.within(600_000)));
    expect(sectionIn(scene.check.report(state), 'works')).toMatchObject({ figures: { total: 2_101 }, findings: [] });
  });

  it('keeps a state that does not grow with the number of records', async () => {
    const sizes: number[] = [];
    for (const users of [300, 1_200]) {
      const scene = await createScene(healthyWorld(users, 2));
      const { state } = await scene.clock.until(scene.check.advance(undefined, scene.within(3_600_000)));
      sizes.push(JSON.stringify(state).length);
    }
    expect((sizes[1] ?? Infinity) / (sizes[0] ?? 1)).toBeLessThan(1.05);
    expect(sizes[1]).toBeLessThan(60_000);
  });

  it('begins anew from a state that is not its own', async () => {
    const scene = await createScene(healthyWorld(3, 1));
    for (const strange of [null, 7, [], { version: 1 }, { version: 2, names: ['works', 'users'], sections: [] }]) {
      const { state, finished } = await scene.clock.until(scene.check.advance(strange, scene.within(60_000)));
      expect(finished).toBe(true);
      expect(scene.check.report(state).status).toBe('ok');
    }
  });

  it('is unknown while it is not finished', async () => {
    const scene = await createScene(healthyWorld(3, 1));
    const { state } = await scene.clock.until(scene.check.advance(undefined, scene.within(0)));
    expect(scene.check.report(state)).toMatchObject({
      status: 'unknown',
      sections: [
        { name: 'works', status: 'unknown' },
        { name: 'users', status: 'unknown' },
      ],
    });
  });
});

describe('a section that cannot read', () => {
  const cases: readonly (readonly [read: string, blind: readonly string[]])[] = [
    ['page works', ['works']],
    ['count works', ['works']],
    ['twins works', ['works']],
    ['group works', ['users']],
    ['page users', ['works', 'users']],
    ['page emergency_backup', ['users']],
  ];
  const codes: readonly Code[] = [
    'STORE_UNAVAILABLE',
    'STORE_UNCERTAIN',
    'STORE_THROTTLED',
    'STORE_DENIED',
    'STORE_REJECTED',
  ];

  it.each(cases)('is unknown when "%s" fails for good, and the others are not: %j', async (read, blind) => {
    for (const code of codes) {
      const scene = await createScene(healthyWorld(5, 1));
      scene.store.plan({ [read]: { always: code } });
      const report = await scene.run();
      for (const name of ['works', 'users']) {
        const expected = blind.includes(name) ? { status: 'unknown', figures: {}, error: { code } } : { status: 'ok' };
        expect([code, sectionIn(report, name)]).toMatchObject([code, expected]);
      }
      expect(report.status).toBe('unknown');
    }
  });

  it('is unknown when storage does not answer about files', async () => {
    const scene = await createScene(healthyWorld(5, 1));
    scene.blobs.plan({ exists: { always: 'STORE_DENIED' } });
    const report = await scene.run();
    expect(sectionIn(report, 'works')).toMatchObject({ status: 'unknown', error: { code: 'STORE_DENIED' } });
    expect(sectionIn(report, 'users')).toMatchObject({ status: 'ok' });
  });

  it('is not unknown for a read that fails twice', async () => {
    const scene = await createScene(healthyWorld(5, 1));
    const twice: Fates[string] = ['STORE_UNCERTAIN', 'answer-lost'];
    scene.store.plan({ 'page works': twice, 'twins works': twice, 'group works': twice });
    expect((await scene.run()).status).toBe('ok');
  });

  it('still says what it had found', async () => {
    const scene = await createScene(plantedWorld());
    scene.store.plan({ 'count works': { always: 'STORE_DENIED' } });
    const works = sectionIn(await scene.run(), 'works');
    expect(works).toMatchObject({ status: 'unknown', figures: {} });
    expect(works?.findings.map(({ kind }) => kind)).toContain('completed-without-picture');
  });

  it('is unknown, and not tried for ever, when no slice has the time for its step', async () => {
    const scene = await createScene(healthyWorld(5, 1), { latencyMs: 1_300 });
    const { report, slices } = await scene.runInSlices([1_100]);
    expect(slices).toBeLessThanOrEqual(10);
    expect(report.status).toBe('unknown');
    expect(sectionIn(report, 'works')?.status).toBe('unknown');
  });
});

describe('the whole', () => {
  const section = (name: string, status: SectionStatus | 'throws'): CheckSection => ({
    name,
    begin: () => null,
    advance: async (state) => ({ state, finished: true }),
    conclude: () => {
      if (status === 'throws') throw new DurableError('STORE_REJECTED', 'planned');
      return { name, status, figures: {}, findings: [] };
    },
  });

  it.each([
    [['ok', 'ok'], 'ok'],
    [['ok', 'problems'], 'problems'],
    [['problems', 'unknown'], 'unknown'],
    [['unknown', 'ok'], 'unknown'],
    [['ok', 'throws', 'ok'], 'unknown'],
    [[], 'unknown'],
  ] as const)('of sections that are %j is %s', async (statuses, expected) => {
    const clock = createTestClock();
    const sections = statuses.map((status, index) => section(`s${index}`, status));
    const check = createCheck({ sections, clock, random: seededRandom(1), log: memoryLog() });
    const { state } = await check.advance(undefined, { atMs: 0, remainingMs: () => 5_000, minus: () => never() });
    const report = check.report(state);
    expect(report.status).toBe(expected);
    expect(report.sections).toHaveLength(statuses.length);
  });
});

function never(): never {
  throw new Error('not asked for');
}

describe('section indicators', () => {
  const works = (total: number, recovered: number) => ({ total, recovered, daily: [{ total, recovered }] });
  const backup = (count: number, waiting: number) => ({ count, waiting, quarantined: 0 });
  const users = (all: number, right: number) => ({ users: all, right });
  const conclude = (figures: Readonly<Record<string, object>>, status: SectionStatus = 'ok'): Section =>
    indicatorsSection.conclude(
      Object.entries(figures).map(([name, own]) => ({
        name,
        status,
        figures: own as Section['figures'],
        findings: [],
      })),
    );

  it('meets every target where everything was saved at once and every counter is right', () => {
    expect(conclude({ works: works(1_000, 0), backup: backup(0, 0), users: users(10, 10) })).toMatchObject({
      status: 'ok',
      findings: [],
      figures: {
        saveSuccessRate: { rate: 1, target: 0.999, met: true },
        emergencyBackupRate: { rate: 0, met: true },
        consistencyRate: { rate: 1, met: true },
      },
    });
  });

  it('counts what came home later, and what has not come home, as not saved at once', () => {
    const { status, figures, findings } = conclude({ works: works(98, 3), backup: backup(4, 2), users: users(4, 3) });
    expect(status).toBe('problems');
    expect(figures).toMatchObject({
      saveSuccessRate: { rate: 0.95, met: false },
      emergencyBackupRate: { rate: 0.05, met: false },
      consistencyRate: { rate: 0.75, met: false },
    });
    expect(findings.map(({ kind }) => kind)).toEqual([
      'save-success-below-target',
      'backup-rate-above-target',
      'consistency-below-target',
    ]);
  });

  it('misses a target by one record too many, and not before', () => {
    const at = (recovered: number) =>
      conclude({ works: works(1_000, recovered), backup: backup(0, 0), users: users(1, 1) });
    expect(at(1).status).toBe('ok');
    expect(at(2).status).toBe('problems');
  });

  it('says nothing of an empty deployment', () => {
    expect(conclude({ works: works(0, 0), backup: backup(0, 0), users: users(0, 0) })).toMatchObject({
      status: 'ok',
      figures: { saveSuccessRate: { rate: null, met: null }, consistencyRate: { rate: null, met: null } },
    });
  });

  it('is unknown where one of its sections is, is missing, or has no figures', () => {
    const all = { works: works(1, 0), backup: backup(0, 0), users: users(1, 1) };
    const { users: _users, ...some } = all;
    expect(conclude(all, 'unknown').status).toBe('unknown');
    expect(conclude(some).status).toBe('unknown');
    expect(conclude({ ...all, backup: {} }).status).toBe('unknown');
  });
});
