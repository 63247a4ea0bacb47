import { describe, expect, test } from 'vitest';
import { createDeadline, DurableError } from '../../src/core/index.ts';
import type { Task } from '../../src/jobs/index.ts';
import { createFlakyStore } from '../support/flaky-store.ts';
import { createScene, createWalk, DAILY, DAY_MS, HOUR_MS, LIMIT_MS, MINUTE_MS, type Scene } from './job-scene.ts';

const NOT_DUE = { ran: false, why: 'not-due' };

/** A store that tells which statements it was asked for. */
const counted = (scene: Scene) => createFlakyStore(scene.store, { clock: scene.clock });

describe('a job', () => {
  test('that never ran runs at the first firing, and then waits for its time', async () => {
    const scene = createScene();
    const { task, visits } = createWalk();
    expect(await scene.fire(task)).toEqual({
      ran: true,
      finished: true,
      summary: { visited: 5 },
      report: undefined,
      lateMs: 0,
      kept: true,
    });
    for (let minute = 10; minute < 24 * 60; minute += 10) {
      await scene.clock.advance(10 * MINUTE_MS);
      expect(await scene.fire(task)).toEqual(NOT_DUE);
    }
    await scene.clock.advance(10 * MINUTE_MS);
    expect(await scene.fire(task)).toMatchObject({ ran: true, lateMs: 0 });
    expect(visits).toHaveLength(10);
    expect(scene.row()).toMatchObject({ runs: 2, lease: null, lastSummary: { visited: 5 }, lastError: null });
  });

  test('that was missed for days runs once, late, and says how late', async () => {
    const scene = createScene();
    const { task } = createWalk();
    await scene.fire(task);
    await scene.clock.advance(3 * DAY_MS + 90 * MINUTE_MS);
    const lateMs = 2 * DAY_MS + 90 * MINUTE_MS;
    expect(await scene.fire(task)).toMatchObject({ ran: true, finished: true, lateMs });
    expect(scene.log.lines).toContainEqual({ level: 'warn', event: 'job.late', fields: { job: 'walk', lateMs } });
    expect(await scene.fire(task)).toEqual(NOT_DUE);
    // The next one is at its own time again.
    await scene.clock.advance(DAY_MS - 90 * MINUTE_MS);
    expect(await scene.fire(task)).toMatchObject({ ran: true, lateMs: 0 });
  });

  test('that runs a few minutes after its time is not reported as late', async () => {
    const scene = createScene();
    const { task } = createWalk();
    await scene.fire(task);
    await scene.clock.advance(DAY_MS + 9 * MINUTE_MS);
    expect(await scene.fire(task)).toMatchObject({ lateMs: 9 * MINUTE_MS });
    expect(scene.events()).not.toContain('job.late');
  });

  test('that had no time for everything goes on at each firing until it is through, and is not late for that', async () => {
    const scene = createScene();
    const { task, visits } = createWalk({ pages: 5, perRun: 2 });
    for (const finished of [false, false, true]) {
      expect(await scene.fire(task)).toMatchObject({ ran: true, finished, lateMs: 0 });
      await scene.clock.advance(2 * HOUR_MS);
    }
    expect(visits).toEqual([0, 1, 2, 3, 4]);
    expect(await scene.fire(task)).toEqual(NOT_DUE);
    expect(scene.events()).not.toContain('job.late');
  });

  test('that an administrator forces runs though it is not due, but never beside another run', async () => {
    const scene = createScene();
    const { task } = createWalk();
    await scene.fire(task);
    expect(await scene.fire(task, { force: true })).toMatchObject({ ran: true, finished: true, lateMs: 0 });
    const lease = { token: 'other', untilAt: new Date(scene.clock.now() + LIMIT_MS), saves: 0 };
    await scene.change({ lease } as never);
    expect(await scene.fire(task, { force: true })).toEqual({ ran: false, why: 'leased' });
    await scene.clock.advance(LIMIT_MS);
    expect(await scene.fire(task, { force: true })).toMatchObject({ ran: true });
  });

  test('gets less time than the function has, so that its end can still be told', async () => {
    const scene = createScene();
    let leftMs = 0;
    const work: Task<never>['work'] = async ({ deadline }) => {
      leftMs = deadline.remainingMs();
      return { summary: null };
    };
    await scene.fire({ job: DAILY, readCheckpoint: () => undefined, work });
    expect(leftMs).toBe(LIMIT_MS - 3_000);
    // The platform's shortest functions live three seconds.
    const deadline = createDeadline(scene.clock, scene.clock.now() + 2_000);
    await scene.fire({ job: DAILY, readCheckpoint: () => undefined, work }, { force: true, deadline });
    expect(leftMs).toBe(1_500);
  });
});

describe('the round trips', () => {
  test('of a firing with nothing to do are one, and one more each half hour as a sign of life', async () => {
    const scene = createScene();
    const { task } = createWalk();
    await scene.fire(task);
    const store = counted(scene);
    const beats = [];
    for (let minute = 10; minute <= 120; minute += 10) {
      await scene.clock.advance(10 * MINUTE_MS);
      const before = store.statements.length;
      await scene.fire(task, {}, store);
      beats.push(store.statements.length - before);
    }
    expect(beats).toEqual([1, 1, 2, 1, 1, 2, 1, 1, 2, 1, 1, 2]);
  });

  test('of a run are three, besides the checkpoints that it saves, and one more to go on from one', async () => {
    const scene = createScene();
    const store = counted(scene);
    const { task } = createWalk({ pages: 2, perRun: 1 });
    await scene.fire(task, {}, store);
    expect(store.names()).toEqual(['page durable_jobs', 'insert durable_jobs', 'update durable_jobs']);
    await scene.fire(task, {}, store);
    expect(store.names().slice(3)).toEqual([
      'page durable_jobs',
      'update durable_jobs',
      'get durable_jobs',
      'update durable_jobs',
    ]);
  });
});

