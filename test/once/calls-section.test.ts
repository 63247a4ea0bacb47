import { describe, expect, it } from 'vitest';
import { createDeadline, DurableError } from '../../src/core/index.ts';
import { nodeRandom } from '../../src/core/node/index.ts';
import { createCheck } from '../../src/integrity/index.ts';
import { createCallsSection, type Payment } from '../../src/once/index.ts';
import { createMemoryBlobs, createMemoryStore, type MemoryStore } from '../../src/store/memory/index.ts';
import { createCostlyCalls, DAY_MS, HOUR_MS, LEASE_MS, type CostlyCalls } from '../support/costly-calls.ts';
import { createFlakyStore } from '../support/flaky-store.ts';
import { memoryLog } from '../support/ports.ts';

const FAILED: Payment = { status: 'failed', error: new DurableError('PROVIDER_FAILED', 'planned') };
const UNSEEN: Payment = { status: 'unknown', error: new DurableError('PROVIDER_UNCERTAIN', 'planned') };
const KIND = { records: 'works', accounts: 'users' };

interface Scene {
  readonly calls: CostlyCalls;
  readonly memory: MemoryStore;
}

/** Calls as they really end: completed, failed, unknown, and one that is running. */
async function createScene(): Promise<Scene> {
  const memory = createMemoryStore(['users', 'works', 'emergency_backup']);
  const calls = createCostlyCalls({ store: memory, blobs: createMemoryBlobs() });
  await calls.open('u1');
  await calls.call('u1', 'w_done');
  await calls.call('u1', 'w_failed', { pay: async () => FAILED });
  await calls.call('u1', 'w_unknown', { pay: async () => UNSEEN });
  void calls.call('u1', 'w_running', { pay: () => new Promise(() => undefined) });
  await new Promise((resolve) => setImmediate(resolve));
  return { calls, memory };
}

async function look({ calls: { clock }, memory: store }: Scene) {
  const ports = { clock, store, random: nodeRandom, log: memoryLog() };
  const check = createCheck({ ...ports, sections: [createCallsSection(ports, KIND)] });
  const { state, finished } = await check.advance(undefined, createDeadline(clock, clock.now() + 60_000));
  expect(finished).toBe(true);
  const [section] = check.report(state).sections;
  const found = Object.fromEntries((section?.findings ?? []).map(({ kind, ids }) => [kind, ids]));
  return { ...section, found };
}

