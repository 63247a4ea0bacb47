import { describe, expect, test } from 'vitest';
import { createDeadline } from '../../src/core/index.ts';
import { createGenerationRecovery } from '../../src/generation/index.ts';
import { repairUserCounts } from '../../src/integrity/index.ts';
import { createGenerateImage, openTools } from '../../src/service/index.ts';
import type { Document, Store } from '../../src/store/index.ts';
import { composeLetterFor } from '../support/letters.ts';
import { person, userIdOf, workIdOf } from '../support/local-cloud.ts';
import { createMemoryCloud, type MemoryCloud } from '../support/memory-cloud.ts';

const OPENID = 'oInterleaved';
const WORK_ID = workIdOf(OPENID, 'r1');

type Actor = 'other' | 'repair';

interface Statement {
  readonly actor: Actor;
  readonly run: () => Promise<void>;
}

type Gate = ReturnType<typeof createGate>;

/** Holds the statements of two functions back and lets them through one by one, in the order of `choices`. */
function createGate(choices: readonly Actor[]) {
  const waiting: Statement[] = [];
  const taken: Actor[] = [];
  // Where both had a statement waiting: elsewhere there was nothing to choose.
  const forks: number[] = [];
  const through = (actor: Actor, store: Store): Store => {
    const held =
      <A extends unknown[], T>(effect: (...args: A) => Promise<T>) =>
      (...args: A): Promise<T> =>
        new Promise((resolve, reject) => {
          waiting.push({ actor, run: () => effect(...args).then(resolve, reject) });
        });
    const { insert, get, update, updateMany, remove, count, group, twins, page, createCollection } = store;
    return {
      insert: held(insert),
      get: held(get),
      update: held(update),
      remove: held(remove),
      count: held(count),
      group: held(group),
      twins: held(twins),
      page: held(page),
      updateMany: held(updateMany),
      createCollection: held(createCollection),
    };
  };
  const step = async (): Promise<void> => {
    const offered = new Set(waiting.map(({ actor }) => actor));
    const [only] = offered;
    if (only === undefined) return;
    if (offered.size === 2) forks.push(taken.length);
    const actor = offered.size === 2 ? (choices[taken.length] ?? 'other') : only;
    taken.push(actor);
    const at = waiting.findIndex((one) => one.actor === actor);
    await waiting.splice(at, 1)[0]?.run();
  };
  return { through, step, taken, forks };
}

/** What goes on beside the repair: how it begins, and what it does. */
interface Scene {
  readonly prepare: (memory: MemoryCloud) => Promise<void>;
  readonly start: (memory: MemoryCloud, store: Store) => Promise<unknown>;
}

const OLD = { _id: 'w_old', userId: userIdOf(OPENID), status: 'completed', createdAt: new Date(0) };

/** Somebody with one picture, whose counter says `counter`, asks for another. */
const calling = (prompt: string, counter: number): Scene => ({
  async prepare(memory) {
    await memory.add('users', person(OPENID, { generateCount: counter }));
    await memory.add('works', OLD);
  },
  start: (memory, store) =>
    createGenerateImage({ ...memory.runtime(OPENID), store })(
      { action: 'generate', data: { prompt, requestId: 'r1' } },
      memory.context,
    ),
});

const RECORD = { _id: WORK_ID, userId: userIdOf(OPENID), status: 'completed', token: 't1', createdAt: new Date(1) };
const HOLD = { price: 1, day: '20261122', token: 't1', attempt: 1, until: 0, hash: '', at: 1 };

/** A picture waits in the backup; its call was closed and counted, or was not; recovery brings it home. */
const recovering = (st: 'open' | 'done'): Scene => ({
  async prepare(memory) {
    const quota = {
      open: st === 'open' ? 1 : 0,
      seq: 2,
      used: { d20261122: 1 },
      holds: { [WORK_ID]: { ...HOLD, st } },
    };
    await memory.add('users', person(OPENID, { generateCount: st === 'open' ? 1 : 2, quota }));
    await memory.add('works', OLD);
    await memory.add('emergency_backup', composeLetterFor(RECORD));
  },
  start(memory, store) {
    const runtime = { ...memory.runtime(), store };
    return createGenerationRecovery({ ...runtime, ...openTools(runtime) }).recover({ deadline: minuteOf(memory) });
  },
});

