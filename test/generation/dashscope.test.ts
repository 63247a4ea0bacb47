import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDeadline } from '../../src/core/index.ts';
import { nodeClock } from '../../src/core/node/index.ts';
import { createProvider, type Provider } from '../../src/generation/index.ts';
import { replyWith, startLoopback, type Loopback, type Reply } from '../support/loopback.ts';

let service: Loopback;

beforeAll(async () => {
  service = await startLoopback();
});

afterAll(() => service.close());

beforeEach(() => service.answer(replyWith(404)));

const soon = (timeMs = 5_000) => createDeadline(nodeClock, nodeClock.now() + timeMs);

function provider(baseUrl = `${service.url}/api/v1`): Provider {
  const config = { name: 'dashscope', form: 'dashscope', baseUrl, apiKey: 'secret-key', model: 'wan-x' } as const;
  return createProvider({ fetch, clock: nodeClock }, config);
}

const submit = (timeMs?: number) => provider().submit({ prompt: '小猫', reference: 'w_1_1', deadline: soon(timeMs) });
const ask = (taskId = 'task-1', timeMs?: number) => provider().ask?.(taskId, soon(timeMs));
const task = (output: object): Reply => replyWith(200, { request_id: 'r', output });

describe('an order', () => {
  test('is submitted as an asynchronous task with model, prompt, key and reference', async () => {
    service.answer(task({ task_id: 'task-1', task_status: 'PENDING' }));
    expect(await submit()).toEqual({ status: 'accepted', taskId: 'task-1' });
    const last = service.received.at(-1);
    expect(last).toMatchObject({ method: 'POST', path: '/api/v1/services/aigc/text2image/image-synthesis' });
    expect(last?.headers).toMatchObject({
      authorization: 'Bearer secret-key',
      'x-dashscope-async': 'enable',
      'x-client-request-id': 'w_1_1',
    });
    expect(JSON.parse(last?.body ?? '')).toEqual({ model: 'wan-x', input: { prompt: '小猫' }, parameters: { n: 1 } });
  });

  test.each<[string, Reply, string]>([
    [
      'a refusal with its reason',
      replyWith(400, { code: 'DataInspectionFailed', message: '内容不合规' }),
      '内容不合规',
    ],
    ['too many orders', replyWith(429, { message: 'Throttling' }), 'Throttling'],
    ['a wrong key', replyWith(401), 'HTTP 401'],
  ])('fails for certain: %s', async (_what, reply, message) => {
    service.answer(reply);
    expect(await submit()).toMatchObject({ status: 'failed', message });
  });

  test.each<[string, Reply]>([
    ['a server error', replyWith(500, { message: 'oops' })],
    ['a gateway in between', replyWith(502, '<html>')],
    ['no JSON', replyWith(200, 'ok')],
    ['no task', task({})],
    ['a task id that is no plain name', task({ task_id: '../../admin' })],
    ['a connection that ends', (response) => void response.destroy()],
  ])('may have been taken: %s', async (_what, reply) => {
    service.answer(reply);
    expect(await submit()).toMatchObject({ status: 'unknown' });
  });

  test('may have been taken when no answer comes in time', async () => {
    service.answer(() => undefined);
    expect(await submit(200)).toMatchObject({ status: 'unknown' });
  });

  test('was never taken by a service that cannot be reached', async () => {
    const gone = await startLoopback();
    await gone.close();
    const answer = provider(gone.url).submit({ prompt: 'x', reference: 'r', deadline: soon() });
    expect(await answer).toMatchObject({ status: 'failed' });
  });
});

describe('a task that is asked for', () => {
  test.each<[string, object, object]>([
    ['waiting', { task_status: 'PENDING' }, { status: 'running' }],
    ['under way', { task_status: 'RUNNING' }, { status: 'running' }],
    [
      'done',
      { task_status: 'SUCCEEDED', results: [{ url: 'https://pictures.test/1.png' }] },
      { status: 'completed', picture: { url: 'https://pictures.test/1.png' } },
    ],
    [
      'failed',
      { task_status: 'FAILED', code: 'DataInspectionFailed', message: '生成失败' },
      { status: 'failed', message: '生成失败', cause: 'DataInspectionFailed' },
    ],
    ['cancelled', { task_status: 'CANCELED' }, { status: 'failed', message: 'CANCELED', cause: 'CANCELED' }],
  ])('is told as it stands: %s', async (_what, output, told) => {
    service.answer(task({ task_id: 'task-1', ...output }));
    expect(await ask()).toEqual(told);
    expect(service.received.at(-1)).toMatchObject({ method: 'GET', path: '/api/v1/tasks/task-1' });
  });

  test.each<[string, Reply]>([
    ['forgotten by the service', task({ task_status: 'UNKNOWN' })],
    ['done without a picture', task({ task_status: 'SUCCEEDED', results: [] })],
    ['not found', replyWith(404)],
    ['asked for too often', replyWith(429)],
    ['behind a server error', replyWith(503)],
    ['answered with garbage', replyWith(200, '{')],
  ])('is unknown, never failed, when it is %s', async (_what, reply) => {
    service.answer(reply);
    expect(await ask()).toMatchObject({ status: 'unknown' });
  });

  test('is not asked for under an id that is no plain name', async () => {
    const before = service.received.length;
    expect(await ask('../tasks?x=1')).toMatchObject({ status: 'unknown' });
    expect(service.received).toHaveLength(before);
  });
});
