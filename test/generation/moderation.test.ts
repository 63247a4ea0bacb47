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
    ['review beside an error code', () => verdict('review', -1)],
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

  test('is logged by numbers and short words alone, whatever the platform says', async () => {
    const { check, log } = scripted(() => ({ errCode: 87014, result: { suggest: 'x'.repeat(30), label: '小猫' } }));
    expect(await check()).toBe('reject');
    expect(log.lines).toMatchObject([{ fields: { suggest: 'x'.repeat(20), label: null } }]);
  });
});

describe('a check that could not be made', () => {
  const failing = async (answer: () => unknown, timeMs = 60_000) => {
    const clock = createTestClock();
    const log = memoryLog();
    const openapi: OpenApi = { security: { msgSecCheck: async () => answer() } };
    const deadline = createDeadline(clock, clock.now() + timeMs);
    const startedAtMs = clock.now();
    const check = createWechatModeration({ openapi, clock, log })('小猫', { openid: 'oPerson', deadline });
    const error: unknown = await clock.until(check.catch((thrown: unknown) => thrown));
    return { error, lines: log.lines, spentMs: clock.now() - startedAtMs };
  };

  test.each([
    ['the code of the platform', throwing({ errCode: 61010 }), 61_010],
    ['its code in the other spelling', throwing({ errcode: 40_001 }), 40_001],
    ['-1 where there is none', throwing(new TypeError('oops')), -1],
    ['-1 where nothing was thrown', throwing(undefined), -1],
    ['nothing where the answer has no number', () => ({ errCode: '0' }), null],
  ])('tells %s, in the log and in the error', async (_what, answer, errCode) => {
    const { error, lines } = await failing(answer);
    expect(error).toMatchObject({ code: 'MODERATION_UNAVAILABLE', details: { errCode } });
    expect(lines).toEqual([{ level: 'warn', event: 'moderation.unavailable', fields: { errCode } }]);
  });

  test('is given up after 3 s, and after two fifths of what is left where that is less', async () => {
    const silent = () => new Promise<never>(() => undefined);
    expect((await failing(silent)).spentMs).toBe(3_000);
    expect((await failing(silent, 5_000)).spentMs).toBe(2_000);
  });
});
