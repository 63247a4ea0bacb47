import { describe, expect, test } from 'vitest';
import { DurableError } from '../../src/core/index.ts';
import { createHandler, succeed, type Action, type Call, type Envelope } from '../../src/service/index.ts';
import { memoryLog, seededRandom, testHash } from '../support/ports.ts';
import { createTestClock } from '../support/test-clock.ts';

const START_MS = Date.UTC(2026, 10, 22, 4);

function createDesk(actions: Readonly<Record<string, Action>>, openid: unknown = 'oCaller') {
  const log = memoryLog();
  const clock = createTestClock(START_MS);
  const deps = { clock, log, hash: testHash, random: seededRandom(1), identity: () => ({ OPENID: openid }) };
  return { log, clock, handle: createHandler(deps, actions) };
}

/** A desk whose action `look` tells what it was given. */
function createMirror() {
  const calls: Call[] = [];
  const look = async (call: Call): Promise<Envelope> => {
    calls.push(call);
    return succeed('看到了', null);
  };
  return { calls, ...createDesk({ look }) };
}

describe('an action', () => {
  test('gets the caller of the platform, the data as it came, and the name of the invocation', async () => {
    const { handle, calls } = createMirror();
    const data = { openid: 'oForged', list: [1] };
    expect(await handle({ action: 'look', data, openid: 'oForged' }, { request_id: 'req-1' })).toEqual({
      code: 200,
      message: '看到了',
      data: null,
    });
    expect(calls).toMatchObject([{ openid: 'oCaller', data, requestId: 'req-1' }]);
  });

  test.each([
    ['60 s', { time_limit_in_ms: 60_000 }, 60_000],
    ['the platform’s 3 s where nothing is told', {}, 3_000],
    ['the platform’s 3 s where nonsense is told', { time_limit_in_ms: -1 }, 3_000],
    ['the platform’s 3 s where a text is told', { time_limit_in_ms: '60000' }, 3_000],
  ])('has a deadline shortly before the function’s own time limit: %s', async (_what, context, limitMs) => {
    const { handle, calls } = createMirror();
    await handle({ action: 'look' }, context);
    const atMs = calls[0]?.deadline.atMs ?? 0;
    expect(atMs).toBeLessThan(START_MS + limitMs);
    expect(atMs).toBeGreaterThan(START_MS + limitMs - 500);
  });

  test.each([undefined, 7, '', 'a b', 'x'.repeat(129)])(
    'gets a name of its own making where the platform’s is %j',
    async (name) => {
      const { handle, calls } = createMirror();
      await handle({ action: 'look' }, { request_id: name });
      expect(calls[0]?.requestId).toMatch(/^[0-9a-f]{32}$/);
    },
  );

  test('that throws something of ours is answered with its code and the words for people', async () => {
    const { handle } = createDesk({
      refuse: () => Promise.reject(new DurableError('QUOTA_EXCEEDED', 'secret detail', { details: { limit: 50 } })),
    });
    expect(await handle({ action: 'refuse', data: { requestId: 'mine' } }, { request_id: 'theirs' })).toEqual({
      code: 429,
      message: '今日生成次数已用完，请明天再来',
      error: { code: 'QUOTA_EXCEEDED', category: 'caller' },
      requestId: 'mine',
    });
  });

  // Whatever JavaScript lets be thrown.
  test.each<[string, Error]>([
    ['an exception', new TypeError('Cannot read properties of undefined at /var/user/index.js')],
    ['a text', 'boom' as unknown as Error],
    ['nothing', undefined as unknown as Error],
    ['an object of the SDK', { errCode: -501001, errMsg: 'secret' } as unknown as Error],
  ])('that throws %s is answered as our fault, without a word of it', async (_what, thrown) => {
    const { handle, log } = createDesk({ break: () => Promise.reject(thrown) });
    const answer = await handle({ action: 'break' }, { request_id: 'req-1' });
    expect(answer).toEqual({
      code: 500,
      message: '系统错误，请稍后再试',
      error: { code: 'INTERNAL', category: 'fault' },
      requestId: 'req-1',
    });
    expect(log.lines).toContainEqual(expect.objectContaining({ level: 'error', event: 'call.fault' }));
  });

  test('that is nobody’s is refused, though every object has one of that name', async () => {
    const { handle } = createMirror();
    for (const action of ['constructor', 'hasOwnProperty', '__proto__', 'valueOf', '', 'LOOK']) {
      expect(await handle({ action })).toMatchObject({ code: 400, error: { code: 'ACTION_UNKNOWN' } });
    }
  });
});

test.each([
  ['nothing', null],
  ['an empty text', ''],
  ['a number', 7],
  ['an object', {}],
  ['a list', ['o']],
])('a caller whose OPENID is %s is not served', async (_what, openid) => {
  const served: Call[] = [];
  const look: Action = async (call) => {
    served.push(call);
    return succeed('', null);
  };
  expect(await createDesk({ look }, openid).handle({ action: 'look' })).toMatchObject({
    code: 401,
    error: { code: 'AUTH_MISSING' },
  });
  expect(served).toEqual([]);
  expect(await createDesk({ look }, 'o').handle({ action: 'look' })).toMatchObject({ code: 200 });
});

describe('the log', () => {
  test('has one line a call, with what was asked and how it ended, and no data', async () => {
    const { handle, log } = createMirror();
    await handle({ action: 'look', data: { prompt: '秘密' } }, { request_id: 'req-1' });
    await handle({ action: 'evil\n{"level":"error"}' }, { request_id: 'req-2' });
    expect(log.lines).toEqual([
      {
        level: 'info',
        event: 'call.answered',
        fields: { requestId: 'req-1', action: 'look', code: 200, error: undefined, latencyMs: 0 },
      },
      {
        level: 'info',
        event: 'call.answered',
        fields: {
          requestId: 'req-2',
          action: 'unknown',
          code: 400,
          error: 'ACTION_UNKNOWN',
          reason: '[ACTION_UNKNOWN] known actions are look',
          latencyMs: 0,
        },
      },
    ]);
  });
});
