import { describe, expect, test } from 'vitest';
import { createDeadline, exchange, type Fetch } from '../../src/core/index.ts';
import { createProvider, knownProvider, providerNames, type ProviderForm } from '../../src/generation/index.ts';
import { createTestClock } from '../support/test-clock.ts';

const KEY = 'sk-secret-0123456789';
const HOUR_MS = 3_600_000;

/** A service that answers this to everything, and what it was sent. */
function createService(
  answer: () => Response | Promise<Response>,
  given: { form?: ProviderForm; apiKey?: string } = {},
) {
  const { form = 'openai' } = given;
  const apiKey = 'apiKey' in given ? given.apiKey : KEY;
  const clock = createTestClock();
  const sent: { url: string; init: RequestInit }[] = [];
  const fetch: Fetch = async (url, init) => {
    sent.push({ url, init });
    return answer();
  };
  const config = { name: 'tested', form, baseUrl: 'https://service.test/v1//', apiKey, model: undefined };
  const provider = createProvider({ fetch, clock }, config);
  const deadline = createDeadline(clock, clock.now() + 5_000);
  return {
    ...{ clock, sent, provider },
    order: () => clock.until(provider.submit({ prompt: '小猫', reference: 'w_1_1', deadline })),
    ask: (taskId = 'task-1') => clock.until(provider.ask?.(taskId, deadline) ?? Promise.reject(new Error('no ask'))),
  };
}

const refusing =
  (message: string, code = 'x') =>
  () =>
    new Response(JSON.stringify({ error: { message, code } }), { status: 401 });
const telling = (output: object) => () => new Response(JSON.stringify({ output }));

describe('a service that quotes the key which it refuses', () => {
  test.each([
    ['whole', `Incorrect API key provided: ${KEY}`],
    ['cut off', `Incorrect API key provided: ${KEY.slice(0, 8)}…`],
  ])('is not repeated to anybody, be it %s', async (_what, words) => {
    const { order } = createService(refusing(words, `key_${KEY}`));
    expect(await order()).toEqual({
      ...{ status: 'failed', message: '图片服务拒绝了请求', httpStatus: 401, cause: 'withheld' },
    });
  });

  test('is not repeated when it is asked about a task either', async () => {
    const { ask } = createService(telling({ task_status: 'FAILED', message: `bad key ${KEY}` }), { form: 'dashscope' });
    expect(await ask()).toEqual({ status: 'failed', message: '图片服务拒绝了请求', cause: 'FAILED' });
  });

  test.each([
    ['says less of it than eight characters', KEY, KEY.slice(0, 7)],
    ['has a key that is too short to tell', KEY.slice(0, 7), `bad key ${KEY.slice(0, 7)}`],
    ['has no key', undefined, 'undefined key'],
  ])('is repeated where it %s', async (_what, apiKey, message) => {
    const { order } = createService(refusing(message), { apiKey: apiKey as string });
    expect(await order()).toMatchObject({ status: 'failed', message, cause: 'x' });
  });

  test('is not repeated with a key of eight characters', async () => {
    const { order } = createService(refusing('bad key 12345678'), { apiKey: '12345678' });
    expect(await order()).toMatchObject({ message: '图片服务拒绝了请求', cause: 'x' });
  });
});

describe('a service that is known by its name', () => {
  test('has an address, a form, and a time for which it keeps its pictures', () => {
    expect(providerNames()).toEqual(['zhipu', 'volcengine', 'siliconflow', 'dashscope']);
    expect(knownProvider('zhipu')).toMatchObject({ form: 'openai', keepsPicturesHours: 720 });
    for (const name of ['toString', 'nobody']) expect(knownProvider(name)).toBeUndefined();
  });

  test.each([
    ['volcengine', 24 * HOUR_MS],
    ['nobody knows', HOUR_MS],
  ])('tells how long the addresses of %s work', (name, keepsPicturesMs) => {
    const config = {
      name,
      form: 'openai',
      baseUrl: 'https://service.test',
      apiKey: undefined,
      model: undefined,
    } as const;
    const provider = createProvider({ fetch, clock: createTestClock() }, config);
    expect(provider).toMatchObject({ name, keepsPicturesMs, trustedOrigin: 'https://service.test' });
    expect(provider).not.toHaveProperty('ask');
  });
});

describe('what a service of tasks is sent', () => {
  test('is JSON under the key, at an address with one slash, without a model where none is configured', async () => {
    const { order, sent } = createService(telling({ task_id: 'task-1' }), { form: 'dashscope' });
    expect(await order()).toEqual({ status: 'accepted', taskId: 'task-1' });
    expect(sent[0]?.url).toBe('https://service.test/v1/services/aigc/text2image/image-synthesis');
    expect(sent[0]?.init.headers).toMatchObject({ 'content-type': 'application/json', authorization: `Bearer ${KEY}` });
    expect(JSON.parse(sent[0]?.init.body as string)).toMatchObject({ model: '' });
  });

  test('is the key too when it is asked, and an empty one where there is none', async () => {
    const running = telling({ task_status: 'SUSPENDED' });
    const keyed = createService(running, { form: 'dashscope' });
    expect(await keyed.ask()).toEqual({ status: 'running' });
    expect(keyed.sent[0]).toMatchObject({
      url: 'https://service.test/v1/tasks/task-1',
      init: { headers: { authorization: `Bearer ${KEY}` } },
    });
    const keyless = createService(running, { form: 'dashscope', apiKey: undefined as never });
    await keyless.ask();
    expect(keyless.sent[0]?.init.headers).toEqual({ authorization: 'Bearer ' });
  });
});

