import { describe, expect, test } from 'vitest';
import { isDurableError } from '../../src/core/index.ts';
import { readConfig, type Environment } from '../../src/service/index.ts';

describe('the settings', () => {
  test('may all be absent, or empty', () => {
    const defaults = { provider: undefined, registration: { open: true, initialCredits: 20 }, key: undefined };
    expect(readConfig({})).toMatchObject(defaults);
    const empty = ['PROVIDER', 'PROVIDER_URL', 'REGISTRATION', 'INITIAL_CREDITS', 'KEY'];
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