describe('a checkpoint', () => {
  test('comes back as it was, whatever names, dates and texts are in it', async () => {
    const scene = createScene();
    const state = { 'a.b': { $gt: 1 }, at: new Date(5), list: [null, 'x'], __proto: { '': 0 } };
    const seen: unknown[] = [];
    const task: Task<unknown> = {
      job: DAILY,
      readCheckpoint: (stored) => stored,
      async work({ checkpoint }) {
        seen.push(checkpoint);
        return { checkpoint: checkpoint === undefined ? state : undefined, summary: null };
      },
    };
    await scene.fire(task);
    await scene.fire(task);
    expect(seen).toEqual([undefined, state]);
  });

  test.each([
    ['of an older version', { checkpointVersion: 0 }, 'version'],
    ['of a newer version, after a rollback', { checkpointVersion: 2 }, 'version'],
    ['of another shape', { checkpoint: '{"next":"3"}' }, 'shape'],
    ['that is no JSON', { checkpoint: '{"next":' }, 'shape'],
    ['that is no text', { checkpoint: { next: 3 } }, 'shape'],
    ['that is not there', { checkpoint: null }, 'shape'],
  ])('%s is not gone on from: the walk starts over and says so', async (_what, damage, why) => {
    const scene = createScene();
    const { task, visits } = createWalk({ pages: 5, perRun: 3 });
    await scene.fire(task);
    await scene.change(damage as never);
    visits.length = 0;
    expect(await scene.fire(task)).toMatchObject({ ran: true, startedOver: why });
    expect(visits).toEqual([0, 1, 2]);
    expect(scene.log.lines).toContainEqual({
      level: 'warn',
      event: 'job.started-over',
      fields: { job: 'walk', why },
    });
    expect(await scene.fire(task)).toMatchObject({ finished: true });
    expect(visits).toEqual([0, 1, 2, 3, 4]);
  });

  test('from which five runs got nowhere is given up, and the walk starts over', async () => {
    const scene = createScene();
    const poison = { page: -1 };
    const { task, visits } = createWalk({
      pages: 5,
      perRun: 3,
      meet: (page) => {
        if (page === poison.page) throw new DurableError('INTERNAL', 'poison');
      },
    });
    await scene.fire(task);
    poison.page = 3;
    for (let run = 1; run <= 5; run += 1) {
      await expect(scene.fire(task)).rejects.toMatchObject({ code: 'INTERNAL' });
      expect(scene.row()).toMatchObject({ lease: null, lastError: { code: 'INTERNAL' }, tries: run });
    }
    poison.page = -1;
    visits.length = 0;
    expect(await scene.fire(task)).toMatchObject({ startedOver: 'stuck' });
    expect(visits).toEqual([0, 1, 2]);
  });

  test('is not to blame for a database that was down', async () => {
    const scene = createScene();
    let isDown = false;
    const { task, visits } = createWalk({
      pages: 5,
      perRun: 3,
      meet: () => {
        if (isDown) throw new DurableError('STORE_UNAVAILABLE', 'down');
      },
    });
    await scene.fire(task);
    isDown = true;
    for (let run = 0; run < 20; run += 1) {
      await expect(scene.fire(task)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    }
    isDown = false;
    expect(await scene.fire(task)).toMatchObject({ finished: true });
    expect(visits).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('a run that fails', () => {
  test('leaves its job due, with the code of the failure and nothing of its message', async () => {
    const scene = createScene();
    const { task } = createWalk({
      meet: () => {
        throw new Error('openid oSecret');
      },
    });
    await expect(scene.fire(task)).rejects.toThrow('openid oSecret');
    expect(scene.row()).toMatchObject({ lease: null, lastError: { code: 'INTERNAL' } });
    expect(JSON.stringify([scene.row(), scene.log.lines])).not.toContain('oSecret');
    expect(await scene.fire(createWalk().task)).toMatchObject({ ran: true, finished: true });
    expect(scene.row()).toMatchObject({ lastError: null });
  });

  test('whose end the table cannot be told is done again once its lease ended', async () => {
    const scene = createScene();
    const store = createFlakyStore(scene.store, {
      clock: scene.clock,
      fates: { 'update durable_jobs': { always: 'STORE_UNAVAILABLE' } },
    });
    const { task, visits } = createWalk({ pages: 1 });
    expect(await scene.fire(task, {}, store)).toMatchObject({ ran: true, finished: true, kept: false });
    expect(scene.events()).toContain('job.not-kept');
    expect(await scene.fire(task)).toEqual({ ran: false, why: 'leased' });
    await scene.clock.advance(5 * MINUTE_MS);
    expect(await scene.fire(task)).toMatchObject({ ran: true, kept: true });
    expect(visits).toEqual([0, 0]);
  });
});
