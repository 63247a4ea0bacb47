import { describe, expect, it } from 'vitest';
import { DurableError } from '../../src/core/index.ts';
import type { Payment } from '../../src/once/index.ts';
import { createMemoryBlobs, createMemoryStore } from '../../src/store/memory/index.ts';
import { is, type Document, type Store } from '../../src/store/index.ts';
import { createCostlyCalls, DAY_MS, LEASE_MS } from '../support/costly-calls.ts';
import { composeOlderLetter, olderIdOf } from '../support/letters.ts';

const UNSEEN: Payment = { status: 'unknown', error: new DurableError('PROVIDER_UNCERTAIN', 'planned') };

/** Costly calls over a store in memory; `around` stands between both. */
async function createScene(around: (store: Store) => Partial<Store> = () => ({})) {
  const memory = createMemoryStore(['users', 'works', 'emergency_backup']);
  const blobs = createMemoryBlobs();
  const calls = createCostlyCalls({ store: { ...memory, ...around(memory) }, blobs });
  const letters = () => memory.dump('emergency_backup').map(({ _id, state }) => `${_id} ${String(state)}`);
  return { memory, calls, blobs, letters, beside: createCostlyCalls({ store: memory, blobs }) };
}

describe('an account whose call stays unknown', () => {
  it('is left for later and not said to be done, until the day after its lease ends it', async () => {
    const { calls } = await createScene();
    await calls.open('u1');
    await calls.call('u1', 'w_1', { pay: async () => UNSEEN });
    calls.forward(LEASE_MS);
    for (const pass of [1, 2]) {
      expect({ pass, ...(await calls.recover()).phases.holds }).toEqual({ pass, done: 0, skipped: 1, failed: [] });
    }
    expect(await calls.work('w_1')).toMatchObject({ status: 'unknown' });
    calls.forward(DAY_MS);
    expect((await calls.recover()).phases.holds).toEqual({ done: 1, skipped: 0, failed: [] });
    expect(await calls.work('w_1')).toMatchObject({ status: 'failed', errorCode: 'ONCE_UNKNOWN' });
    expect(await calls.user('u1')).toMatchObject({ credits: 5, generateCount: 0, quota: { open: 0 } });
  });

  it('is done where another of its calls came to an end', async () => {
    const { calls, memory } = await createScene();
    await calls.open('u1');
    await calls.call('u1', 'w_1', { pay: async () => UNSEEN });
    await calls.call('u1', 'w_2', { pay: async () => UNSEEN });
    await memory.update('works', { id: 'w_2' }, { set: { status: 'completed' } });
    calls.forward(LEASE_MS);
    expect((await calls.recover()).phases.holds).toEqual({ done: 1, skipped: 0, failed: [] });
    expect(await calls.user('u1')).toMatchObject({ generateCount: 1, quota: { open: 1 } });
  });
});

describe('a call that cannot be finished now', () => {
  it('is named by the id of its record, by which somebody can look at it, and stops no other of its account', async () => {
    const { calls, beside } = await createScene((memory) => ({
      insert: (name, document, call) =>
        document._id === 'w_1'
          ? Promise.reject(new DurableError('STORE_DENIED', 'planned'))
          : memory.insert(name, document, call),
    }));
    await beside.open('u1');
    for (const id of ['w_1', 'w_2']) {
      // Killed while it pays: only the hold tells.
      void beside.call('u1', id, { pay: () => new Promise(() => undefined) });
    }
    await new Promise((resolve) => setImmediate(resolve));
    calls.forward(LEASE_MS + DAY_MS);
    expect((await calls.recover()).phases.holds).toEqual({
      ...{ done: 0, skipped: 0, failed: [{ id: 'w_1', code: 'STORE_DENIED' }] },
    });
    expect(await calls.work('w_2')).toMatchObject({ status: 'failed' });
  });
});

describe('an explicit retry beside a recovery that read the account before it', () => {
  it('keeps its record: what was seen of the attempt before ends nothing of it', async () => {
    let retry: (() => Promise<unknown>) | undefined;
    const { calls, beside, memory } = await createScene((store) => ({
      async insert(name, document, call) {
        const first = retry;
        retry = undefined;
        await first?.();
        return store.insert(name, document, call);
      },
    }));
    await beside.open('u1');
    void beside.call('u1', 'w_1', { pay: () => new Promise(() => undefined) });
    await new Promise((resolve) => setImmediate(resolve));
    for (const each of [calls, beside]) each.forward(LEASE_MS + DAY_MS - 60_000);
    // Between reading the hold and writing its end, somebody else fences the call, and the person pays again.
    retry = async () => {
      await beside.recover();
      void beside.call('u1', 'w_1', { retryUnknown: true, pay: () => new Promise(() => undefined) });
      await new Promise((resolve) => setImmediate(resolve));
    };
    calls.forward(120_000);
    expect((await calls.recover()).phases.holds).toEqual({ done: 0, skipped: 1, failed: [] });
    expect(await calls.work('w_1')).toMatchObject({ status: 'unknown', attempt: 2 });
    expect(memory.dump('users')[0]).toMatchObject({ credits: 4, quota: { open: 1 } });
  });
});

