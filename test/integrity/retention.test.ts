import { describe, expect, it } from 'vitest';
import { olderIdOf } from '../support/letters.ts';
import { canonicalJson } from '../../src/core/index.ts';
import { createSeal } from '../../src/core/node/index.ts';
import type { RetentionCheckpoint } from '../../src/integrity/index.ts';
import type { Document, Store } from '../../src/store/index.ts';
import { createScene, DAY_MS, NOW_MS, recovered, work } from './retention-scene.ts';

const FLAT: Document = {
  _id: '65a1b2c3',
  ...{ id: 'work_1700000000000', userId: 'u1', prompt: '小狗', status: 'completed', createdAt: new Date(9) },
  ...{ backupReason: 'works_collection_save_failed', originalError: 'timeout', retryCount: 3, timestamp: new Date(10) },
  recoveredAt: new Date(NOW_MS - 31 * DAY_MS),
};

describe('retention of letters', () => {
  it('removes recovered letters after 30 days, where the record says the same', async () => {
    const { prune, left } = await createScene({
      works: [work(1), work(2)],
      letters: [recovered(work(1)), recovered(work(2), { daysAgo: 29 })],
    });
    expect(await prune()).toEqual({
      dryRun: false,
      phases: { letters: { done: 1, skipped: 0, failed: [] }, reports: { done: 0, skipped: 0, failed: [] } },
      findings: [],
      removals: [{ collection: 'emergency_backup', id: 'w_00001_1' }],
    });
    expect(left()).toEqual(['w_00002_1']);
  });

  it('never touches a work, nor a letter that waits or was set aside', async () => {
    const states = ['waiting', 'quarantined', 'on holiday'];
    const letters = states.map((state, n) => ({ ...recovered(work(n), { state }), recoveredAt: new Date(1) }));
    const { prune, left, store, memory } = await createScene({ works: [work(0), work(1), work(2), work(3)], letters });
    const before = memory.dump('works');
    expect(await prune()).toMatchObject({ phases: { letters: { done: 0, skipped: 0 } }, findings: [] });
    expect(left()).toHaveLength(3);
    expect(memory.dump('works')).toEqual(before);
    expect(store.names().filter((name) => name.startsWith('remove'))).toEqual([]);
  });

  it.each([
    ['letter-copy-missing', 'has no record', [], recovered(work(1))],
    ['letter-copy-missing', 'has an unknown record', [work(1, { status: 'unknown' })], recovered(work(1))],
    ['letter-copy-differs', 'has another picture', [work(1, { imageUrl: 'x' })], recovered(work(1, { imageUrl: 'y' }))],
    ['letter-copy-differs', 'has a field more', [work(1)], recovered(work(1, { seed: 7 }))],
    ['letter-copy-missing', 'is superseded by nothing', [], recovered(work(1), { state: 'superseded' })],
    ['letter-unreadable', 'was changed', [work(1)], { ...recovered(work(1)), attempt: 2 }],
    ['letter-unreadable', 'was written by a client', [work(1)], { ...recovered(work(1)), _openid: 'oClient' }],
    ['letter-unreadable', 'fits no key', [work(1)], recovered(work(1), { seal: createSeal('f'.repeat(64)) })],
  ])('keeps, and reports as %s, a letter that %s', async (kind, _why, works, letter) => {
    const { prune, left } = await createScene({ works, letters: [letter] });
    expect(await prune()).toMatchObject({
      phases: { letters: { done: 0, skipped: 1, failed: [] } },
      findings: [{ kind, weight: 'problem', count: 1, ids: ['w_00001_1'] }],
      removals: [],
    });
    expect(left()).toEqual(['w_00001_1']);
  });

  it.each([
    ['whose picture was copied since', work(1, { asset: { state: 'copied', fileId: 'f' } }), recovered(work(1))],
    ['whose record was deleted by its owner', work(1, { deletedAt: new Date(5) }), recovered(work(1))],
    [
      'whose record is marked as recovered',
      work(1, { isRecovered: true, recoveredAt: new Date(5) }),
      recovered(work(1)),
    ],
    [
      'that was superseded by another final record',
      work(1, { status: 'failed' }),
      recovered(work(1), { state: 'superseded' }),
    ],
    ['of an unknown result that is known since', work(1), recovered(work(1, { status: 'unknown' }))],
    ['that is older than the key', work(1), recovered(work(1), { seal: false })],
  ])('removes a letter %s', async (_which, record, letter) => {
    const { prune, left } = await createScene({ works: [record], letters: [letter] });
    expect(await prune()).toMatchObject({ phases: { letters: { done: 1 } }, findings: [] });
    expect(left()).toEqual([]);
  });

  it('compares letters of other collections with the fields that may not change there', async () => {
    const order = { _id: 'o_1', amount: 5, state: 'paid' };
    const given = {
      letters: [recovered(order, { collection: 'orders' })],
      others: { orders: [{ ...order, state: 'shipped' }] },
    };
    const strict = await createScene(given);
    expect(await strict.prune()).toMatchObject({ findings: [{ kind: 'letter-copy-differs' }] });
    const { prune, left } = await createScene({ ...given, options: { mayChange: { orders: ['state'] } } });
    expect(await prune()).toMatchObject({ phases: { letters: { done: 1 } } });
    expect(left()).toEqual([]);
  });

  it('understands the older flat form, brought home or superseded by a record of another id', async () => {
    const home = { _id: olderIdOf(FLAT), id: 'work_1700000000000', userId: 'u1', prompt: '小狗' };
    const record = {
      ...home,
      status: 'completed',
      createdAt: new Date(9),
      isRecovered: true,
      recoveredAt: new Date(3),
    };
    const redriven = await createScene({ works: [record], letters: [{ ...FLAT, state: 'redriven' }] });
    expect(await redriven.prune()).toMatchObject({ phases: { letters: { done: 1 } } });
    const twin = { _id: 'w_twin', userId: 'u1', prompt: '小狗', status: 'completed', createdAt: new Date(9) };
    const superseded = await createScene({ works: [twin], letters: [{ ...FLAT, state: 'superseded' }] });
    expect(await superseded.prune()).toMatchObject({ phases: { letters: { done: 1 } } });
    const alone = await createScene({ letters: [{ ...FLAT, state: 'superseded' }] });
    expect(await alone.prune()).toMatchObject({ findings: [{ kind: 'letter-copy-missing', ids: ['65a1b2c3'] }] });
  });

  it('leaves a letter alone that was put back to waiting while it was looked at', async () => {
    const { prune, memory, left } = await createScene({
      works: [work(1)],
      letters: [recovered(work(1))],
      through: (store) => ({
        ...store,
        async remove(name, target, call) {
          await store.update('emergency_backup', { id: 'w_00001_1' }, { set: { state: 'waiting' } });
          return store.remove(name, target, call);
        },
      }),
    });
    await prune();
    expect(left()).toEqual(['w_00001_1']);
    expect(memory.dump('emergency_backup')[0]).toMatchObject({ state: 'waiting' });
  });

  it('refuses a policy that would keep nothing', async () => {
    for (const letterKeepDays of [0, -1, NaN, 0.5]) {
      const { prune } = await createScene({ options: { letterKeepDays } });
      expect(() => prune()).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error);
    }
  });
});

