import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createInProcess, DAY_MS, LEASE_MS } from '../support/in-process.ts';
import { createLocalCloud, person, userIdOf, workIdOf, type LocalCloud } from '../support/local-cloud.ts';
import { startLoopback, type Loopback } from '../support/loopback.ts';
import { createScriptedProvider, paintedPicture } from '../support/scripted-provider.ts';

let cloud: LocalCloud;

const WISH = { prompt: '灯塔', requestId: 'r1' };

beforeAll(async () => {
  cloud = await createLocalCloud({ env: {} });
});

afterAll(() => cloud.close());

const userOf = (openid: string) => cloud.get('users', userIdOf(openid));
const workOf = (openid: string) => cloud.get('works', workIdOf(openid, 'r1'));
const holdOf = async (openid: string): Promise<unknown> => {
  const user = (await userOf(openid)) as { quota?: { holds?: Record<string, unknown> } } | undefined;
  return user?.quota?.holds?.[workIdOf(openid, 'r1')];
};

/** Somebody whose call was killed while its task was being asked about. */
async function killedWhilePolling(openid: string) {
  const provider = createScriptedProvider();
  const time = createInProcess(cloud, { provider, env: {} });
  await cloud.add('users', person(openid));
  const { kill } = time.start(openid, { action: 'generate', data: WISH });
  await provider.firstQuestion;
  kill();
  return { provider, time };
}

describe('an image service that takes orders as tasks', () => {
  test('is asked until the picture is there, and its task was noted before the first question', async () => {
    const provider = createScriptedProvider();
    const time = createInProcess(cloud, { provider, env: {} });
    await cloud.add('users', person('oTask'));
    const { answer } = time.start('oTask', { action: 'generate', data: WISH });
    expect(await provider.firstQuestion).toBe('task-1');
    expect(await holdOf('oTask')).toMatchObject({ st: 'open', taskId: 'task-1' });
    provider.say(paintedPicture);
    expect(await answer).toMatchObject({ code: 200, data: { savedIn: 'works', remainingCredits: 19 } });
    expect(provider.orders).toEqual([`${workIdOf('oTask', 'r1')}_1`]);
    expect(await workOf('oTask')).toMatchObject({
      status: 'completed',
      provider: 'scripted',
      asset: { state: 'copied' },
    });
    expect(await userOf('oTask')).toMatchObject({ generateCount: 1, quota: { open: 0 } });
  });

  test('is not ordered from again where it says that the task failed', async () => {
    const provider = createScriptedProvider();
    provider.say({ status: 'failed', message: 'not allowed' });
    const time = createInProcess(cloud, { provider, env: {} });
    await cloud.add('users', person('oTaskFails'));
    expect(await time.generate('oTaskFails', WISH)).toMatchObject({ code: 502, error: { code: 'PROVIDER_FAILED' } });
    expect(await workOf('oTaskFails')).toMatchObject({ status: 'failed', errorMessage: 'not allowed' });
    expect(await userOf('oTaskFails')).toMatchObject({ credits: 20, quota: { open: 0 } });
    expect(provider.orders).toHaveLength(1);
  });

  test('leaves an unknown record where the task outlives the call, and recovery brings the picture', async () => {
    const provider = createScriptedProvider();
    const time = createInProcess(cloud, { provider, env: {}, limitMs: 4_000 });
    await cloud.add('users', person('oSlow'));
    expect(await time.generate('oSlow', WISH)).toMatchObject({ code: 504, error: { code: 'ONCE_UNKNOWN' } });
    expect(await workOf('oSlow')).toMatchObject({ status: 'unknown' });
    provider.say(paintedPicture);
    time.clock.forward(LEASE_MS);
    await time.recover();
    expect(await workOf('oSlow')).toMatchObject({ status: 'completed', isRecovered: true, asset: { state: 'copied' } });
    expect(await userOf('oSlow')).toMatchObject({ credits: 19, generateCount: 1, quota: { open: 0 } });
    expect(provider.orders).toHaveLength(1);
  });
});

