import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/jobs/index.ts';
import type { Store } from '../../src/store/index.ts';
import { createTestClock } from '../support/test-clock.ts';
import { createFaultyStore, createScene, createWalk, DAY_MS, MINUTE_MS, START_MS, type Scene } from './job-scene.ts';

type Runner = 'a' | 'b';
type Gate = ReturnType<typeof createGate>;

/** Holds the statements of two runners back, and lets them through one by one in the order of `choices`. */
function createGate(choices: readonly Runner[]) {
  const waiting: { readonly runner: Runner; readonly run: () => Promise<void> }[] = [];
  const taken: Runner[] = [];
  const forks: number[] = [];
  const through = (runner: Runner, store: Store): Store =>
    new Proxy(store, {
      get(target, name, receiver) {
        const method: unknown = Reflect.get(target, name, receiver);
        if (typeof method !== 'function') return method;
        return (...args: readonly unknown[]) =>
          new Promise((resolve, reject) => {
            const run = (): Promise<void> =>
              (Reflect.apply(method, target, args) as Promise<unknown>).then(resolve, reject);
            waiting.push({ runner, run });
          });
      },
    });
  const step = async (): Promise<void> => {
    const offered = new Set(waiting.map(({ runner }) => runner));
    const [only] = offered;
    if (only === undefined) return;
    if (offered.size === 2) forks.push(taken.length);
    const runner = offered.size === 2 ? (choices[taken.length] ?? 'a') : only;
    taken.push(runner);
    const at = waiting.findIndex((one) => one.runner === runner);
    await waiting.splice(at, 1)[0]?.run();
  };
  return { through, step, taken, forks };
}

interface End {
  readonly scene: Scene;
  readonly gate: Gate;
  readonly visits: readonly number[];
  readonly outcomes: readonly Outcome[];
}

async function play(prepare: (scene: Scene) => Promise<void>, choices: readonly Runner[]): Promise<End> {
  const scene = createScene();
  await prepare(scene);
  const { task, visits } = createWalk({ pages: 3 });
  const gate = createGate(choices);
  let isOver = false;
  const runs = Promise.all([
    scene.start(task, {}, { through: gate.through('a', scene.store) }),
    scene.start(task, {}, { through: gate.through('b', scene.store) }),
  ]);
  void runs.finally(() => {
    isOver = true;
  });
  for (await scene.clock.settle(); !isOver; await scene.clock.settle()) await gate.step();
  return { scene, gate, visits, outcomes: await runs };
}

/** Every order in which the statements of the two can follow one another. */
async function playAll(prepare: (scene: Scene) => Promise<void>, check: (end: End) => void): Promise<number> {
  const orders: Runner[][] = [[]];
  let played = 0;
  for (let choices = orders.pop(); choices !== undefined; choices = orders.pop()) {
    const end = await play(prepare, choices);
    played += 1;
    check(end);
    const { taken, forks } = end.gate;
    for (const at of forks) if (at >= choices.length) orders.push([...taken.slice(0, at), 'b']);
  }
  return played;
}

describe('two instances that fire at the same moment', () => {
  test.each([
    ['where the job never ran', async () => undefined, 1],
    [
      'where it is due again',
      async (scene: Scene) => {
        await scene.fire(createWalk({ pages: 1 }).task);
        await scene.clock.advance(DAY_MS);
      },
      2,
    ],
    [
      'where a killed run left its lease',
      async (scene: Scene) => {
        await scene.fire(createWalk({ pages: 2, perRun: 1 }).task);
        const lease = { token: 'dead', untilAt: new Date(0), saves: 0 };
        await scene.change({ lease, checkpoint: null, checkpointVersion: null } as never);
      },
      2,
    ],
  ])('run the job once, in every order of their statements: %s', async (_where, prepare, runs) => {
    const refusals = new Set<string>();
    const played = await playAll(prepare, ({ outcomes, visits, scene }) => {
      expect(outcomes.filter(({ ran }) => ran)).toEqual([
        expect.objectContaining({ finished: true, kept: true, summary: { visited: 3 } }),
      ]);
      for (const outcome of outcomes) if (!outcome.ran) refusals.add(outcome.why);
      expect(visits).toEqual([0, 1, 2]);
      expect(scene.row()).toMatchObject({ lease: null, checkpoint: null, runs });
    });
    expect(played).toBeGreaterThan(10);
    expect([...refusals].sort()).toEqual(['leased', 'not-due']);
  });
});

