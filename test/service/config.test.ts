import { describe, expect, test } from 'vitest';
import { isDurableError } from '../../src/core/index.ts';
import { readConfig, type Environment } from '../../src/service/index.ts';

describe('the settings', () => {
  test('may all be absent, or empty', () => {
    const defaults = {
      provider: undefined,
      previousProvider: undefined,
      registration: { open: true, initialCredits: 20 },
      moderation: undefined,
      key: undefined,
      previousKeys: [],
    };
    expect(readConfig({})).toMatchObject(defaults);
    const empty = [
      ...['PROVIDER', 'PROVIDER_URL', 'REGISTRATION', 'INITIAL_CREDITS', 'KEY'],
      ...['PREVIOUS_PROVIDER', 'PREVIOUS_KEYS', 'MODERATION'],
    ];
    expect(readConfig(Object.fromEntries(empty.map((name) => [`WX_DURABLE_${name}`, ''])))).toMatchObject(defaults);
  });

  test.each([
    ['zhipu', 'https://open.bigmodel.cn/api/paas/v4'],
    ['volcengine', 'https://ark.cn-beijing.volces.com/api/v3'],
    ['siliconflow', 'https://api.siliconflow.cn/v1'],
  ])('know the address of %s', (name, baseUrl) => {
    const env = { WX_DURABLE_PROVIDER: name, WX_DURABLE_PROVIDER_KEY: 'k', WX_DURABLE_PROVIDER_MODEL: 'm' };
    expect(readConfig(env).provider).toMatchObject({ name, baseUrl, apiKey: 'k', model: 'm' });
  });

  test('take another address before the known one', () => {
    const env = { WX_DURABLE_PROVIDER: 'zhipu', WX_DURABLE_PROVIDER_URL: 'http://10.0.0.8:9000/v1' };
    expect(readConfig(env).provider).toMatchObject({ baseUrl: 'http://10.0.0.8:9000/v1' });
  });

  test('know the service used before as they know the present one', () => {
    const env = {
      WX_DURABLE_PROVIDER: 'zhipu',
      WX_DURABLE_PROVIDER_MODEL: 'cogview',
      WX_DURABLE_PREVIOUS_PROVIDER: 'dashscope',
      WX_DURABLE_PREVIOUS_PROVIDER_KEY: 'k-old',
      WX_DURABLE_PREVIOUS_PROVIDER_MODEL: 'wan-x',
    };
    const { provider, previousProvider } = readConfig(env);
    expect(provider).toMatchObject({ name: 'zhipu', apiKey: undefined });
    expect(previousProvider).toMatchObject({ name: 'dashscope', form: 'dashscope', apiKey: 'k-old', model: 'wan-x' });
  });

  test('take previous keys as a list with commas', () => {
    expect(readConfig({ WX_DURABLE_PREVIOUS_KEYS: ' a, b ,,c' }).previousKeys).toEqual(['a', 'b', 'c']);
  });

  test.each([
    ['wechat', 'wechat'],
    ['off', undefined],
  ])('switch the look at prompts by %s', (value, moderation) => {
    expect(readConfig({ WX_DURABLE_MODERATION: value }).moderation).toBe(moderation);
  });

  test('do not take an inherited name for a known service', () => {
    for (const name of ['constructor', '__proto__', 'toString']) {
      expect(variableOf({ WX_DURABLE_PROVIDER: name })).toBe('WX_DURABLE_PROVIDER_URL');
    }
  });

  test.each([
    ['on', true],
    ['off', false],
  ])('open or close registration by %s', (value, open) => {
    expect(readConfig({ WX_DURABLE_REGISTRATION: value }).registration.open).toBe(open);
  });

  test.each<[string, Environment]>([
    ['WX_DURABLE_REGISTRATION', { WX_DURABLE_REGISTRATION: 'true' }],
    ['WX_DURABLE_INITIAL_CREDITS', { WX_DURABLE_INITIAL_CREDITS: '-1' }],
    ['WX_DURABLE_INITIAL_CREDITS', { WX_DURABLE_INITIAL_CREDITS: '1e3' }],
    ['WX_DURABLE_INITIAL_CREDITS', { WX_DURABLE_INITIAL_CREDITS: '2.5' }],
    ['WX_DURABLE_MODERATION', { WX_DURABLE_MODERATION: 'weixin' }],
    ['WX_DURABLE_PROVIDER_FORM', { WX_DURABLE_PROVIDER: 'zhipu', WX_DURABLE_PROVIDER_FORM: 'soap' }],
    ['WX_DURABLE_PROVIDER_MODEL', { WX_DURABLE_PROVIDER: 'dashscope' }],
    ['WX_DURABLE_PROVIDER_MODEL', { WX_DURABLE_PROVIDER: 'zhipu' }],
    ['WX_DURABLE_PREVIOUS_PROVIDER_URL', { WX_DURABLE_PREVIOUS_PROVIDER: 'mine' }],
    ['WX_DURABLE_PROVIDER_URL', { WX_DURABLE_PROVIDER: 'mine' }],
    ['WX_DURABLE_PROVIDER_URL', { WX_DURABLE_PROVIDER: 'mine', WX_DURABLE_PROVIDER_URL: 'ftp://x' }],
    ['WX_DURABLE_PROVIDER_URL', { WX_DURABLE_PROVIDER: 'mine', WX_DURABLE_PROVIDER_URL: 'https://a b' }],
  ])('name a wrong %s, and never its value', (variable, env) => {
    expect(variableOf(env)).toBe(variable);
  });
});

function variableOf(env: Environment): unknown {
  try {
    readConfig(env);
  } catch (error) {
    if (!isDurableError(error, 'CONFIG_INVALID')) throw error;
    const value = env[String(error.details['variable'])];
    if (value !== undefined) expect(error.message).not.toContain(value);
    return error.details['variable'];
  }
  return undefined;
}