describe('a function that was killed while its task ran', () => {
  test('is finished by recovery, which asks for the task and orders nothing', async () => {
    const { provider, time } = await killedWhilePolling('oKilledTask');
    const asked = provider.questions.length;
    provider.say(paintedPicture);
    await time.recover();
    expect(provider.questions).toHaveLength(asked);
    time.clock.forward(LEASE_MS);
    await time.recover();
    expect(provider.questions.slice(asked)).toEqual(['task-1']);
    expect(await workOf('oKilledTask')).toMatchObject({
      status: 'completed',
      isRecovered: true,
      originalPrompt: '灯塔',
      imageUrl: expect.stringMatching(/^cloud:/),
    });
    expect(await userOf('oKilledTask')).toMatchObject({ credits: 19, generateCount: 1, quota: { open: 0 } });
    expect(await time.generate('oKilledTask', WISH)).toMatchObject({ code: 200, data: { savedIn: 'works' } });
    expect(provider.orders).toHaveLength(1);
  });

  test('is finished by the same request after the lease just as well', async () => {
    const { provider, time } = await killedWhilePolling('oKilledAsks');
    expect(await time.generate('oKilledAsks', WISH)).toMatchObject({ code: 409, error: { code: 'ONCE_IN_PROGRESS' } });
    provider.say(paintedPicture);
    time.clock.forward(LEASE_MS);
    expect(await time.generate('oKilledAsks', WISH)).toMatchObject({ code: 200 });
    expect(await userOf('oKilledAsks')).toMatchObject({ credits: 19, generateCount: 1, quota: { open: 0 } });
    expect(provider.orders).toHaveLength(1);
  });

  test('gets everything back where the task turns out to have failed', async () => {
    const { provider, time } = await killedWhilePolling('oKilledFails');
    provider.say({ status: 'failed', message: 'out of paint' });
    time.clock.forward(LEASE_MS);
    await time.recover();
    expect(await workOf('oKilledFails')).toMatchObject({
      status: 'failed',
      errorMessage: 'out of paint',
      isRecovered: true,
    });
    expect(await userOf('oKilledFails')).toMatchObject({ credits: 20, generateCount: 0, quota: { open: 0 } });
  });

  test('waits for a task that still runs, and gives up after a day: the record has failed, the credit is back', async () => {
    const { provider, time } = await killedWhilePolling('oKilledRuns');
    time.clock.forward(LEASE_MS);
    await time.recover();
    expect(await userOf('oKilledRuns')).toMatchObject({ credits: 19, quota: { open: 1 } });
    expect((await workOf('oKilledRuns'))?.['status'] ?? 'unknown').toBe('unknown');
    time.clock.forward(DAY_MS);
    await time.recover();
    expect(await workOf('oKilledRuns')).toMatchObject({ status: 'failed', errorCode: 'ONCE_UNKNOWN' });
    expect(await userOf('oKilledRuns')).toMatchObject({ credits: 20, generateCount: 0, quota: { open: 0 } });
    expect(provider.orders).toHaveLength(1);
  });

  test('changes nothing any more where the picture turns up after it was given up', async () => {
    const { provider, time } = await killedWhilePolling('oKilledLate');
    time.clock.forward(LEASE_MS + DAY_MS);
    await time.recover();
    await time.recover();
    provider.say(paintedPicture);
    await time.recover();
    expect(await workOf('oKilledLate')).toMatchObject({ status: 'failed' });
    expect(await userOf('oKilledLate')).toMatchObject({ credits: 20, generateCount: 0 });
  });
});

