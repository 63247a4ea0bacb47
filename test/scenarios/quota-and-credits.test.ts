import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { beijingDay } from '../../src/core/index.ts';
import { createLocalCloud, person, userIdOf, workIdOf, type Answer, type LocalCloud } from '../support/local-cloud.ts';
import { createMemoryCloud } from '../support/memory-cloud.ts';
import { createPainter } from '../support/scripted-provider.ts';
import { createTestClock } from '../support/test-clock.ts';

let cloud: LocalCloud;

const today = `d${beijingDay(Date.now())}`;

beforeAll(async () => {
  cloud = await createLocalCloud();
});

afterAll(() => cloud.close());

/** Calls at once, each for another picture. */
const together = (openid: string, count: number): Promise<Answer[]> =>
  Promise.all(
    Array.from({ length: count }, (_, n) => cloud.generate(openid, { prompt: `图 ${n}`, requestId: `r${n}` })),
  );

const ordersOf = (openid: string, count: number): number => {
  const ids = new Set(Array.from({ length: count }, (_, n) => `${workIdOf(openid, `r${n}`)}_1`));
  return cloud.pictureCalls().filter(({ requestId }) => requestId !== null && ids.has(requestId)).length;
};

const codesOf = (answers: readonly Answer[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { code, error } of answers) counts[error?.code ?? code] = (counts[error?.code ?? code] ?? 0) + 1;
  return counts;
};