const minuteOf = ({ clock }: MemoryCloud) => createDeadline(clock, clock.now() + 60_000);

type Repair = (memory: MemoryCloud, store: Store) => Promise<unknown>;

const repair: Repair = (memory, store) =>
  repairUserCounts({ ...memory.runtime(), store }, { deadline: minuteOf(memory) });

/** Looks at the counter alone, as one would at first: what the real repair must be better than. */
const repairNaively: Repair = async (_memory, store) => {
  const user = await store.get('users', userIdOf(OPENID));
  const completed = await store.count('works', { userId: userIdOf(OPENID), status: 'completed' });
  const { generateCount } = user as Document & { generateCount: number };
  if (generateCount === completed) return;
  const target = { id: userIdOf(OPENID), where: { generateCount } };
  await store.update('users', target, { set: { generateCount: completed } });
};

interface End {
  readonly memory: MemoryCloud;
  readonly counter: unknown;
  readonly works: number;
}

/** One run in one order; answers how it ended and where it could have gone another way. */
async function play(scene: Scene, repairing: Repair, choices: readonly Actor[]): Promise<End & { gate: Gate }> {
  const memory = createMemoryCloud();
  await scene.prepare(memory);
  const gate = createGate(choices);
  let isOver = false;
  const others = [
    scene.start(memory, gate.through('other', memory.store)),
    repairing(memory, gate.through('repair', memory.store)),
  ];
  void Promise.all(others).finally(() => {
    isOver = true;
  });
  for (await memory.clock.settle(); !isOver; await memory.clock.settle()) await gate.step();
  await Promise.all(others);
  const user = await memory.get('users', userIdOf(OPENID));
  const works = memory.store.dump('works').filter(({ status }) => status === 'completed').length;
  return { memory, gate, works, counter: user?.['generateCount'] };
}

/** Every order in which the statements of the two can follow one another; answers how many there are. */
async function playAll(scene: Scene, repairing: Repair, check: (end: End) => Promise<void> | void): Promise<number> {
  const orders: Actor[][] = [[]];
  let played = 0;
  for (let choices = orders.pop(); choices !== undefined; choices = orders.pop()) {
    const end = await play(scene, repairing, choices);
    played += 1;
    await check(end);
    const { taken, forks } = end.gate;
    // At every later fork the other one went first: the orders where the repair does are still to be played.
    for (const at of forks) if (at >= choices.length) orders.push([...taken.slice(0, at), 'repair']);
  }
  return played;
}

describe('a repair of the counter, in every order of its statements and those of another function', () => {
  test.each([
    ['a call whose picture is made', calling('猫', 1), 50],
    ['a call whose picture is refused', calling('[fail]', 1), 50],
    ['a recovery that brings home what was counted', recovering('done'), 150],
    ['a recovery that brings home and counts', recovering('open'), 300],
  ])('leaves a right counter right beside %s', async (_what, scene, atLeast) => {
    const played = await playAll(scene, repair, ({ counter, works }) => expect(counter).toBe(works));
    expect(played).toBeGreaterThan(atLeast);
  });

  test('sets a wrong counter right beside a call, at the latest when it runs again', async () => {
    let atOnce = 0;
    const played = await playAll(calling('猫', 5), repair, async ({ memory, counter, works }) => {
      if (counter === works) atOnce += 1;
      else expect(counter).toBe(works + 4);
      await memory.repair();
      expect(await memory.get('users', userIdOf(OPENID))).toMatchObject({ generateCount: works });
    });
    expect(atOnce).toBeGreaterThan(0);
    expect(atOnce).toBeLessThan(played);
  });

  test('would break a right counter in some order if it looked at the counter alone', async () => {
    let broken = 0;
    await playAll(calling('猫', 1), repairNaively, ({ counter, works }) => {
      if (counter !== works) broken += 1;
    });
    expect(broken).toBeGreaterThan(0);
  });
});