describe('an unknown picture', () => {
  test('is ordered anew only when the person asks for it, after the lease', async () => {
    const { provider, time } = await killedWhilePolling('oRetry');
    provider.say({ status: 'unknown', message: 'no idea' });
    const retry = { ...WISH, retryUnknown: true };
    expect(await time.generate('oRetry', retry)).toMatchObject({ code: 409, error: { code: 'ONCE_IN_PROGRESS' } });
    time.clock.forward(LEASE_MS);
    expect(await time.generate('oRetry', WISH)).toMatchObject({ code: 504, error: { code: 'ONCE_UNKNOWN' } });
    expect(provider.orders).toHaveLength(1);
    const { answer } = time.start('oRetry', { action: 'generate', data: retry });
    while (provider.orders.length < 2) await new Promise((resolve) => setImmediate(resolve));
    provider.say(paintedPicture);
    expect(await answer).toMatchObject({
      code: 200,
      data: { savedIn: 'works', remainingCredits: 19, dailyUsage: { used: 1 } },
    });
    expect(provider.orders).toEqual([1, 2].map((attempt) => `${workIdOf('oRetry', 'r1')}_${attempt}`));
    expect(await workOf('oRetry')).toMatchObject({ status: 'completed', attempt: 2 });
    expect(await userOf('oRetry')).toMatchObject({ credits: 19, generateCount: 1, quota: { open: 0 } });
  });
});

describe('a task whose service is no longer the configured one', () => {
  /** A service that takes orders as tasks, with one task that is done. */
  async function startTaskService(): Promise<Loopback> {
    const service = await startLoopback();
    service.answer((response) => {
      const { path = '' } = service.received.at(-1) ?? {};
      const results = [{ url: `${service.url}/picture.png` }];
      if (path.endsWith('/picture.png')) return void response.end(Buffer.from([0x89, 0x50, 0x4e, 0x47]));
      const output = path.includes('/tasks/')
        ? { task_id: 'task-7', task_status: isDone ? 'SUCCEEDED' : 'RUNNING', results: isDone ? results : [] }
        : { task_id: 'task-7', task_status: 'PENDING' };
      response.end(JSON.stringify({ output }));
    });
    return service;
  }

  const settings = (prefix: string, service: Loopback): Record<string, string> => ({
    [prefix]: 'first-service',
    [`${prefix}_FORM`]: 'dashscope',
    [`${prefix}_URL`]: `${service.url}/api/v1`,
    [`${prefix}_MODEL`]: 'painter',
  });
  let isDone = false;
  let first: Loopback;

  beforeEach(async () => {
    isDone = false;
    first = await startTaskService();
  });

  afterEach(() => first.close());

  /** Somebody whose call to the first service was killed; then the deployment changes to another one. */
  async function moved(openid: string, env: Readonly<Record<string, string>>) {
    await cloud.add('users', person(openid));
    const before = createInProcess(cloud, { env: settings('WX_DURABLE_PROVIDER', first) });
    const { kill } = before.start(openid, { action: 'generate', data: WISH });
    while (!first.received.some(({ path }) => path.includes('/tasks/'))) await new Promise((go) => setTimeout(go, 20));
    kill();
    isDone = true;
    const second = createScriptedProvider();
    const time = createInProcess(cloud, { provider: second, env });
    time.clock.forward(LEASE_MS);
    return { second, time };
  }

  test('is asked at the service that took it, which stays known as the previous one', async () => {
    const { second, time } = await moved('oMoved', settings('WX_DURABLE_PREVIOUS_PROVIDER', first));
    await time.recover();
    expect(await workOf('oMoved')).toMatchObject({
      status: 'completed',
      provider: 'first-service',
      isRecovered: true,
      asset: { state: 'copied' },
    });
    expect(await userOf('oMoved')).toMatchObject({ credits: 19, generateCount: 1, quota: { open: 0 } });
    expect(second.questions).toEqual([]);
  });

  test('is asked nowhere where its service is gone: it stays unknown, and the log says why', async () => {
    const { second, time } = await moved('oMovedOn', {});
    await time.recover();
    expect(await workOf('oMovedOn')).toMatchObject({ status: 'unknown', provider: 'first-service' });
    expect(await userOf('oMovedOn')).toMatchObject({ credits: 19, quota: { open: 1 } });
    expect(second.questions).toEqual([]);
    expect(time.log.lines).toContainEqual({
      level: 'warn',
      event: 'generation.provider-gone',
      fields: { recordId: workIdOf('oMovedOn', 'r1'), provider: 'first-service' },
    });
  });
});