describe('fifty calls at once', () => {
  test.each([
    ['a free person who has used 47 of 50', { credits: 30 }, 47, 50, 27],
    ['a vip who has used 197 of 200', { vipLevel: 2, credits: 0 }, 197, 200, 0],
    ['an admin who has used 997 of 1000', { role: 'admin', credits: 0 }, 997, 1_000, 0],
  ])('order exactly three pictures for %s', async (_who, fields, used, limit, creditsLeft) => {
    const openid = `oFifty${limit}`;
    await cloud.add('users', person(openid, { ...fields, quota: { used: { [today]: used } } }));
    const answers = await together(openid, 50);
    expect(codesOf(answers)).toEqual({ 200: 3, QUOTA_EXCEEDED: 47 });
    expect(ordersOf(openid, 50)).toBe(3);
    const works = (await cloud.dump('works')).filter((work) => work['openid'] === openid);
    expect(works.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
    expect(await cloud.get('users', userIdOf(openid))).toMatchObject({
      credits: creditsLeft,
      generateCount: 3,
      quota: { open: 0, used: { [today]: limit } },
    });
  });

  test('tell the refused why, and what to do', async () => {
    const answer = await cloud.generate('oFifty50', { prompt: '再来一张' });
    expect(answer).toMatchObject({
      code: 429,
      message: '今日生成次数已用完，请明天再来',
      error: { category: 'caller' },
    });
  });
});

test('twenty calls at once with three credits order exactly three pictures', async () => {
  await cloud.add('users', person('oThree', { credits: 3 }));
  expect(codesOf(await together('oThree', 20))).toEqual({ 200: 3, CREDITS_INSUFFICIENT: 17 });
  expect(ordersOf('oThree', 20)).toBe(3);
  expect(await cloud.get('users', userIdOf('oThree'))).toMatchObject({
    credits: 0,
    generateCount: 3,
    quota: { open: 0 },
  });
});

test.each([
  ['a vip', 'oVip', { vipLevel: 1 }],
  ['an admin by role', 'oRole', { role: 'admin' }],
  ['an admin by flag', 'oFlag', { isAdmin: true }],
])('%s pays no credits and needs none', async (_who, openid, fields) => {
  await cloud.add('users', person(openid, { ...fields, credits: 0 }));
  expect(await cloud.generate(openid, { prompt: '城堡' })).toMatchObject({ code: 200, data: { remainingCredits: 0 } });
  expect(await cloud.get('users', userIdOf(openid))).toMatchObject({ credits: 0, generateCount: 1 });
});

test.each<[string, string, object, string, number]>([
  ['a vip', 'oVipFails', { vipLevel: 1 }, 'vip', 200],
  ['an admin', 'oAdminFails', { role: 'admin' }, 'admin', 1_000],
  ['anybody else', 'oFreeFails', {}, 'free', 50],
])(
  '%s gets back what a failed picture took, also where the answers about it are lost',
  async (_who, openid, fields, type, limit) => {
    await cloud.add('users', person(openid, { ...fields, credits: 7 }));
    const account = { action: 'modifyDocument', id: userIdOf(openid), inject: 'reset-after', times: 1 } as const;
    cloud.faults.set([account, { ...account, skip: 1 }, { provider: 'generate', inject: 'status', status: 400 }]);
    expect(await cloud.generate(openid, { prompt: '城堡' })).toMatchObject({ error: { code: 'PROVIDER_FAILED' } });
    expect(await cloud.fired()).toMatchObject([{ fired: 1 }, { fired: 1 }, { fired: 1 }]);
    cloud.faults.clear();
    expect(await cloud.call(openid, { action: 'getDailyUsage' })).toMatchObject({
      data: { type, limit, used: 0, remaining: limit, credits: 7 },
    });
    expect(await cloud.get('users', userIdOf(openid))).toMatchObject({
      credits: 7,
      generateCount: 0,
      quota: { open: 0 },
    });
  },
);

describe('a picture that the service refuses to make', () => {
  const OPENID = 'oRefused';
  const workId = workIdOf(OPENID, 'refused');

  beforeAll(() => cloud.add('users', person(OPENID, { credits: 2 })));

  test('is answered as failed, and recorded with the reason', async () => {
    expect(await cloud.generate(OPENID, { prompt: '[fail] 画不出来', requestId: 'refused' })).toEqual({
      code: 502,
      message: '图片生成失败，本次不计入用量，积分不会扣除',
      error: { code: 'PROVIDER_FAILED', category: 'fault' },
      requestId: 'refused',
    });
    expect(await cloud.get('works', workId)).toMatchObject({
      status: 'failed',
      errorMessage: 'the prompt asks for a refusal with [fail]',
      errorCode: 'PROVIDER_FAILED',
      imageUrl: '',
      asset: null,
      price: 1,
    });
  });

  test('gives credit and quota back once, however often it is asked for again', async () => {
    for (let time = 1; time <= 3; time += 1) {
      const answer = await cloud.generate(OPENID, { prompt: '[fail] 画不出来', requestId: 'refused' });
      expect(answer).toMatchObject({ code: 502, error: { code: 'PROVIDER_FAILED' } });
    }
    expect(await cloud.get('users', userIdOf(OPENID))).toMatchObject({
      credits: 2,
      generateCount: 0,
      quota: { open: 0, used: { [today]: 0 }, holds: { [workId]: { st: 'back' } } },
    });
    expect(cloud.pictureCalls().filter(({ requestId }) => requestId === `${workId}_1`)).toHaveLength(1);
  });

  test('leaves room for another one on a day that was almost full', async () => {
    await cloud.add('users', person('oLast', { quota: { used: { [today]: 49 } } }));
    expect((await cloud.generate('oLast', { prompt: '[fail]', requestId: 'a' })).code).toBe(502);
    expect((await cloud.generate('oLast', { prompt: '花', requestId: 'b' })).code).toBe(200);
    expect((await cloud.generate('oLast', { prompt: '花', requestId: 'c' })).code).toBe(429);
  });
});

describe('somebody whose pictures all fail', () => {
  const TRIES_USED_UP = '今日尝试次数已达上限（150 次，含失败的尝试），请明天再来';
  const failing = (openid: string, requestId: string) => cloud.generate(openid, { prompt: '[fail]', requestId });

  test('may try three times as often as a day has pictures, and no order goes out after that', async () => {
    await cloud.add('users', person('oStubborn', { quota: { tries: { [today]: 148 } } }));
    for (const n of [0, 1]) expect(await failing('oStubborn', `r${n}`)).toMatchObject({ code: 502 });
    expect(await failing('oStubborn', 'r2')).toMatchObject({
      code: 429,
      message: TRIES_USED_UP,
      error: { code: 'QUOTA_EXCEEDED', category: 'caller' },
    });
    expect(ordersOf('oStubborn', 3)).toBe(2);
    expect(await cloud.get('users', userIdOf('oStubborn'))).toMatchObject({
      credits: 20,
      quota: { open: 0, used: { [today]: 0 }, tries: { [today]: 150 } },
    });
    expect(await cloud.call('oStubborn', { action: 'getDailyUsage' })).toMatchObject({
      data: { used: 0, limit: 50, remaining: 0 },
    });
  });

  test('is still answered what earlier calls left', async () => {
    expect(await failing('oStubborn', 'r1')).toMatchObject({ code: 502, error: { code: 'PROVIDER_FAILED' } });
  });

  test('cannot get around it by trying at once', async () => {
    await cloud.add('users', person('oHasty', { quota: { tries: { [today]: 148 } } }));
    const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => failing('oHasty', `r${n}`)));
    expect(codesOf(answers)).toEqual({ PROVIDER_FAILED: 2, QUOTA_EXCEEDED: 10 });
    expect(ordersOf('oHasty', 12)).toBe(2);
  });

  test('is not limited where they administer the place', async () => {
    await cloud.add('users', person('oAdmin', { role: 'admin', quota: { tries: { [today]: 9_999 } } }));
    expect(await cloud.generate('oAdmin', { prompt: '花' })).toMatchObject({ code: 200 });
  });
});