describe('a check of calls of any kind', () => {
  it('finds nothing wrong with calls that ended as they may, or are running', async () => {
    expect(await look(await createScene())).toMatchObject({
      status: 'ok',
      figures: {
        total: 3,
        byStatus: { completed: 1, failed: 1, unknown: 1 },
        accounts: { total: 1, open: 2, stale: 0 },
        collections: KIND,
      },
      found: { 'unknown-waiting': ['w_unknown'] },
    });
  });

  it('finds calls that were interrupted as soon as their lease is over, and is not well', async () => {
    const scene = await createScene();
    scene.calls.forward(LEASE_MS / 2);
    expect((await look(scene)).found).not.toHaveProperty('hold-expired');
    scene.calls.forward(LEASE_MS / 2);
    expect(await look(scene)).toMatchObject({
      status: 'problems',
      figures: { accounts: { open: 2, stale: 0 } },
      found: { 'hold-expired': ['w_unknown', 'w_running'] },
    });
  });

  it('finds calls that nobody closes an hour after their lease, and what is unknown for more than a day', async () => {
    const scene = await createScene();
    scene.calls.forward(LEASE_MS + HOUR_MS);
    expect(await look(scene)).toMatchObject({
      status: 'problems',
      found: { 'hold-stale': ['w_unknown', 'w_running'] },
    });
    scene.calls.forward(DAY_MS);
    expect((await look(scene)).found).toMatchObject({ 'unknown-overdue': ['w_unknown'] });
    await scene.calls.recover();
    expect(await look(scene)).toMatchObject({ status: 'ok', found: {} });
  });

  const set =
    (id: string, change: Readonly<Record<string, string | number | Date>>, collection = 'works') =>
    async ({ memory }: Scene): Promise<void> => {
      expect(await memory.update(collection, { id }, { set: change })).toBe(1);
    };

  const UNKNOWN = { 'unknown-waiting': ['w_unknown'] };

  it.each<[string, (scene: Scene) => Promise<unknown>, Readonly<Record<string, readonly string[]>>]>([
    ['a status that is none', set('w_done', { status: 'paid' }), { 'status-strange': ['w_done'] }],
    ['a final record without its moment', set('w_done', { finishedAt: 'now' }), { 'call-malformed': ['w_done'] }],
    ['a failure without a reason', set('w_failed', { errorCode: '' }), { 'call-malformed': ['w_failed'] }],
    ['an attempt that is no number', set('w_done', { attempt: 'one' }), { 'call-malformed': ['w_done'] }],
    ['a token that is gone', set('w_done', { token: '' }), { 'call-malformed': ['w_done'] }],
    ['nobody', set('w_done', { userId: '' }), { 'user-missing': ['w_done'] }],
    ['an account that does not exist', set('w_done', { userId: 'u9' }), { 'user-unknown': ['w_done'] }],
    [
      'a moment to come',
      set('w_done', { createdAt: new Date(Date.now() + HOUR_MS) }),
      { 'created-in-future': ['w_done'] },
    ],
    ['fewer open calls than there are', set('u1', { 'quota.open': 0 }, 'users'), { 'open-count-wrong': ['u1'] }],
    ['more open calls than there are', set('u1', { 'quota.open': 3 }, 'users'), { 'open-count-wrong': ['u1'] }],
    [
      'a closed call without its record',
      ({ memory }) => memory.remove('works', { id: 'w_done' }),
      { 'record-missing': ['w_done'] },
    ],
    [
      'what others wrote',
      ({ memory }) => memory.insert('works', { _id: 'older', status: 'paid' }),
      { 'record-of-others': ['older'] },
    ],
  ])('finds %s', async (_what, plant, expected) => {
    const scene = await createScene();
    await plant(scene);
    const { found } = await look(scene);
    expect(found).toEqual({ ...UNKNOWN, ...expected });
  });

  it('takes a closed call whose record is a letter for one that has it', async () => {
    const scene = await createScene();
    await scene.memory.remove('works', { id: 'w_done' });
    await scene.memory.insert('emergency_backup', { _id: 'w_done_1', state: 'waiting' });
    expect((await look(scene)).found).toEqual(UNKNOWN);
  });

  it('leaves the holds of other kinds to their own check', async () => {
    const scene = await createScene();
    await set('u1', { 'quota.holds.w_done.records': 'orders' }, 'users')(scene);
    await scene.memory.remove('works', { id: 'w_done' });
    expect((await look(scene)).found).toEqual(UNKNOWN);
  });

  it('is unknown where it cannot read', async () => {
    const scene = await createScene();
    const { clock } = scene.calls;
    for (const read of ['page works', 'page users', 'page emergency_backup']) {
      await scene.memory.remove('works', { id: 'w_done' });
      const store = createFlakyStore(scene.memory, { clock, fates: { [read]: { always: 'STORE_DENIED' } } });
      expect(await look({ ...scene, memory: { ...scene.memory, ...store } })).toMatchObject({
        status: 'unknown',
        error: { code: 'STORE_DENIED' },
      });
    }
  });

  it('costs two requests for a page of a thousand records, two for one of accounts, and holds nothing that grows', async () => {
    const sizes: number[] = [];
    for (const count of [100, 1_000]) {
      const scene = await createScene();
      const [template] = scene.memory.dump('works');
      for (let n = 0; n < count; n += 1) await scene.memory.insert('works', { ...template, _id: `w_many_${n}` });
      const store = createFlakyStore(scene.memory, { clock: scene.calls.clock });
      const ports = { clock: scene.calls.clock, store, random: nodeRandom, log: memoryLog() };
      const section = createCallsSection(ports, KIND);
      const deadline = createDeadline(ports.clock, ports.clock.now() + 60_000);
      let { state, finished } = { state: section.begin(), finished: false };
      while (!finished) ({ state, finished } = await section.advance(state, deadline));
      sizes.push(JSON.stringify(state).length);
      if (count === 1_000) {
        expect(store.names()).toEqual([
          ...['page works', 'page users', 'page works', 'page users'],
          ...['page users', 'page works'],
        ]);
      }
    }
    expect((sizes[1] ?? Infinity) / (sizes[0] ?? 1)).toBeLessThan(1.05);
  });
});
