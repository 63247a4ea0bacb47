import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Document } from '../../src/store/index.ts';
import { createLocalCloud, person, resultOf, TIMER, TIMER_CALLER, type LocalCloud } from '../support/local-cloud.ts';

const FUNCTIONS = ['recoverFromBackup', 'fixUserConsistency'];
const USERS = 150;
const WORKS_EACH = 3;

let cloud: LocalCloud;

beforeAll(async () => {
  cloud = await createLocalCloud({ env: { WX_DURABLE_PROVIDER: 'local', WX_DURABLE_ADMINS: 'oAdmin, oOtherAdmin' } });
});

afterAll(() => cloud.close());

const idOf = (n: number): string => `u_${String(n).padStart(3, '0')}`;

/** Users with three completed works, one failed and one unknown each; every third one's counter is wrong. */
const counterOf = (n: number): unknown => (n % 3 === 0 ? [0, 7, null, '3', undefined][(n / 3) % 5] : WORKS_EACH);

function workOf(n: number, k: number, status: string): Document {
  return { _id: `w_${n}_${k}`, userId: idOf(n), status, createdAt: new Date(k) };
}

describe.each(FUNCTIONS)('%s', (name) => {
  test.each([
    ['an ordinary person', { openid: 'oOrdinary' }, {}],
    ["an ordinary person with the timer's event", { openid: 'oOrdinary' }, TIMER],
    [
      "an ordinary person who claims an administrator's openid",
      { openid: 'oOrdinary' },
      { ...TIMER, openid: 'oAdmin' },
    ],
    ['somebody with part of the name of an administrator', { openid: 'oAdm' }, TIMER],
    ['nobody, with no event', {}, {}],
    ['nobody, with an event that has a name but no type', {}, { TriggerName: 'nightly' }],
    ["nobody, with the timer's event through HTTP", {}, { ...TIMER, httpMethod: 'POST', path: '/', headers: {} }],
    ['nobody, with a list of timers', {}, [TIMER]],
  ])('is refused to %s', async (_who, caller, event) => {
    const before = await cloud.commits();
    expect(resultOf(await cloud.invoke(name, event, caller))).toMatchObject({
      code: 403,
      message: '没有权限执行此操作',
      error: { code: 'AUTH_DENIED', category: 'caller' },
    });
    expect(await cloud.commits()).toBe(before);
  });

  test.each([
    ['the timer', TIMER_CALLER, TIMER],
    ['an administrator', { openid: 'oAdmin' }, {}],
    ['the administrator after the comma', { openid: 'oOtherAdmin' }, {}],
  ])('runs for %s', async (_who, caller, event) => {
    expect(resultOf(await cloud.invoke(name, event, caller))).toMatchObject({ code: 200, message: '执行完成' });
  });

  test('tells nobody who was refused, but the log knows that somebody was', () => {
    const text = cloud.printed.join('');
    expect(text).toContain('auth.maintenance-refused');
    expect(text).not.toMatch(/oOrdinary|oAdmin/);
  });
});

describe('the repair of 150 counters, every third of them wrong', () => {
  let before: readonly Document[];

  beforeAll(async () => {
    const numbers = Array.from({ length: USERS }, (_, n) => n);
    await cloud.add('users', ...numbers.map((n) => person(`oUser${n}`, { _id: idOf(n), generateCount: counterOf(n) })));
    await cloud.add(
      'works',
      ...numbers.flatMap((n) => [
        ...Array.from({ length: WORKS_EACH }, (_, k) => workOf(n, k, 'completed')),
        workOf(n, 8, 'failed'),
        { ...workOf(n, 9, 'completed'), _id: `w_${n}_hidden`, deletedAt: new Date(9) },
      ]),
    );
    before = await cloud.dump('users');
  });

  test('sets the wrong ones right, from the works, and counts those that were deleted', async () => {
    // A deleted work is still a completed one: with it each has four, so that every counter is wrong at first.
    const first = await cloud.maintain('fixUserConsistency');
    expect(first).toMatchObject({ code: 200, data: { done: USERS, failed: [] } });
    for (const user of await cloud.dump('users')) expect(user['generateCount']).toBe(WORKS_EACH + 1);
  });

  test('leaves right ones alone, and names exactly those that it changed', async () => {
    await cloud.load(
      'users',
      before.map((user, n) => ({ ...user, generateCount: n % 3 === 0 ? counterOf(n) : WORKS_EACH + 1 })),
    );
    const changed = await cloud.commits();
    const report = await cloud.maintain('fixUserConsistency');
    const { repairs } = report.data as { repairs: readonly { userId: string; before: unknown; after: number }[] };
    expect(report.data).toMatchObject({ done: 50, skipped: 100, failed: [] });
    expect(repairs.map(({ userId }) => userId)).toEqual(Array.from({ length: 50 }, (_, n) => idOf(3 * n)));
    expect(new Set(repairs.map(({ after }) => after))).toEqual(new Set([WORKS_EACH + 1]));
    const entries = (await cloud.commits()).slice(changed.length).trim().split('\n');
    expect(entries).toHaveLength(50);
    for (const user of await cloud.dump('users')) expect(user['generateCount']).toBe(WORKS_EACH + 1);
  });

  test('changes nothing when it is run again', async () => {
    const unchanged = await cloud.commits();
    expect(await cloud.maintain('fixUserConsistency')).toMatchObject({
      data: { done: 0, skipped: USERS, repairs: [] },
    });
    expect(await cloud.commits()).toBe(unchanged);
  });

  test('touches nothing but the counter', async () => {
    const now = await cloud.dump('users');
    expect(now.map((user) => ({ ...user, generateCount: 0 }))).toEqual(
      before.map((user) => ({ ...user, generateCount: 0 })),
    );
  });
});

describe('dead letters that are no good', () => {
  test('stop no other letter, and are told in the report', async () => {
    await cloud.load('users', [person('oLetters')]);
    await cloud.load('works', []);
    const { _id: userId } = person('oLetters');
    const work = { userId, status: 'completed', prompt: '旧', createdAt: new Date(5), openid: 'oLetters' };
    await cloud.load('emergency_backup', [
      { _id: 'a-empty' },
      {
        _id: 'b-forged',
        recordId: 'w_b',
        attempt: 1,
        state: 'waiting',
        collection: 'works',
        mac: 'sha256:0',
        payload: { _id: 'w_b', ...work },
      },
      {
        _id: 'c-older',
        id: 'work_1640995200000_abc123',
        backupReason: 'works_collection_save_failed',
        originalError: 'x',
        retryCount: 3,
        ...work,
      },
    ]);
    const report = await cloud.maintain('recoverFromBackup');
    expect(report).toMatchObject({
      data: {
        phases: {
          letters: {
            done: 1,
            failed: [
              { id: 'a-empty', code: 'LETTER_INVALID' },
              { id: 'b-forged', code: 'LETTER_INVALID' },
            ],
          },
        },
      },
    });
    expect(await cloud.dump('works')).toEqual([
      expect.objectContaining({ id: 'work_1640995200000_abc123', ...work, isRecovered: true }),
    ]);
  });

  test('are set aside after five times', async () => {
    for (let run = 2; run <= 5; run += 1) await cloud.maintain('recoverFromBackup');
    expect((await cloud.dump('emergency_backup')).map(({ state }) => state)).toEqual([
      'quarantined',
      'quarantined',
      'redriven',
    ]);
    expect(await cloud.maintain('recoverFromBackup')).toMatchObject({
      data: { phases: { letters: { done: 0, failed: [] } } },
    });
  });
});