describe('at midnight in Beijing', () => {
  const OPENID = 'oMidnight';
  const LAST_MS = Date.UTC(2026, 10, 22, 15, 59, 59, 999);
  const usage = { action: 'getDailyUsage' };

  const atTheEndOfADay = async (used: number) => {
    const memory = createMemoryCloud({ clock: createTestClock(LAST_MS) });
    await memory.add('users', person(OPENID, { quota: { used: { d20261122: used } } }));
    return memory;
  };

  test('a full day turns into an empty one, and not a millisecond earlier', async () => {
    const memory = await atTheEndOfADay(50);
    expect(await memory.call(OPENID, usage)).toMatchObject({
      data: { used: 50, remaining: 0, limit: 50, type: 'free', resetAt: '2026-11-22T16:00:00.000Z' },
    });
    expect(await memory.generate(OPENID, { prompt: '早' })).toMatchObject({ code: 429 });
    await memory.clock.advance(1);
    expect(await memory.call(OPENID, usage)).toMatchObject({
      data: { used: 0, remaining: 50, resetAt: '2026-11-23T16:00:00.000Z' },
    });
    expect(await memory.generate(OPENID, { prompt: '早' })).toMatchObject({
      code: 200,
      data: { dailyUsage: { used: 1 } },
    });
  });

  test('a picture belongs to the day on which it was opened, and goes back there when it fails', async () => {
    const clock = createTestClock(LAST_MS);
    const painter = createPainter();
    const slow = {
      ...painter,
      submit: async (order: Parameters<typeof painter.submit>[0]) => {
        await new Promise<void>((resolve) => clock.after(5_000, resolve));
        return painter.submit(order);
      },
    };
    const memory = createMemoryCloud({ clock, provider: slow });
    await memory.add('users', person(OPENID));
    const answer = await memory.generate(OPENID, { prompt: '[fail] 零点', requestId: 'fails' });
    expect(answer.code).toBe(502);
    expect(await memory.get('works', workIdOf(OPENID, 'fails'))).toMatchObject({ day: '20261122' });
    expect(await memory.get('users', userIdOf(OPENID))).toMatchObject({
      credits: 20,
      quota: { used: { d20261122: 0 } },
    });
    await memory.generate(OPENID, { prompt: '新的一天', requestId: 'succeeds' });
    expect(await memory.get('users', userIdOf(OPENID))).toMatchObject({
      credits: 19,
      quota: { used: { d20261122: 0, d20261123: 1 } },
    });
  });
});
