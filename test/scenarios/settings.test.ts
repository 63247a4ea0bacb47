import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createInProcess } from '../support/in-process.ts';
import { createLocalCloud, person, userIdOf, type Answer, type LocalCloud } from '../support/local-cloud.ts';

/** Functions that were uploaded without a setting. */
let cloud: LocalCloud;

beforeAll(async () => {
  cloud = await createLocalCloud({ env: {} });
  await cloud.add('users', person('oKnown'));
});

afterAll(() => cloud.close());

/** A call under other settings; everything else is the same. */
const under = (env: Readonly<Record<string, string>>, openid: string, action = 'generate'): Promise<Answer> =>
  createInProcess(cloud, { env }).call(openid, { action, data: { prompt: '桥', requestId: 'r1' } });

const local = (): Record<string, string> => ({
  WX_DURABLE_PROVIDER: 'local',
  WX_DURABLE_PROVIDER_URL: `${cloud.url}/_provider/v1`,
});

describe('without an image service', () => {
  test('a picture is refused before anything is opened, also for somebody unknown', async () => {
    const before = await cloud.commits();
    for (const openid of ['oKnown', 'oUnknown']) {
      expect(await cloud.generate(openid, { prompt: '桥', requestId: 'r1' })).toEqual({
        code: 503,
        message: '图片生成服务尚未配置',
        error: { code: 'PROVIDER_NOT_CONFIGURED', category: 'fault' },
        requestId: 'r1',
      });
    }
    expect(await cloud.commits()).toBe(before);
    expect(cloud.pictureCalls()).toEqual([]);
  });

  test('everything else works, and the status says what is there', async () => {
    expect(await cloud.call('oKnown', { action: 'getHistory' })).toMatchObject({ code: 200, data: { list: [] } });
    expect(await cloud.call('oKnown', { action: 'getDailyUsage' })).toMatchObject({
      code: 200,
      data: {
        used: 0,
        limit: 50,
        remaining: 50,
        type: 'free',
        credits: 20,
        resetAt: expect.stringMatching(/T16:00:00\.000Z$/),
      },
    });
    expect(await cloud.call('oKnown', { action: 'getServiceStatus' })).toEqual({
      code: 200,
      message: '服务未就绪：尚未配置图片生成服务',
      data: {
        provider: null,
        missing: ['WX_DURABLE_PROVIDER'],
        registration: 'open',
        moderation: 'off',
        tiers: ['works', 'emergency_backup', 'storage'],
        remainingTimeMs: expect.any(Number),
      },
    });
  });

  test('the status is good where nothing is missing', async () => {
    expect(await under(local(), 'oKnown', 'getServiceStatus')).toMatchObject({
      message: '服务正常',
      data: { provider: 'local', missing: [] },
    });
  });

  test('somebody unknown may look without being registered', async () => {
    const before = await cloud.commits();
    expect(await cloud.call('oUnknown', { action: 'getDailyUsage' })).toMatchObject({ data: { used: 0, credits: 20 } });
    expect(await cloud.call('oUnknown', { action: 'getHistory' })).toMatchObject({
      data: { list: [], hasMore: false },
    });
    expect(await cloud.commits()).toBe(before);
  });
});

describe('with registration closed', () => {
  const closed = () => ({ ...local(), WX_DURABLE_REGISTRATION: 'off' });

  test('somebody unknown is refused, and nothing is written or ordered', async () => {
    const before = await cloud.commits();
    expect(await under(closed(), 'oStranger')).toEqual({
      code: 403,
      message: '用户尚未注册',
      error: { code: 'USER_UNREGISTERED', category: 'caller' },
      requestId: 'r1',
    });
    expect(await under(closed(), 'oStranger', 'getDailyUsage')).toMatchObject({ data: { credits: 0 } });
    expect(await under(closed(), 'oStranger', 'getServiceStatus')).toMatchObject({ data: { registration: 'closed' } });
    expect(await cloud.commits()).toBe(before);
    expect(cloud.pictureCalls()).toEqual([]);
  });

  test('somebody known is served', async () => {
    expect(await under(closed(), 'oKnown')).toMatchObject({ code: 200, data: { remainingCredits: 19 } });
  });
});

test('somebody new begins with the credits that the setting gives', async () => {
  expect(await under({ ...local(), WX_DURABLE_INITIAL_CREDITS: '3' }, 'oThreeCredits')).toMatchObject({
    data: { remainingCredits: 2 },
  });
  expect(await under({ ...local(), WX_DURABLE_INITIAL_CREDITS: '0' }, 'oNoCredits')).toMatchObject({ code: 402 });
  expect(await cloud.get('users', userIdOf('oNoCredits'))).toMatchObject({ credits: 0, generateCount: 0 });
});

describe('with a wrong setting', () => {
  test.each([
    ['a key that is too short', { WX_DURABLE_KEY: 'secret-but-short' }],
    ['a number that is none', { WX_DURABLE_INITIAL_CREDITS: 'many' }],
    ['a switch that is neither on nor off', { WX_DURABLE_REGISTRATION: 'maybe' }],
    ['an earlier key that is too short', { WX_DURABLE_PREVIOUS_KEYS: `${'ab'.repeat(32)},secret-but-short` }],
    ['a check of prompts that there is not', { WX_DURABLE_MODERATION: 'somebody' }],
    ['a check of prompts for which the platform gives no means', { WX_DURABLE_MODERATION: 'wechat' }],
    ['a service without an address', { WX_DURABLE_PROVIDER: 'my-own-service' }],
    ['an address that is none', { WX_DURABLE_PROVIDER: 'x', WX_DURABLE_PROVIDER_URL: 'file:///etc/passwd' }],
  ])('every call says so, and nothing is written: %s', async (_what, env) => {
    const before = await cloud.commits();
    for (const action of ['generate', 'getHistory', 'getServiceStatus']) {
      const answer = await under({ ...env }, 'oKnown', action);
      expect(answer).toMatchObject({
        code: 500,
        message: '服务配置有误，请联系管理员',
        error: { code: 'CONFIG_INVALID' },
      });
      for (const value of Object.values(env)) expect(JSON.stringify(answer)).not.toContain(value.split(',')[0]);
    }
    expect(await cloud.commits()).toBe(before);
  });
});