describe('an instance that is frozen past its lease, at whichever of its statements', () => {
  /** Holds the statements of the frozen one from its `at`-th on until it is thawed. */
  async function freeze(at: number) {
    const scene = createScene();
    const frozen = createWalk({ pages: 5, perRun: 4 });
    let met = 0;
    let thaw: () => void = () => undefined;
    const thawed = new Promise<void>((resolve) => {
      thaw = resolve;
    });
    const cold = new Proxy(scene.store, {
      get(target, name, receiver) {
        const method: unknown = Reflect.get(target, name, receiver);
        return async (...args: readonly unknown[]): Promise<unknown> => {
          met += 1;
          if (met > at) await thawed;
          return Reflect.apply(method as () => unknown, target, args);
        };
      },
    });
    // Its own clock stands still meanwhile: it believes that it has all the time of its lease.
    const clock = createTestClock(START_MS);
    const running = scene.start(frozen.task, {}, { through: cold, clock });
    await scene.clock.settle();
    return { scene, frozen, running, thaw, isOver: met <= at };
  }

  test('changes nothing of its successor’s checkpoint, neither while it runs nor after', async () => {
    let takenOver = 0;
    let at = 1;
    for (; ; at += 1) {
      const { scene, running, thaw, isOver } = await freeze(at);
      if (isOver) break;
      await scene.clock.advance(5 * MINUTE_MS);
      const successor = createWalk({ pages: 20, perRun: 7 });
      expect(await scene.fire(successor.task)).toMatchObject({ ran: true, finished: false, kept: true });
      const before = scene.row();
      thaw();
      const outcome = await scene.clock.until(running);
      if (outcome.ran) takenOver += 1;
      expect(outcome).toMatchObject(outcome.ran ? { kept: false } : { why: 'leased' });
      expect(scene.row()).toEqual(before);
    }
    expect(at).toBeGreaterThan(5);
    expect(takenOver).toBeGreaterThan(2);
  });

  test('changes nothing of a successor that is still at work', async () => {
    for (let at = 1; ; at += 1) {
      const { scene, running, thaw, isOver } = await freeze(at);
      if (isOver) break;
      await scene.clock.advance(5 * MINUTE_MS);
      // The successor got as far as its lease.
      const fail = (): Error => new Error('never thrown');
      const statement = scene.row()?.['checkpoint'] ? 3 : 2;
      const { store, killed } = createFaultyStore(scene.store, statement, 'killed before', fail);
      void scene.start(createWalk({ pages: 20 }).task, {}, { through: store });
      await scene.clock.until(killed);
      const before = scene.row();
      expect(before).toMatchObject({ lease: { saves: 0 } });
      thaw();
      await scene.clock.until(running);
      expect(scene.row()).toEqual(before);
    }
  });

  test('and comes to its end in the very moment of a takeover leaves nothing to take over', async () => {
    // It has only its end to tell when it is frozen.
    const { scene, running, thaw } = await freeze(5);
    await scene.clock.advance(5 * MINUTE_MS);
    const slow = new Proxy(scene.store, {
      get(target, name, receiver) {
        const method: unknown = Reflect.get(target, name, receiver);
        return async (...args: readonly unknown[]): Promise<unknown> => {
          if (name === 'update') {
            thaw();
            await running;
          }
          return Reflect.apply(method as () => unknown, target, args);
        };
      },
    });
    const successor = createWalk({ pages: 20 });
    expect(await scene.fire(successor.task, {}, slow)).toEqual({ ran: false, why: 'leased' });
    expect(await running).toMatchObject({ ran: true, kept: true });
    expect(successor.visits).toEqual([]);
  });
});
