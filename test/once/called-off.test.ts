import { describe, expect, it } from 'vitest';
import { DurableError } from '../../src/core/index.ts';
import { createMemoryBlobs, createMemoryStore } from '../../src/store/memory/index.ts';
import type { Change, Store } from '../../src/store/index.ts';
import { createCostlyCalls, DAY_MS, HOUR_MS, LEASE_MS } from '../support/costly-calls.ts';

const isOpening = ({ inc = {} }: Change): boolean => inc['quota.open'] === 1;
const isTakingBack = ({ inc = {} }: Change): boolean => inc['quota.open'] === -1;

interface Lost {
  /** Whether the opening took effect before its answer was lost. */
  readonly arrives: boolean;
  /** Before the caller takes back what it opened. */
  meanwhile?(): Promise<unknown>;
}

/** A store whose openings are never answered, and in which nobody can look afterwards what became of them. */
function withLostOpenings(memory: Store, { arrives, meanwhile = async () => undefined }: Lost): Store {
  let isSent = false;
  const down = () => Promise.reject(new DurableError('STORE_UNCERTAIN', 'planned'));
  return {
    ...memory,
    get: (name, ...rest) => (isSent && name === 'users' ? down() : memory.get(name, ...rest)),
    async update(name, target, change, call) {
      if (isTakingBack(change)) await meanwhile();
      if (!isOpening(change)) return memory.update(name, target, change, call);
      isSent = true;
      if (arrives) await memory.update(name, target, change, call);
      return down();
    },
  };
}

/** A store in which nobody can reach the records. */
function withoutWorks(memory: Store): Store {
  const down = () => Promise.reject(new DurableError('STORE_UNAVAILABLE', 'planned'));
  const unless =
    <Rest extends readonly unknown[], T>(run: (name: string, ...rest: Rest) => Promise<T>) =>
    (name: string, ...rest: Rest): Promise<T> =>
      name === 'works' ? down() : run(name, ...rest);
  return { ...memory, get: unless(memory.get), page: unless(memory.page), insert: unless(memory.insert) };
}

/** A call whose opening was lost, and the same request once more while `works` is down. */
function createScene() {
  const memory = createMemoryStore(['users', 'works', 'emergency_backup']);
  const blobs = createMemoryBlobs();
  const timers = createCostlyCalls({ store: memory, blobs });
  const over = (store: Store) => createCostlyCalls({ store, blobs });
  return {
    timers,
    async loseOpening(lost: Lost): Promise<void> {
      await timers.open('u1');
      const first = over(withLostOpenings(memory, lost));
      await expect(first.call('u1', 'w_1')).rejects.toMatchObject({ code: 'STORE_UNCERTAIN' });
      expect(first.paid()).toBe(0);
      expect((await timers.user('u1')).quota.holds['w_1']).toMatchObject({ st: 'void' });
    },
    async callWhileWorksIsDown() {
      const again = over(withoutWorks(memory));
      again.forward(4 * DAY_MS);
      const answer = await again.call('u1', 'w_1').catch((error: unknown) => error);
      return { answer, paid: again.paid() };
    },
  };
}

/** Recovery finds the opening after its lease and records the call, while its own caller is frozen. */
async function calledOffBesideRecovery() {
  const scene = createScene();
  const { timers } = scene;
  await scene.loseOpening({
    arrives: true,
    async meanwhile() {
      timers.forward(LEASE_MS);
      await timers.recover();
      expect(await timers.work('w_1')).toMatchObject({ status: 'unknown' });
    },
  });
  await timers.recover();
  expect(await timers.work('w_1')).toMatchObject({ status: 'failed' });
  return scene;
}

const REFUSED = { answer: expect.objectContaining({ code: 'STORE_UNAVAILABLE' }) as unknown, paid: 0 };

// Found by every placement of three faults: it was opened anew, paid, and told from a letter that can never come home.
describe('a call that was opened, called off, and recorded by recovery in between', () => {
  it('is not paid for while nobody can see that record', async () => {
    const { callWhileWorksIsDown } = await calledOffBesideRecovery();
    expect(await callWhileWorksIsDown()).toEqual(REFUSED);
  });

  it('is not paid for either when its hold was pruned since', async () => {
    const { timers, callWhileWorksIsDown } = await calledOffBesideRecovery();
    timers.forward(2 * HOUR_MS);
    await timers.prune();
    expect((await timers.user('u1')).quota.holds).toEqual({});
    expect(await callWhileWorksIsDown()).toEqual(REFUSED);
  });

  it('is served where its opening never arrived: nobody can have recorded that', async () => {
    const { loseOpening, callWhileWorksIsDown } = createScene();
    await loseOpening({ arrives: false });
    const { answer, paid } = await callWhileWorksIsDown();
    expect(paid).toBe(1);
    expect(answer).toMatchObject({ savedIn: 'emergency_backup' });
  });
});