describe("a letter's file in storage", () => {
  const letter = recovered(work(1));
  const given = { works: [work(1)], letters: [letter] };

  it('goes with its letter', async () => {
    const { prune, plant, hasFile, left } = await createScene(given);
    await plant(letter, canonicalJson(letter));
    expect(await prune()).toMatchObject({
      removals: [
        { collection: 'storage', id: 'wx-durable/letters/w_00001_1.json' },
        { collection: 'emergency_backup', id: 'w_00001_1' },
      ],
    });
    expect([await hasFile(letter), left()]).toEqual([false, []]);
  });

  it.each([
    ['another record', canonicalJson({ ...recovered(work(1, { imageUrl: 'paid for' })) })],
    ['something that cannot be read', 'half a lett'],
  ])('stays, and its letter with it, where it holds %s', async (_what, text) => {
    const { prune, plant, hasFile, left } = await createScene(given);
    await plant(letter, text);
    expect(await prune()).toMatchObject({ findings: [{ kind: 'letter-file-differs', ids: ['w_00001_1'] }] });
    expect([await hasFile(letter), left()]).toEqual([true, ['w_00001_1']]);
  });

  it('is not taken for absent where storage does not answer', async () => {
    const { prune, plant, left } = await createScene({
      ...given,
      blobFates: { exists: { always: 'STORE_UNAVAILABLE' } },
    });
    await plant(letter, canonicalJson(letter));
    expect(await prune()).toMatchObject({ phases: { letters: { failed: [{ id: '', code: 'STORE_UNAVAILABLE' }] } } });
    expect(left()).toEqual(['w_00001_1']);
  });
});

