import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { beijingDay } from '../../src/core/index.ts';
import { createLocalCloud, person, userIdOf, workIdOf, type LocalCloud } from '../support/local-cloud.ts';

let cloud: LocalCloud;

const today = `d${beijingDay(Date.now())}`;

beforeAll(async () => {
  cloud = await createLocalCloud();
});

afterAll(() => cloud.close());

const orders = (openid: string, requestId: string): number => {
  const reference = workIdOf(openid, requestId);
  return cloud.pictureCalls().filter((call) => call.requestId?.startsWith(reference)).length;
};

describe('the same request again', () => {
  const OPENID = 'oAgain';
  const wish = { prompt: '月亮', style: 'ink', requestId: 'r1' };

  test('answers the stored picture and orders nothing', async () => {
    await cloud.add('users', person(OPENID));
    const first = await cloud.generate(OPENID, wish);
    const before = await cloud.commits();
    const again = await cloud.generate(OPENID, wish);
    expect(again).toEqual(first);
    expect(await cloud.commits()).toBe(before);
    expect(orders(OPENID, 'r1')).toBe(1);
  });

  test('is the same when only spaces around the prompt or unknown fields differ', async () => {
    const again = await cloud.generate(OPENID, { ...wish, prompt: '  月亮 ', color: 'blue' });
    expect(again.data).toMatchObject({ workId: workIdOf(OPENID, 'r1') });
    expect(orders(OPENID, 'r1')).toBe(1);
  });

  test('is answered with no credit left and the day used up', async () => {
    const fields = { credits: 1, quota: { used: { [today]: 49 } } };
    await cloud.add('users', person('oEmpty', fields));
    const first = await cloud.generate('oEmpty', wish);
    expect(await cloud.generate('oEmpty', { ...wish, requestId: 'r2' })).toMatchObject({ code: 429 });
    expect(await cloud.generate('oEmpty', wish)).toEqual(first);
    expect(first.data).toMatchObject({ remainingCredits: 0, dailyUsage: { used: 50, remaining: 0 } });
  });

  test.each([
    ['prompt', { prompt: '太阳' }],
    ['style', { style: 'oil' }],
    ['character', { character: '小女孩' }],
    ['emotion', { emotion: '微笑' }],
    ['mode', { mode: 'four' }],
  ])('with another %s is refused, and nothing is written or ordered', async (_field, change) => {
    const before = await cloud.commits();
    expect(await cloud.generate(OPENID, { ...wish, ...change })).toEqual({
      code: 409,
      message: '该请求编号已用于另一份内容',
      error: { code: 'IDEMPOTENCY_MISMATCH', category: 'conflict' },
      requestId: 'r1',
    });
    expect(await cloud.commits()).toBe(before);
    expect(orders(OPENID, 'r1')).toBe(1);
  });

  test('of two people is two requests', async () => {
    await cloud.add('users', person('oOther'));
    const { data } = await cloud.generate('oOther', { ...wish, prompt: '别人的月亮' });
    expect(data?.['workId']).toBe(workIdOf('oOther', 'r1'));
    expect(data?.['workId']).not.toBe(workIdOf(OPENID, 'r1'));
    expect(await cloud.get('works', workIdOf(OPENID, 'r1'))).toMatchObject({ originalPrompt: '月亮' });
  });

  test('is not painted again after it was deleted', async () => {
    const workId = workIdOf(OPENID, 'r1');
    await cloud.call(OPENID, { action: 'deleteWork', data: { workId } });
    expect(await cloud.generate(OPENID, wish)).toMatchObject({ code: 200, data: { workId } });
    expect(orders(OPENID, 'r1')).toBe(1);
  });
});

test('ten calls of one request at once order one picture; nine are told to wait, or get it too', async () => {
  await cloud.add('users', person('oDoubleTap'));
  const wish = { prompt: '双击', requestId: 'tap' };
  const answers = await Promise.all(Array.from({ length: 10 }, () => cloud.generate('oDoubleTap', wish)));
  const workId = workIdOf('oDoubleTap', 'tap');
  for (const { code, data, error } of answers) {
    if (code === 200) expect(data).toMatchObject({ workId });
    else expect(error).toEqual({ code: 'ONCE_IN_PROGRESS', category: 'conflict' });
  }
  expect(answers.filter(({ code }) => code === 200).length).toBeGreaterThanOrEqual(1);
  expect(orders('oDoubleTap', 'tap')).toBe(1);
  expect(await cloud.get('users', userIdOf('oDoubleTap'))).toMatchObject({
    credits: 19,
    generateCount: 1,
    quota: { open: 0 },
  });
  expect(await cloud.generate('oDoubleTap', wish)).toMatchObject({ code: 200, data: { workId } });
});

test('a call without a request id is given one, and that one answers the same picture later', async () => {
  await cloud.add('users', person('oNameless'));
  const { data } = await cloud.generate('oNameless', { prompt: '无名' });
  const requestId = String(data?.['requestId']);
  expect(data).toMatchObject({ workId: workIdOf('oNameless', requestId) });
  expect(await cloud.get('works', String(data?.['workId']))).toMatchObject({ requestId });
  const again = await cloud.generate('oNameless', { prompt: '无名', requestId });
  expect(again.data).toMatchObject({ workId: data?.['workId'] });
  expect(orders('oNameless', requestId)).toBe(1);
});

test('two calls without a request id are two pictures', async () => {
  await cloud.add('users', person('oTwice'));
  const [one, two] = [
    await cloud.generate('oTwice', { prompt: '同' }),
    await cloud.generate('oTwice', { prompt: '同' }),
  ];
  expect(one.data?.['workId']).not.toBe(two.data?.['workId']);
  expect(await cloud.get('users', userIdOf('oTwice'))).toMatchObject({ credits: 18, generateCount: 2 });
});