describe('what a service of tasks says', () => {
  const dashscope = (answer: () => Response) => createService(answer, { form: 'dashscope' });

  test.each<[string, () => Response, object]>([
    ['nothing', () => new Response('null'), { httpStatus: 200, cause: 'no-task' }],
    ['an output that is null', () => new Response('{"output":null}'), { httpStatus: 200, cause: 'no-task' }],
    ['an endless name', telling({ task_id: 'x'.repeat(129) }), { httpStatus: 200, cause: 'no-task' }],
    ['a name with something behind it', telling({ task_id: 'task-1/..' }), { httpStatus: 200, cause: 'no-task' }],
  ])('is no task where it is %s', async (_what, answer, facts) => {
    expect(await dashscope(answer).order()).toMatchObject({
      status: 'unknown',
      message: expect.stringMatching(/./),
      ...facts,
    });
  });

  test.each<[string, () => Response]>([
    ['a refusal', () => new Response('{}', { status: 400 })],
    [
      'a refusal that looks like a result',
      () => new Response('{"output":{"task_status":"SUCCEEDED","results":[{"url":"https://x"}]}}', { status: 400 }),
    ],
    ['a picture of a task that is in no known state', telling({ task_status: 'ODD', results: [{ url: 'https://x' }] })],
    ['results that are no list', telling({ task_status: 'SUCCEEDED', results: { url: 'https://x' } })],
  ])('is neither a picture nor a failure where it is %s', async (_what, answer) => {
    const told = await dashscope(answer).ask();
    expect(told).toMatchObject({ status: 'unknown', message: expect.stringMatching(/./) });
  });

  test('is cut where it gives an endless reason', async () => {
    const told = await dashscope(telling({ task_status: 'FAILED', message: 'x'.repeat(999) })).ask();
    expect(told).toEqual({ status: 'failed', message: 'x'.repeat(200), cause: 'FAILED' });
  });

  test('is not asked for under a name that is none, which is said', async () => {
    const { ask, sent } = dashscope(telling({}));
    expect(await ask('task 1')).toMatchObject({ status: 'unknown', message: expect.stringMatching(/./) });
    expect(sent).toEqual([]);
  });
});

describe('an exchange with a service', () => {
  const bodyOf = (...parts: readonly string[]) =>
    new Response(
      new ReadableStream({
        start(controller) {
          for (const part of parts) controller.enqueue(new TextEncoder().encode(part));
          controller.close();
        },
      }),
    );
  async function exchanged(answer: () => Response | Promise<Response>, maxBytes = 10) {
    const clock = createTestClock();
    let signal: AbortSignal | null | undefined;
    const fetch: Fetch = async (_url, init) => {
      ({ signal } = init);
      return answer();
    };
    const deadline = createDeadline(clock, clock.now() + 5_000);
    const outcome = await clock.until(exchange({ fetch, clock }, { url: 'https://x', deadline, maxBytes }));
    return { outcome, isAborted: signal?.aborted };
  }

  test('answers the whole body, put together from its parts, up to the last byte that may be', async () => {
    const { outcome } = await exchanged(() => bodyOf('01234', '567', '89'));
    expect(outcome).toMatchObject({ kind: 'answered', status: 200 });
    expect(outcome.kind === 'answered' && new TextDecoder().decode(outcome.body)).toBe('0123456789');
    expect((await exchanged(() => bodyOf('01234', '567', '89x'))).outcome).toMatchObject({ kind: 'unclear' });
  });

  test('answers nothing of a body that is not there', async () => {
    const { outcome } = await exchanged(() => new Response(null, { status: 204 }));
    expect(outcome).toMatchObject({ kind: 'answered', status: 204, body: new Uint8Array() });
  });

  test('leaves nothing open behind it, however it ended', async () => {
    expect((await exchanged(() => bodyOf('ok'))).isAborted).toBe(true);
    expect((await exchanged(() => new Promise<never>(() => undefined))).isAborted).toBe(true);
  });

  test('tells of what went wrong only in words of its own, or by a plain name', async () => {
    const failing = (cause: unknown) => () => Promise.reject(new TypeError(`key ${KEY}`, { cause }));
    expect((await exchanged(failing(undefined))).outcome).toEqual({ kind: 'unclear', message: 'the request failed' });
    expect((await exchanged(failing({ code: 7 }))).outcome).toEqual({ kind: 'unclear', message: 'the request failed' });
    expect((await exchanged(failing({ code: 'ECONNRESET' }))).outcome).toEqual({
      kind: 'unclear',
      message: 'ECONNRESET',
    });
    expect((await exchanged(failing({ code: 'ENOTFOUND' }))).outcome).toEqual({
      kind: 'not-sent',
      message: 'ENOTFOUND',
    });
  });

  test('gives no name to an error of the service that is too long for one', async () => {
    const { order } = createService(refusing('no', `${'x'.repeat(65)}`));
    expect(await order()).toMatchObject({ cause: undefined });
  });
});