describe('a dry run', () => {
  it('lists exactly what a run would remove, and changes nothing', async () => {
    const numbers = Array.from({ length: 20 }, (_, n) => n);
    const letters = numbers.map((n) => recovered(work(n), { daysAgo: n * 3 }));
    const { prune, memory, store, plant } = await createScene({ works: numbers.map((n) => work(n)), letters });
    await plant(letters[15] as Document, canonicalJson(letters[15]));
    const before = memory.dump('emergency_backup');
    const plan = await prune({ dryRun: true });
    expect(plan).toMatchObject({ dryRun: true, phases: { letters: { done: 9 } } });
    expect(memory.dump('emergency_backup')).toEqual(before);
    expect(store.names().filter((name) => !name.startsWith('page'))).toEqual([]);
    expect(await prune()).toEqual({ ...plan, dryRun: false });
  });
});

describe('retention under faults', () => {
  const numbers = Array.from({ length: 40 }, (_, n) => n);
  const planted = {
    works: numbers.map((n) => work(n, n % 10 === 0 ? { prompt: '别的' } : {})),
    letters: numbers.map((n) => recovered(work(n))),
  };
  const kept = ['w_00000_1', 'w_00010_1', 'w_00020_1', 'w_00030_1'];

  it.each([
    ['page emergency_backup', 'STORE_UNAVAILABLE'],
    ['page works', 'STORE_THROTTLED'],
    ['remove emergency_backup', 'answer-lost'],
    ['remove emergency_backup', 'STORE_UNCERTAIN'],
  ] as const)('comes to the same where one %s meets %s', async (statement, mishap) => {
    const { prune, left } = await createScene({ ...planted, fates: { [statement]: [mishap] } });
    expect(await prune()).toMatchObject({ phases: { letters: { done: 36, skipped: 4, failed: [] } } });
    expect(left()).toEqual(kept);
  });

  it('removes nothing where the records cannot be read', async () => {
    const { prune, left } = await createScene({ ...planted, fates: { 'page works': { always: 'STORE_UNAVAILABLE' } } });
    const { phases } = await prune();
    expect(phases.letters).toEqual({ done: 0, skipped: 0, failed: [{ id: '', code: 'STORE_UNAVAILABLE' }] });
    expect(phases.reports).toMatchObject({ failed: [] });
    expect(left()).toHaveLength(40);
  });

  it('tells which letters could not be removed, and tries the others', async () => {
    const { prune, left } = await createScene({
      ...planted,
      through: (store) => failing(store, 'w_00005_1'),
    });
    expect(await prune()).toMatchObject({ phases: { letters: { done: 35, failed: [{ id: 'w_00005_1' }] } } });
    expect(left()).toEqual(['w_00000_1', 'w_00005_1', ...kept.slice(1)]);
  });

  it('goes on after it was killed at any statement, and never removes what should stay', async () => {
    const stops = new Set<number>();
    for (let killedAt = 0; killedAt < 44; killedAt += 1) {
      const { deps, prune, clock, left } = await createScene({ ...planted, latencyMs: 5 });
      const dying = await createScene({ ...planted, through: () => mortal(deps.store, killedAt) });
      void dying.prune().catch(() => undefined);
      await clock.advance(60_000);
      for (const id of kept) expect(left(), `killed at ${killedAt}`).toContain(id);
      stops.add(left().length);
      await prune();
      expect(left()).toEqual(kept);
    }
    // From nothing removed to everything.
    expect(stops.size).toBe(37);
  });

  it('stops at its deadline with a checkpoint, and any slicing comes to the same', async () => {
    const { prune, left } = await createScene({ ...planted, latencyMs: 100 });
    let from: RetentionCheckpoint | undefined;
    let [runs, done] = [0, 0];
    do {
      const report = await prune({ withinMs: 750, from });
      done += report.phases.letters?.done ?? 0;
      from = report.checkpoint;
      runs += 1;
    } while (from && runs < 100);
    expect(left()).toEqual(kept);
    expect([done, runs > 1, from]).toEqual([36, true, undefined]);
  });

  it('has at most 16 statements under way, and asks for records and files by the page', async () => {
    const many = Array.from({ length: 1_000 }, (_, n) => n);
    let [under, most] = [0, 0];
    const { prune, store, blobs, left } = await createScene({
      works: many.map((n) => work(n)),
      letters: many.map((n) => recovered(work(n))),
      latencyMs: 5,
      through: (inner) => ({
        ...inner,
        async remove(...request) {
          most = Math.max(most, (under += 1));
          return inner.remove(...request).finally(() => (under -= 1));
        },
      }),
    });
    await prune();
    const times = (name: string): number => [...store.names(), ...blobs.names()].filter((one) => one === name).length;
    expect(left()).toEqual([]);
    expect(most).toBe(16);
    expect(times('remove emergency_backup')).toBe(1_000);
    expect(times('page emergency_backup')).toBe(11);
    expect(times('page works')).toBe(10);
    expect(times('exists')).toBe(10);
  });
});

