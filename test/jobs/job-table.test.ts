import { describe, expect, test } from 'vitest';
import { createDeadline, DurableError, type Code } from '../../src/core/index.ts';
import { overdueJobs, type Job, type Task } from '../../src/jobs/index.ts';
import { createFlakyStore } from '../support/flaky-store.ts';
import {
  createScene,
  createWalk,
  DAILY,
  DAY_MS,
  HOUR_MS,
  LIMIT_MS,
  MINUTE_MS,
  START_MS,
  type Scene,
} from './job-scene.ts';

const NOT_DUE = { ran: false, why: 'not-due' };

describe('a table', () => {
  test('whose collection does not exist keeps nothing, and every firing runs from the beginning', async () => {
    const scene = createScene({ collections: [] });
    const { task, visits } = createWalk({ pages: 3, perRun: 2 });
    for (let firing = 0; firing < 2; firing += 1) {
      expect(await scene.fire(task)).toMatchObject({ ran: true, finished: false, kept: false });
    }
    expect(visits).toEqual([0, 1, 0, 1]);
  });

  test.each<Code>(['STORE_DENIED', 'STORE_QUOTA', 'STORE_UNAVAILABLE'])(
    'that cannot be read (%s) is a failure, and nothing runs',
    async (code) => {
      const scene = createScene();
      const { task, visits } = createWalk();
      const store = createFlakyStore(scene.store, { clock: scene.clock, fates: { '*': { always: code } } });
      await expect(scene.fire(task, {}, store)).rejects.toMatchObject({ code });
      expect(visits).toEqual([]);
    },
  );

  const far = new Date(START_MS + 400 * DAY_MS);
  test.each([
    ['a lease of a clock that was a year ahead', { lease: { token: 'mad', untilAt: far, saves: 0 }, dueAt: 0 }],
    ['a lease that is no lease', { lease: 'mine', dueAt: null }],
    ['a lease whose token is a number', { lease: { token: 7, untilAt: far }, dueAt: null }],
    ['a next time that lies beyond the next slot', { dueAt: far }],
    ['a next time that is a text', { dueAt: 'tomorrow' }],
    ['a number of runs that is a text', { runs: 'many', dueAt: new Date(0) }],
    ['tries that are none', { tries: 'x', beatAt: 'y', dueAt: null }],
  ])('with %s does not keep its job from running', async (_what, damage) => {
    const scene = createScene();
    const { task } = createWalk();
    await scene.fire(task);
    await scene.change(damage as never);
    expect(await scene.fire(task)).toMatchObject({ ran: true, finished: true, kept: true });
    expect(await scene.fire(task)).toEqual(NOT_DUE);
  });
});

describe('overdue is', () => {
  const often: Job = { name: 'often', version: 1, schedule: { kind: 'every', minutes: 5 } };
  const weekly: Job = {
    name: 'weekly',
    version: 1,
    schedule: { kind: 'weekly', weekday: 'sunday', hour: 4, minute: 40 },
  };
  const known = [DAILY, often, weekly];

  async function look(scene: Scene) {
    const deadline = createDeadline(scene.clock, scene.clock.now() + LIMIT_MS);
    const table = await scene.clock.until(scene.jobsOver(scene.store, scene.clock).read(deadline));
    return overdueJobs(table, known, scene.clock.now());
  }

  async function fireAll(scene: Scene, jobs: readonly Job[], hours: number) {
    for (let minute = 0; minute < hours * 60; minute += 5) {
      for (const job of jobs) await scene.fire(createWalk({ job, pages: 1 }).task);
      await scene.clock.advance(5 * MINUTE_MS);
    }
  }

  test('nobody whose timer fires, though nothing is due for days', async () => {
    const scene = createScene();
    await fireAll(scene, known, 50);
    expect(await look(scene)).toEqual([]);
  });

  test('nobody in a table that is empty, and nobody who is new in the first hours', async () => {
    const scene = createScene();
    expect(await look(scene)).toEqual([]);
    await fireAll(scene, [often], 2);
    expect(await look(scene)).toEqual([]);
  });

  test('who has stopped firing, and who never fired at all', async () => {
    const scene = createScene();
    await fireAll(scene, [often, DAILY], 1);
    await fireAll(scene, [often], 3);
    expect(await look(scene)).toEqual([
      { name: 'walk', why: 'silent', sinceMs: 3 * HOUR_MS + 30 * MINUTE_MS },
      { name: 'weekly', why: 'never', sinceMs: 4 * HOUR_MS },
    ]);
    await scene.clock.advance(30 * MINUTE_MS);
    expect(await look(scene)).toContainEqual({ name: 'often', why: 'silent', sinceMs: 35 * MINUTE_MS });
  });

  test('who fires but is never done', async () => {
    const scene = createScene();
    const failing = createWalk({
      job: often,
      meet: () => {
        throw new DurableError('INTERNAL', 'always');
      },
    });
    await scene.fire(createWalk().task);
    await scene.fire(createWalk({ job: weekly }).task);
    for (let minute = 0; minute < 70; minute += 5) {
      await expect(scene.fire(failing.task)).rejects.toThrow('always');
      await scene.clock.advance(5 * MINUTE_MS);
    }
    expect(await look(scene)).toEqual([{ name: 'often', why: 'behind', sinceMs: 70 * MINUTE_MS }]);
  });
});

describe('a walk that never comes to its end', () => {
  const standing = (gotOn: boolean): Task<{ at: number }> => ({
    job: DAILY,
    readCheckpoint: (stored) => stored as { at: number },
    work: async () => ({ checkpoint: { at: 1 }, gotOn, summary: null }),
  });

  test('is behind after six hours, since it stays due from when it was due', async () => {
    const scene = createScene();
    for (let run = 0; run < 8; run += 1) {
      await scene.fire(standing(true));
      await scene.clock.advance(HOUR_MS);
    }
    await scene.fire(standing(true));
    const deadline = createDeadline(scene.clock, scene.clock.now() + MINUTE_MS);
    const table = await scene.jobsOver(scene.store, scene.clock).read(deadline);
    expect(overdueJobs(table, [DAILY], scene.clock.now())).toMatchObject([{ name: 'walk', why: 'behind' }]);
  });

  test('starts over after five runs that left it where it was, unless they did something', async () => {
    for (const [gotOn, startedOver] of [
      [false, 'stuck'],
      [true, undefined],
    ] as const) {
      const scene = createScene();
      for (let run = 0; run < 6; run += 1) expect(await scene.fire(standing(gotOn))).toMatchObject({ finished: false });
      expect((await scene.fire(standing(gotOn))) as { startedOver?: string }).toHaveProperty('ran', true);
      expect(scene.events().includes('job.started-over')).toBe(startedOver !== undefined);
    }
  });
});
