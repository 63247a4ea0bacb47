import { describe, expect, test } from 'vitest';
import { createDurable, isDurableError, type DurableOptions } from '../../src/index.ts';

const cloud = {
  database: () => ({}),
  uploadFile: () => undefined,
  downloadFile: () => undefined,
  getTempFileURL: () => undefined,
  deleteFile: () => undefined,
  getWXContext: () => ({ OPENID: 'o' }),
};

const codeOf = (options: object | undefined): string => {
  try {
    createDurable(options as DurableOptions);
    return 'accepted';
  } catch (error) {
    return isDurableError(error) ? `${error.code} ${String(error.details['option'])}` : String(error);
  }
};

describe('createDurable', () => {
  test.each([
    ['the SDK alone', { cloud }],
    ['a key', { cloud, key: 'ab'.repeat(32) }],
    ['options that are not set', { cloud, key: undefined, log: undefined, timeLimitMs: undefined, breaker: undefined }],
    ['a breaker of its own', { cloud, breaker: { failuresToOpen: 3, openMs: 500, maxOpenMs: 2_000 } }],
    ['keys of before', { cloud, key: 'ab'.repeat(32), previousKeys: ['cd'.repeat(32), 'ef'.repeat(32)] }],
    [
      'every number at its bounds',
      { cloud, maxAttempts: 1, baseDelayMs: 0, attemptTimeoutMs: 100, timeLimitMs: 900_000 },
    ],
  ])('accepts %s', (_what, options) => {
    expect(codeOf(options)).toBe('accepted');
  });

  test.each([
    ['nothing', undefined, 'cloud'],
    ['no SDK', {}, 'cloud'],
    ['something that is no SDK', { cloud: {} }, 'cloud'],
    ['an option that there is not', { cloud, maxRetries: 3 }, 'maxRetries'],
    ['no attempt at all', { cloud, maxAttempts: 0 }, 'maxAttempts'],
    ['half an attempt', { cloud, maxAttempts: 1.5 }, 'maxAttempts'],
    ['a text for a number', { cloud, baseDelayMs: '1000' }, 'baseDelayMs'],
    ['seconds for milliseconds', { cloud, timeLimitMs: 3 }, 'timeLimitMs'],
    ['a wait that is not a number', { cloud, attemptTimeoutMs: NaN }, 'attemptTimeoutMs'],
    ['the SDK itself in place of options', cloud, 'cloud'],
    ['an SDK that cannot say who calls', { cloud: { database: () => ({}) } }, 'cloud'],
    ['a key as bytes', { cloud, key: Buffer.alloc(32) }, 'key'],
    ['a key that is null', { cloud, key: null }, 'key'],
    ['previous keys as one text', { cloud, previousKeys: 'ab'.repeat(32) }, 'previousKeys'],
    ['a previous key that is a number', { cloud, previousKeys: [7] }, 'previousKeys'],
    ['the console for a log', { cloud, log: console }, 'log'],
    ['no collection for dead letters', { cloud, deadLetters: '' }, 'deadLetters'],
    ['a name that no collection can have', { cloud, deadLetters: 'dead letters' }, 'deadLetters'],
    ['a number for the breaker', { cloud, breaker: 5 }, 'breaker'],
    ['an option that the breaker has not', { cloud, breaker: { failures: 5 } }, 'failures'],
    ['a breaker that never opens', { cloud, breaker: { failuresToOpen: 0 } }, 'failuresToOpen'],
  ])('refuses %s at once, naming the option', (_what, options, option) => {
    expect(codeOf(options)).toBe(`CONFIG_INVALID ${option}`);
  });

  test('refuses a key that is no key, and does not print it', () => {
    expect(() => createDurable({ cloud, key: 'correct horse' })).toThrow(/CONFIG_INVALID/);
    expect(() => createDurable({ cloud, key: 'correct horse' })).not.toThrow(/horse/);
    expect(() => createDurable({ cloud, previousKeys: ['correct horse'] })).toThrow(/CONFIG_INVALID/);
  });

  test('answers a handler with an envelope, whatever an action does', async () => {
    const main = createDurable({ cloud, log: { write: () => undefined } }).handler({
      hello: async ({ openid, data }) => ({ openid, data }),
      own: async () => ({ code: 418, message: 'teapot' }),
      broken: async () => Promise.reject(new TypeError('secret of the machine')),
    });
    expect(await main({ action: 'hello', data: 1 })).toMatchObject({ code: 200, data: { openid: 'o', data: 1 } });
    expect(await main({ action: 'own' })).toEqual({ code: 418, message: 'teapot' });
    const answer = await main({ action: 'broken' });
    expect(answer).toMatchObject({ code: 500, error: { code: 'INTERNAL' } });
    expect(JSON.stringify(answer)).not.toContain('secret');
  });
});
