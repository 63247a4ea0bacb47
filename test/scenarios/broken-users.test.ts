import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { beijingDay } from '../../src/core/index.ts';
import { createLocalCloud, person, userIdOf, type LocalCloud } from '../support/local-cloud.ts';

let cloud: LocalCloud;
let number = 0;

const NAN = { $numberDouble: 'NaN' };
// Both days, should the test run over midnight.
const DAYS = [beijingDay(Date.now()), beijingDay(Date.now() + 3_600_000)];
const usedAs = (value: unknown): object => ({ used: Object.fromEntries(DAYS.map((day) => [`d${day}`, value])) });

beforeAll(async () => {
  cloud = await createLocalCloud();
});

afterAll(() => cloud.close());

/** Lets a person whose document has these fields ask for a picture, and tells what became of it. */
async function callAs(fields: Readonly<Record<string, unknown>>) {
  number += 1;
  const openid = `oBroken${number}`;
  await cloud.add('users', person(openid, fields));
  const before = await cloud.commits();
  const paid = cloud.pictureCalls().length;
  const answer = await cloud.generate(openid, { prompt: '小猫' });
  const isUntouched = (await cloud.commits()) === before && cloud.pictureCalls().length === paid;
  return { answer, isUntouched, user: await cloud.get('users', userIdOf(openid)), call: cloud.call.bind(null, openid) };
}

describe('a person whose document is broken where a later update would fail', () => {
  test.each([
    ['generateCount is null', { generateCount: null }],
    ['generateCount is a text', { generateCount: '3' }],
    ['generateCount is not a number', { generateCount: NAN }],
    ['generateCount is a list', { generateCount: [3] }],
    ['quota is null', { quota: null }],
    ['quota is a text', { quota: 'x' }],
    ['quota is a list', { quota: [] }],
    ['quota.open is a text', { quota: { open: '1' } }],
    ['quota.seq is null', { quota: { seq: null } }],
    ['quota.used is a number', { quota: { used: 5 } }],
    ['quota.used is null', { quota: { used: null } }],
    ['quota.used is a list', { quota: { used: [] } }],
    ['quota.used of today is a text', { quota: usedAs('3') }],
    ['quota.used of today is null', { quota: usedAs(null) }],
    ['quota.used of today is not a number', { quota: usedAs(NAN) }],
    ['quota.holds is a list', { quota: { holds: [] } }],
    ['quota.holds is a text', { quota: { holds: 'none' } }],
    ['quota.holds is null', { quota: { holds: null } }],
  ])('is told so before anything is paid: %s', async (_what, fields) => {
    const { answer, isUntouched } = await callAs(fields);
    expect(answer).toEqual({
      code: 500,
      message: '用户数据异常，请联系客服',
      error: { code: 'USER_INVALID', category: 'fault' },
      requestId: expect.any(String),
    });
    expect(isUntouched).toBe(true);
  });

  test('can still look at what they have, even if not at their quota', async () => {
    const { call } = await callAs({ quota: null });
    expect(await call({ action: 'getHistory' })).toMatchObject({ code: 200, data: { list: [] } });
    expect(await call({ action: 'getDailyUsage' })).toMatchObject({ code: 500, error: { code: 'USER_INVALID' } });
  });
});

describe('a person whose credits are no number', () => {
  test.each([
    ['a text', { credits: '5' }],
    ['null', { credits: null }],
    ['missing', { credits: undefined }],
    ['not a number', { credits: NAN }],
    ['a list', { credits: [5] }],
    ['less than the price', { credits: 0.5 }],
    ['negative', { credits: -3 }],
  ])('has none: credits %s', async (_what, fields) => {
    const { answer, isUntouched } = await callAs(fields);
    expect(answer).toMatchObject({
      code: 402,
      message: '积分不足，无法生成图片',
      error: { code: 'CREDITS_INSUFFICIENT' },
    });
    expect(isUntouched).toBe(true);
  });

  test('is painted for all the same as a vip, and their credits stay as they are', async () => {
    const { answer, user } = await callAs({ credits: '5', vipLevel: 1 });
    expect(answer.code).toBe(200);
    expect(user).toMatchObject({ credits: '5', generateCount: 1 });
  });
});

describe('a person whose document is older than this library', () => {
  test.each([
    ['has no generateCount', { generateCount: undefined }],
    ['has no quota', {}],
    ['has an empty quota', { quota: {} }],
    ['has a vipLevel that is a text', { vipLevel: '3' }],
    ['was a vip', { vipLevel: 0 }],
  ])('is served as a free one, and counted from nothing: %s', async (_what, fields) => {
    const { answer, user } = await callAs(fields);
    expect(answer).toMatchObject({ code: 200, data: { dailyUsage: { used: 1, limit: 50 } } });
    expect(user).toMatchObject({ credits: 19, generateCount: 1, quota: { open: 0 } });
  });
});