describe('an explicit retry of an unknown result', () => {
  const again = () => ({ take: { 'quota.tries.d1': 1 }, eligible: { 'quota.tries.d1': is.absentOr(is.below(1)) } });
  const tried = { pay: async () => UNSEEN, retryUnknown: true, again };

  it('takes what a further attempt takes, and is refused unpaid where the account may not have one', async () => {
    const { calls } = await createScene();
    await calls.open('u1');
    for (const paid of [1, 2]) {
      expect(await calls.call('u1', 'w_1', tried)).toMatchObject({ outcome: 'unknown' });
      expect(calls.paid()).toBe(paid);
      calls.forward(LEASE_MS);
    }
    expect((await calls.user('u1')).quota.tries).toEqual({ d1: 1 });
    const before = (await calls.user('u1')).quota;
    await expect(calls.call('u1', 'w_1', tried)).rejects.toThrow('refused');
    expect(calls.paid()).toBe(2);
    expect((await calls.user('u1')).quota).toEqual(before);
  });

  it('takes it once where the answer to that is lost', async () => {
    let isLost = false;
    const { calls } = await createScene((memory) => ({
      async update(...request) {
        const changed = await memory.update(...request);
        const loses = isLost && request[0] === 'users';
        isLost = isLost && !loses;
        if (loses) throw new DurableError('STORE_UNCERTAIN', 'planned');
        return changed;
      },
    }));
    await calls.open('u1');
    await calls.call('u1', 'w_1', tried);
    calls.forward(LEASE_MS);
    isLost = true;
    expect(await calls.call('u1', 'w_1', tried)).toMatchObject({ outcome: 'unknown' });
    expect({ isLost, paid: calls.paid() }).toEqual({ isLost: false, paid: 2 });
    expect((await calls.user('u1')).quota.tries).toEqual({ d1: 1 });
  });
});

describe('older letters', () => {
  const record = { _id: 'work_1', userId: 'u1', prompt: '小狗', status: 'completed', createdAt: new Date(9) };
  const id = olderIdOf(record);

  it('of one picture leave one record, also where they lie side by side under ids of their own', async () => {
    const { calls, memory, letters } = await createScene();
    const ids = Array.from({ length: 20 }, (_, n) => `older_${String(n).padStart(2, '0')}`);
    for (const [n, letterId] of ids.entries()) {
      await memory.insert('emergency_backup', composeOlderLetter(letterId, { ...record, _id: `work_${n}` }));
    }
    expect((await calls.recover()).phases.letters).toMatchObject({ done: 20, failed: [] });
    expect(memory.dump('works').map(({ _id, id: own }) => [_id, own])).toEqual([[id, 'work_0']]);
    expect(letters()).toEqual(ids.map((letterId, n) => `${letterId} ${n === 0 ? 'redriven' : 'superseded'}`));
  });

  it('leave one record also where two recoveries run at once', async () => {
    const { calls, memory, beside } = await createScene();
    for (const n of [1, 2]) {
      await memory.insert('emergency_backup', composeOlderLetter(`older_${n}`, { ...record, _id: `work_${n}` }));
    }
    await Promise.all([calls.recover(), beside.recover()]);
    expect(memory.dump('works').map(({ _id }) => _id)).toEqual([id]);
  });

  it('whose own copy a killed run stored are brought home, not superseded by themselves', async () => {
    const { calls, memory, letters } = await createScene();
    const letter = composeOlderLetter('older_1', record);
    await memory.insert('emergency_backup', letter);
    const killed = createCostlyCalls({
      store: { ...memory, updateMany: () => new Promise<number>(() => undefined) },
      blobs: createMemoryBlobs(),
    });
    void killed.recover();
    for (let turn = 0; turn < 50 && memory.dump('works').length === 0; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(letters()).toEqual(['older_1 undefined']);
    expect((await calls.recover()).phases.letters).toMatchObject({ done: 1, failed: [] });
    expect(letters()).toEqual(['older_1 redriven']);
    expect(memory.dump('works')).toHaveLength(1);
  });

  it('are superseded where the picture is there under any other id', async () => {
    const { calls, memory, letters } = await createScene();
    await memory.insert('works', { ...record, _id: 'auto-made' });
    await memory.insert('emergency_backup', composeOlderLetter('older_1', record));
    await calls.recover();
    expect(letters()).toEqual(['older_1 superseded']);
    expect(memory.dump('works')).toHaveLength(1);
  });

  it('of different pictures keep apart', async () => {
    const { calls, memory } = await createScene();
    const others: readonly Document[] = [
      { ...record, prompt: '小猫' },
      { ...record, userId: 'u2' },
      { ...record, createdAt: new Date(10) },
    ];
    for (const [n, other] of [record, ...others].entries()) {
      await memory.insert('emergency_backup', composeOlderLetter(`older_${n}`, other));
    }
    await calls.recover();
    expect(memory.dump('works')).toHaveLength(4);
  });
});