describe('retention of reports', () => {
  const report = (daysAgo: number): Document => {
    const startedAt = new Date(NOW_MS - daysAgo * DAY_MS);
    return {
      _id: `${startedAt.toISOString().replaceAll(/\D/g, '').slice(0, 14)}_aaaaaaaa`,
      startedAt,
      schemaVersion: 1,
    };
  };

  it('removes reports after 180 days', async () => {
    const { prune, memory } = await createScene({ reports: Array.from({ length: 30 }, (_, n) => report(n * 10)) });
    expect(await prune()).toMatchObject({ phases: { reports: { done: 11, failed: [] } } });
    const oldest = memory.dump('integrity_reports').map(({ startedAt }) => startedAt)[0] as Date;
    expect(NOW_MS - oldest.getTime()).toBe(180 * DAY_MS);
    expect(memory.dump('integrity_reports')).toHaveLength(19);
  });

  it('always keeps the newest ten, however old they are', async () => {
    const { prune, left } = await createScene({ reports: Array.from({ length: 12 }, (_, n) => report(400 + n)) });
    expect(await prune()).toMatchObject({ phases: { reports: { done: 2 } } });
    expect(left('integrity_reports')).toHaveLength(10);
    expect(left('integrity_reports').at(-1)).toBe(report(400)._id);
  });

  it('does not mind that there are none', async () => {
    const { prune } = await createScene({ fates: { 'page integrity_reports': { always: 'STORE_NOT_FOUND' } } });
    expect(await prune()).toMatchObject({ phases: { reports: { done: 0, failed: [] } } });
  });
});

function failing(store: Store, id: string): Store {
  return {
    ...store,
    remove: (name, target, call) =>
      target.id === id ? Promise.reject(new Error('no')) : store.remove(name, target, call),
  };
}

/** A store that begins so many statements more, and then answers nothing. */
function mortal(store: Store, statements: number): Store {
  let begun = 0;
  return new Proxy(store, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== 'function') return method;
      return (...args: readonly unknown[]): unknown =>
        ++begun > statements ? new Promise(() => undefined) : Reflect.apply(method, target, args);
    },
  });
}
