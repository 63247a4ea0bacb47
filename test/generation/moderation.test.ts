import { describe, expect, test } from 'vitest';
import { createDeadline, isDurableError } from '../../src/core/index.ts';
import { createWechatModeration, type OpenApi } from '../../src/generation/index.ts';
import { memoryLog } from '../support/ports.ts';
import { createTestClock } from '../support/test-clock.ts';

/** The check over a platform that answers like this; and what it was asked, and what it logged. */
function scripted(msgSecCheck: () => unknown) {
  const clock = createTestClock();
  const log = memoryLog();
  const requests: unknown[] = [];
  const openapi: OpenApi = {
    security: {
      msgSecCheck: async (request) => {
        requests.push(request);
        return msgSecCheck();
      },
    },
  };
  const moderate = createWechatModeration({ openapi, clock, log });
  const deadline = createDeadline(clock, clock.now() + 60_000);
  const check = () =>
    clock.until(
      moderate('小猫', { openid: 'oPerson', deadline }).catch((error: unknown) => {
        if (isDurableError(error)) return error.code;
        throw error;
      }),
    );
  return { check, requests, log };
}

const verdict = (suggest: unknown, errCode: unknown = 0) => ({
  errCode,
  errMsg: 'ok',
  result: { suggest, label: 100 },
});
const throwing = (error: unknown) => () => {
  throw error;
};

test('the platform is asked by version 2, for this person', async () => {
  const { check, requests } = scripted(() => verdict('pass'));
  expect(await check()).toBe('pass');
  expect(requests).toEqual([{ version: 2, scene: 4, openid: 'oPerson', content: '小猫' }]);
});

describe('a verdict', () => {
  test.each([
    ['pass', verdict('pass'), 'pass'],
    ['pass, with the code in the other spelling', { errcode: 0, result: { suggest: 'pass' } }, 'pass'],
    ['review', verdict('review'), 'reject'],
    ['risky', verdict('risky'), 'reject'],
    ['the refusal of version 1', { errCode: 87014, errMsg: 'risky' }, 'reject'],
  ])('that says %s', async (_what, answer, expected) => {
    expect(await scripted(() => answer).check()).toBe(expected);
  });

  test('that refuses by throwing, as version 1 does', async () => {
    expect(await scripted(throwing({ errCode: 87014, errMsg: 'risky content' })).check()).toBe('reject');
  });

  test.each<[string, () => unknown]>([
    ['a code of 0 and nothing else', () => ({ errCode: 0, errMsg: 'openapi.security.msgSecCheck:ok' })],
    ['a code of 0 with an empty result', () => ({ errCode: 0, result: {} })],
    ['a code of 0 and no result', () => ({ errCode: 0, result: null })],
    ['a suggestion that is no text', () => verdict({ $ne: 'risky' })],
    ['a suggestion nobody knows', () => verdict('PASS')],
    ['pass beside an error code', () => verdict('pass', -1)],
    ['pass without a code', () => ({ result: { suggest: 'pass' } })],
    ['nothing', () => undefined],
    ['a text', () => 'pass'],
    ['an error of the platform', throwing({ errCode: -1, errMsg: 'system error' })],
    ['that the person was not seen lately', throwing({ errCode: 61010 })],
    ['that the permission is missing', throwing({ errCode: -604101 })],
    ['an exception', throwing(new TypeError('openapi is not there'))],
    ['nothing in time', () => new Promise<never>(() => undefined)],
  ])('that is none, %s, lets nothing pass', async (_what, answer) => {
    const { check, log } = scripted(answer);
    expect(await check()).toBe('MODERATION_UNAVAILABLE');
    expect(log.lines).toMatchObject([{ level: 'warn', event: 'moderation.unavailable' }]);
  });

  test('is logged without the text and the person', async () => {
    const { check, log } = scripted(() => verdict('risky'));
    await check();
    expect(log.lines).toEqual([
      { level: 'info', event: 'moderation.rejected', fields: { suggest: 'risky', label: 100 } },
    ]);
  });
});
