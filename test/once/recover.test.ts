import { describe, expect, it } from 'vitest';
import { DurableError } from '../../src/core/index.ts';
import type { Kind, Payment } from '../../src/once/index.ts';
import { withoutBulk } from '../../src/once/without-bulk.ts';
import { createMemoryBlobs, createMemoryStore } from '../../src/store/memory/index.ts';
import { is, type Document, type Store } from '../../src/store/index.ts';
import { createCostlyCalls, DAY_MS, LEASE_MS } from '../support/costly-calls.ts';
import { composeOlderLetter, olderIdOf } from '../support/letters.ts';
import { createTestClock } from '../support/test-clock.ts';

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

describe('a paid record that no document can hold', () => {
  const LIMIT = 5_000_000;
  const large = (document: Document): boolean => JSON.stringify(document).length > LIMIT;

  it('comes home without what makes it large, names the file that has all of it, and is not given back', async () => {
    const { calls, blobs, memory } = await createScene((store) => ({
      insert: (name, document, call) =>
        large(document)
          ? Promise.reject(new DurableError('STORE_REJECTED', 'planned'))
          : store.insert(name, document, call),
    }));
    await calls.open('u1');
    const fields = { picture: 'x'.repeat(8_000_000), title: '灯塔' };
    const paid = { pay: async (): Promise<Payment> => ({ status: 'completed', fields }) };
    expect(await calls.call('u1', 'w_1', paid)).toMatchObject({ outcome: 'final', savedIn: 'storage' });
    calls.forward(LEASE_MS);
    expect((await calls.recover()).phases.holds).toEqual({ done: 1, skipped: 0, failed: [] });
    const home = await calls.work('w_1');
    expect(home).toMatchObject({ status: 'completed', title: '灯塔', prompt: 'w_1', isRecovered: true });
    expect(home).not.toHaveProperty('picture');
    expect(new TextDecoder().decode(await blobs.get(await blobs.fileId(String(home?.['restIn']))))).toContain('xxxx');
    expect(await calls.user('u1')).toMatchObject({ credits: 4, generateCount: 1, quota: { open: 0 } });
    expect(memory.dump('works')).toHaveLength(1);
  });

  it('keeps what the protocol stands on, and as much of the rest as is small', () => {
    const record = { _id: 'w_1', token: 't', status: 'completed', long: 'x'.repeat(100_000), short: 'y', list: [1] };
    const { long: _long, ...rest } = record;
    expect(withoutBulk(record, 'file')).toEqual({ ...rest, restIn: 'file' });
    expect(withoutBulk(rest, 'file')).toBeUndefined();
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`k${n}`, n]));
    expect(withoutBulk({ ...many, ...rest }, 'file')).toMatchObject({ _id: 'w_1', token: 't', status: 'completed' });
  });
});

describe('a provider that never answers when it is asked about a task', () => {
  const MADE: Payment = { status: 'completed', fields: { picture: 'cloud://made' } };

  /** Calls of one account each that were killed after their tasks were noted, their leases over. */
  async function killedTasks(ask: Kind['ask'], ids: readonly string[]) {
    const time = createTestClock();
    const memory = createMemoryStore(['users', 'works', 'emergency_backup']);
    const calls = createCostlyCalls({ store: memory, blobs: createMemoryBlobs(), time, ask });
    for (const id of ids) {
      await calls.open(`u_${id}`);
      const pay: NonNullable<Parameters<typeof calls.call>[2]>['pay'] = async ({ noteTask }) => {
        await noteTask(`task-${id}`);
        return new Promise(() => undefined);
      };
      void calls.call(`u_${id}`, id, { pay });
      await time.settle();
    }
    calls.forward(LEASE_MS);
    const holdOf = async (id: string) => (await calls.user(`u_${id}`)).quota.holds[id];
    return { calls, holdOf, time, recover: () => time.until(calls.recover()) };
  }

  it('keeps no other call waiting, and its own stays as it was', async () => {
    const { calls, holdOf, recover, time } = await killedTasks(
      (taskId) => (taskId === 'task-w_1' ? new Promise(() => undefined) : Promise.resolve(MADE)),
      ['w_1', 'w_2'],
    );
    const before = await holdOf('w_1');
    const startedAtMs = time.now();
    expect((await recover()).phases.holds).toEqual({ done: 1, skipped: 1, failed: [] });
    expect(time.now() - startedAtMs).toBe(15_000);
    expect(await calls.work('w_2')).toMatchObject({ status: 'completed', picture: 'cloud://made' });
    expect(await holdOf('w_1')).toEqual(before);
    expect(await calls.work('w_1')).toBeUndefined();
  });

  it('has its late answer ignored, and is asked again by the next run', async () => {
    const late: ((payment: Payment) => void)[] = [];
    const untilMs: number[] = [];
    const { calls, holdOf, recover, time } = await killedTasks(
      (_taskId, _basis, deadline) => {
        untilMs.push(deadline.remainingMs());
        return new Promise((resolve) => late.push(resolve));
      },
      ['w_1'],
    );
    await recover();
    late[0]?.(MADE);
    await time.settle();
    expect(await holdOf('w_1')).toMatchObject({ st: 'open' });
    const second = calls.recover();
    await time.settle();
    late[1]?.(MADE);
    expect((await time.until(second)).phases.holds).toMatchObject({ done: 1, failed: [] });
    expect(await calls.work('w_1')).toMatchObject({ status: 'completed', picture: 'cloud://made' });
    expect(untilMs).toEqual([15_000, 15_000]);
  });

  it('is no evidence any more after a day: the record has failed, and what it cost is given back', async () => {
    const { calls, recover } = await killedTasks(() => new Promise(() => undefined), ['w_1']);
    calls.forward(DAY_MS);
    expect((await recover()).phases.holds).toEqual({ done: 1, skipped: 0, failed: [] });
    expect(await calls.work('w_1')).toMatchObject({ status: 'failed', errorCode: 'ONCE_UNKNOWN' });
    expect(await calls.user('u_w_1')).toMatchObject({ credits: 5, quota: { open: 0 } });
  });

  it('ends no call where the run had no time left to hear it out', async () => {
    const { calls, holdOf, time } = await killedTasks(() => new Promise(() => undefined), ['w_1']);
    calls.forward(DAY_MS);
    const report = await time.until(calls.recover(undefined, undefined, 5_000));
    expect(report.phases.holds?.failed).toEqual([{ id: 'u_w_1', code: 'DEADLINE_PASSED' }]);
    expect(await holdOf('w_1')).toMatchObject({ st: 'open' });
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
