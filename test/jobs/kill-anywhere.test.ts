import { describe, expect, test } from 'vitest';
import { DurableError, type Code } from '../../src/core/index.ts';
import type { Task } from '../../src/jobs/index.ts';
import {
  createFaultyStore,
  createScene,
  createWalk,
  DAILY,
  DAY_MS,
  MINUTE_MS,
  type Fault,
  type Scene,
} from './job-scene.ts';

const FAULTS: readonly Fault[] = [
  'killed before',
  'killed after',
  'answer lost',
  'refused',
  'answer lost, arrives after the run',
];
const PAGES = 5;
const fail = (code: string): Error => new DurableError(code as Code, 'planned');

interface Placement {
  readonly fault: Fault;
  readonly at: number;
  /** Whether the walk has been interrupted once before, so that the run goes on from a checkpoint. */
  readonly isResumed: boolean;
}

/** Plays one fault in one firing, then fires every five minutes until a walk is through and kept. */
async function play({ fault, at, isResumed }: Placement) {
  const scene = createScene();
  const { task, visits } = createWalk({ pages: PAGES, perRun: 3 });
  if (isResumed) await scene.fire(task);
  await scene.clock.advance(5 * MINUTE_MS);
  const faulty = createFaultyStore(scene.store, at, fault, fail);
  const run = scene.start(task, {}, { through: faulty.store }).catch(() => 'rejected' as const);
  const first = await scene.clock.until(Promise.race([run, faulty.killed]));
  const isHit = faulty.count() > at;
  await faulty.deliver();
  let firings = 0;
  for (; !isThrough(scene) && firings < 10; firings += 1) {
    await scene.clock.advance(5 * MINUTE_MS);
    await scene.fire(task);
  }
  return { scene, task, visits, firings, isHit, first };
}

/** As the table sees it, which decides whether there is more to do. */
function isThrough({ row }: Scene): boolean {
  const { lease, checkpoint, lastFinishedAt } = (row() ?? {}) as Readonly<Record<string, unknown>>;
  return lease === null && checkpoint === null && lastFinishedAt instanceof Date;
}

/** Plays a fault at every statement there is. */
async function playAll(fault: Fault, isResumed: boolean, check: (end: Awaited<ReturnType<typeof play>>) => unknown) {
  let placements = 0;
  for (let at = 0; ; at += 1) {
    const end = await play({ fault, at, isResumed });
    if (!end.isHit) return placements;
    placements += 1;
    await check(end);
  }
}

describe.each(FAULTS)('a run of which one statement meets "%s", whichever it is', (fault) => {
  test.each([
    ['at the beginning of a walk', false, 5],
    ['in the middle of a walk', true, 5],
  ])('leaves a walk that soon comes to its end, with no page left out: %s', async (_where, isResumed, statements) => {
    const placements = await playAll(fault, isResumed, ({ visits, firings, scene }) => {
      expect(isThrough(scene)).toBe(true);
      expect(firings).toBeLessThanOrEqual(4);
      expect(new Set(visits)).toEqual(new Set([0, 1, 2, 3, 4]));
      expect(scene.row()).toMatchObject({ lease: null, checkpoint: null, lastError: null });
    });
    expect(placements).toBeGreaterThanOrEqual(statements);
  });

  test('leaves the next walk to begin at its beginning', async () => {
    await playAll(fault, false, async ({ scene, task, visits }) => {
      visits.length = 0;
      await scene.clock.advance(DAY_MS);
      for (let firing = 0; firing < 2; firing += 1) await scene.fire(task);
      expect(visits).toEqual([0, 1, 2, 3, 4]);
    });
  });

  test('repeats at most what followed the last checkpoint that was kept', async () => {
    await playAll(fault, true, ({ visits }) => {
      // A page is repeated once at most: only the one whose save was not seen.
      const times = [0, 1, 2, 3, 4].map((page) => visits.filter((visited) => visited === page).length);
      expect(Math.max(...times)).toBeLessThanOrEqual(2);
      expect(times.filter((count) => count > 1).length).toBeLessThanOrEqual(1);
    });
  });
});

test.each<Fault>(['answer lost', 'refused', 'answer lost, arrives after the run'])(
  'a run of which one statement meets "%s" is not held up by it, and the table has its end',
  async (fault) => {
    for (const isResumed of [false, true]) {
      await playAll(fault, isResumed, ({ first }) => expect(first).toMatchObject({ ran: true, kept: true }));
    }
  },
);

test('a save that was given up and arrives after a later one changes nothing', async () => {
  const scene = createScene();
  // Statement 2 is the first save: its repetition is seen, itself is still under way.
  const faulty = createFaultyStore(scene.store, 2, 'answer lost, arrives after the run', fail);
  const stored: unknown[] = [];
  const task: Task<{ next: number }> = {
    job: DAILY,
    readCheckpoint: () => undefined,
    async work({ save }) {
      await save({ next: 1 });
      await save({ next: 2 });
      await faulty.deliver();
      stored.push(scene.row()?.['checkpoint']);
      return { summary: null };
    },
  };
  await scene.fire(task, {}, faulty.store);
  expect(stored).toEqual(['{"next":2}']);
});
