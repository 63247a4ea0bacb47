import { describe, expect, test } from 'vitest';
import type { Document, Store } from '../../src/store/index.ts';
import { createFixUserConsistency, createGenerateImage } from '../../src/service/index.ts';
import { person, TIMER, userIdOf } from '../support/local-cloud.ts';
import { createMemoryCloud, type MemoryCloud } from '../support/memory-cloud.ts';

const OPENID = 'oInterleaved';

type Actor = 'call' | 'repair';

interface Statement {
  readonly actor: Actor;
  readonly run: () => Promise<void>;
}

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
    const { insert, get, update, remove, count, group, page, createCollection } = store;
    return {
      insert: held(insert),
      get: held(get),
      update: held(update),
      remove: held(remove),
      count: held(count),
      group: held(group),
      page: held(page),
      createCollection: held(createCollection),
    };
  };
  const step = async (): Promise<boolean> => {
    const offered = new Set(waiting.map(({ actor }) => actor));
    const [only] = offered;
    if (only === undefined) return false;
    if (offered.size === 2) forks.push(taken.length);
    const actor = offered.size === 2 ? (choices[taken.length] ?? 'call') : only;
    taken.push(actor);
    const [statement] = waiting.splice(waiting.findIndex((one) => one.actor === actor), 1);
    await statement?.run();
    return true;
  };
  return { through, step, taken, forks };
}

/** Repairs by the counter alone, as one would at first: what the real repair must be better than. */
async function repairNaively(store: Store): Promise<void> {
  const user = await store.get('users', userIdOf(OPENID));
  const completed = await store.count('works', { userId: userIdOf(OPENID), status: 'completed' });
  const { generateCount } = user as Document & { generateCount: number };
  if (generateCount === completed) return;
  const target = { id: userIdOf(OPENID), where: { generateCount } };
  await store.update('users', target, { set: { generateCount: completed } });
}

interface Plan {
  readonly prompt: string;
  readonly counter: number;
  readonly isNaive: boolean;
}

/** One run under one order; answers how it ended, the order, and where it could have gone another way. */
async function play(plan: Plan, choices: readonly Actor[]) {
  const memory = createMemoryCloud();
  await memory.add('users', person(OPENID, { generateCount: plan.counter }));
  await memory.add('works', { _id: 'w_old', userId: userIdOf(OPENID), status: 'completed', createdAt: new Date(0) });
  const gate = createGate(choices);
  const running = [startCall(memory, gate, plan.prompt), startRepair(memory, gate, plan.isNaive)];
  let isOver = false;
  void Promise.all(running).then(() => {
    isOver = true;
  });
  while (!isOver) {
    await memory.clock.settle();
    if (!(await gate.step())) await memory.clock.settle();
  }
  const user = await memory.get('users', userIdOf(OPENID));
  const works = memory.store.dump('works').filter(({ status }) => status === 'completed').length;
  return { memory, gate, works, counter: user?.['generateCount'] };
}

type Gate = ReturnType<typeof createGate>;

function startCall(memory: MemoryCloud, gate: Gate, prompt: string): Promise<unknown> {
  const runtime = { ...memory.runtime(OPENID), store: gate.through('call', memory.store) };
  return createGenerateImage(runtime)({ action: 'generate', data: { prompt, requestId: 'r1' } }, memory.context);
}

function startRepair(memory: MemoryCloud, gate: Gate, isNaive: boolean): Promise<unknown> {
  const store = gate.through('repair', memory.store);
  if (isNaive) return repairNaively(store);
  return createFixUserConsistency({ ...memory.runtime(), store })(TIMER, memory.context);
}

/** Every order in which the statements of one call and one repair can follow one another. */
async function playAll(plan: Plan, check: (end: Awaited<ReturnType<typeof play>>) => Promise<void> | void): Promise<number> {
  const orders: Actor[][] = [[]];
  let played = 0;
  for (let choices = orders.pop(); choices !== undefined; choices = orders.pop()) {
    const end = await play(plan, choices);
    played += 1;
    await check(end);
    const { taken, forks } = end.gate;
    // Every later fork went to the call: the orders that go to the repair there are still to be played.
    for (const at of forks) if (at >= choices.length) orders.push([...taken.slice(0, at), 'repair']);
  }
  return played;
}

describe('a repair of the counter beside a call, in every order of their statements', () => {
  test.each([
    ['a picture is made', '猫'],
    ['the service refuses to make one', '[fail]'],
  ])('leaves a right counter right where %s', async (_what, prompt) => {
    const played = await playAll({ prompt, counter: 1, isNaive: false }, ({ counter, works }) => expect(counter).toBe(works));
    expect(played).toBeGreaterThan(50);
  });

  test('sets a wrong counter right, at the latest with the next repair', async () => {
    let atOnce = 0;
    const played = await playAll({ prompt: '猫', counter: 5, isNaive: false }, async ({ memory, counter, works }) => {
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
    await playAll({ prompt: '猫', counter: 1, isNaive: true }, ({ counter, works }) => {
      if (counter !== works) broken += 1;
    });
    expect(broken).toBeGreaterThan(0);
  });
});
