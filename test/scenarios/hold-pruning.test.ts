import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { beijingDay } from '../../src/core/index.ts';
import {
  createCostlyCalls,
  DAY_MS,
  HOUR_MS,
  LEASE_MS,
  openCostlyCalls,
  type CostlyCalls,
} from '../support/costly-calls.ts';
import type { SdkCloud } from '../store/sdk-cloud.ts';

const refusing = async () => ({ status: 'failed', error: new Error('refused') as never }) as const;
const WORKS_DOWN = { action: 'insertDocument', collection: 'works', inject: 'refused' } as const;

let cloud: SdkCloud;
let calls: CostlyCalls;

beforeAll(async () => {
  ({ cloud, calls } = await openCostlyCalls());
});

afterAll(() => cloud.close());

const holdsOf = async (accountId: string) => Object.keys((await calls.user(accountId)).quota.holds);

describe('the holds of calls that ended two days ago', () => {
  beforeAll(async () => {
    await calls.open('u1');
    await calls.call('u1', 'w_done');
    await calls.call('u1', 'w_back', { pay: refusing });
    cloud.meet(WORKS_DOWN);
    await calls.call('u1', 'w_letter');
    cloud.meet();
    calls.forward(47 * HOUR_MS);
    await calls.call('u1', 'w_fresh');
  });

  test('are kept for 48 hours', async () => {
    expect(await calls.prune()).toMatchObject({ done: 0, skipped: 1 });
    expect(await holdsOf('u1')).toEqual(['w_done', 'w_back', 'w_letter', 'w_fresh']);
  });

  test('are then dropped, but for those whose record is not home yet', async () => {
    calls.forward(HOUR_MS + LEASE_MS);
    const before = await calls.user('u1');
    expect(await calls.prune()).toMatchObject({ done: 1, failed: [] });
    const after = await calls.user('u1');
    expect(Object.keys(after.quota.holds)).toEqual(['w_letter', 'w_fresh']);
    expect(after.quota.prunedTo).toBe(
      Math.max(...['w_done', 'w_back'].map((id) => before.quota.holds[id]?.until ?? 0)),
    );
    expect({ ...after, quota: 0 }).toEqual({ ...before, quota: 0 });
    expect(after.quota).toMatchObject({ open: 0, seq: before.quota.seq });
  });

  test('leave their requests answered from the records, and nothing paid again', async () => {
    const paid = calls.paid();
    expect(await calls.call('u1', 'w_done')).toMatchObject({ replayed: true, record: { status: 'completed' } });
    expect(await calls.call('u1', 'w_back')).toMatchObject({ replayed: true, record: { status: 'failed' } });
    expect(calls.paid()).toBe(paid);
  });

  test('leave them answered although the record cannot be read at first', async () => {
    const paid = calls.paid();
    cloud.meet({ action: 'getDocument', collection: 'works', inject: 'refused', times: 1 });
    expect(await calls.call('u1', 'w_done')).toMatchObject({ replayed: true });
    cloud.meet();
    expect(calls.paid()).toBe(paid);
  });

  test('are not paid for again while the records cannot be read, and other requests are served', async () => {
    const paid = calls.paid();
    cloud.meet({ action: 'getDocument', collection: 'works', inject: 'refused' });
    await expect(calls.call('u1', 'w_done')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(calls.paid()).toBe(paid);
    expect(await calls.call('u1', 'w_other')).toMatchObject({ outcome: 'final', savedIn: 'works' });
    cloud.meet();
  });

  test('are all gone once the letters are home', async () => {
    await calls.recover();
    await calls.prune();
    expect(await holdsOf('u1')).toEqual(['w_fresh', 'w_other']);
    expect(await calls.work('w_letter')).toMatchObject({ status: 'completed' });
  });

  test('take no new call with them', async () => {
    expect(await calls.call('u1', 'w_new')).toMatchObject({ outcome: 'final', replayed: false });
    expect(await calls.user('u1')).toMatchObject({ credits: 0, generateCount: 5, quota: { open: 0 } });
  });
});

describe('pruning', () => {
  test('changes nothing where a call was opened since the account was read', async () => {
    await calls.open('u2');
    await calls.call('u2', 'w_u2_old');
    calls.forward(3 * DAY_MS);
    const { update } = cloud.store;
    const racing = createCostlyCalls({
      ...cloud,
      store: {
        ...cloud.store,
        update: async (name, target, change, call) => {
          if (change.unset?.length === 1 && target.id === 'u2') await calls.call('u2', 'w_u2_new');
          return update(name, target, change, call);
        },
      },
    });
    racing.forward(calls.clock.now() - racing.clock.now());
    await racing.prune();
    expect(await holdsOf('u2')).toEqual(['w_u2_old', 'w_u2_new']);
    expect(await calls.prune()).toMatchObject({ done: 1 });
    expect(await holdsOf('u2')).toEqual(['w_u2_new']);
  });

  test('drops what stopped an opening after an hour, and refuses that opening from then on', async () => {
    await calls.open('u3');
    await calls.call('u3', 'w_u3');
    const at = calls.clock.now();
    const tombstone = { st: 'void', token: 't', attempt: 0, until: 0 };
    const set = { 'quota.holds.w_dated': { ...tombstone, at }, 'quota.holds.w_undated': tombstone };
    await cloud.store.update('users', { id: 'u3' }, { set });
    await calls.prune();
    expect(await holdsOf('u3')).toEqual(['w_u3', 'w_dated', 'w_undated']);
    calls.forward(HOUR_MS + 1_000);
    await calls.prune();
    expect(await holdsOf('u3')).toEqual(['w_u3']);
    expect((await calls.user('u3')).quota.prunedTo).toBeGreaterThan(at);
  });

  test('keeps what explains an unknown record', async () => {
    await calls.open('u4');
    await calls.call('u4', 'w_u4');
    const at = calls.clock.now();
    await cloud.store.update(
      'users',
      { id: 'u4' },
      { set: { 'quota.holds.w_u4x': { st: 'void', token: 't', attempt: 1, until: at, at } } },
    );
    await cloud.store.insert('works', { _id: 'w_u4x', userId: 'u4', status: 'unknown', token: 't', attempt: 1 });
    calls.forward(2 * HOUR_MS);
    await calls.prune();
    expect(await holdsOf('u4')).toContain('w_u4x');
  });

  test('drops the counters of days gone by for a week, but for those of open calls', async () => {
    await calls.open('u5');
    const unclear = () => Promise.reject(new Error('nothing was seen'));
    await calls.call('u5', 'w_u5', { pay: unclear });
    const day = (days: number): string => `d${beijingDay(calls.clock.now() - days * DAY_MS)}`;
    const counters = { [day(0)]: 3, [day(7)]: 2, [day(8)]: 5, d20250101: 1, other: 9 };
    // The open call names the day 2026-11-22.
    const set = { 'quota.used': { ...counters, d20261122: 4 }, 'quota.tries': counters };
    await cloud.store.update('users', { id: 'u5' }, { set });
    calls.forward(HOUR_MS);
    await calls.prune();
    const { used = {}, tries = {} } = (await calls.user('u5')).quota;
    expect(Object.keys(tries).sort()).toEqual([day(7), day(0), 'other'].sort());
    expect(Object.keys(used)).toContain('d20261122');
  });

  test('costs accounts with nothing to prune no more than their page', async () => {
    await calls.prune();
    await calls.prune();
    const before = await cloud.commits();
    cloud.meet();
    await calls.prune();
    // One page of accounts, and the records of holds that are old and not yet allowed to go.
    expect(await cloud.requests()).toBeLessThanOrEqual(2);
    expect(await cloud.commits()).toBe(before);
  });
});
