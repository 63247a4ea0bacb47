import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Asset } from '../../src/records/index.ts';
import { createInProcess, DAY_MS, LEASE_MS } from '../support/in-process.ts';
import {
  createLocalCloud,
  person,
  userIdOf,
  workIdOf,
  type FaultRule,
  type LocalCloud,
} from '../support/local-cloud.ts';
import { replyWith, startLoopback, type Loopback } from '../support/loopback.ts';
import { createScriptedProvider, paintedPicture } from '../support/scripted-provider.ts';

let cloud: LocalCloud;
let service: Loopback;
let number = 0;
let openid: string;

const WISH = { prompt: '湖', requestId: 'r1' };
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const STORAGE_DOWN: FaultRule = { storage: ['metadata', 'upload', 'download-url', 'download'], inject: 'reset-before' };

beforeAll(async () => {
  [cloud, service] = await Promise.all([createLocalCloud({ env: {} }), startLoopback()]);
});

afterAll(() => Promise.all([cloud.close(), service.close()]));

beforeEach(async () => {
  number += 1;
  openid = `oBytes${number}`;
  cloud.faults.clear();
  service.answer(replyWith(200, { data: [{ b64_json: PNG.toString('base64') }] }));
  await cloud.add('users', person(openid));
});

const work = () => cloud.get('works', workIdOf(openid, 'r1'));
const user = () => cloud.get('users', userIdOf(openid));
const inProcess = () =>
  createInProcess(cloud, { env: { WX_DURABLE_PROVIDER: 'bytes', WX_DURABLE_PROVIDER_URL: `${service.url}/v1` } });

describe('a picture that comes as bytes', () => {
  test.each<[string, FaultRule]>([
    ['the answer to its upload is lost', { storage: 'upload', inject: 'reset-after', times: 1 }],
    ['its upload is refused once', { storage: 'upload', inject: 'status', status: 503, times: 1 }],
    ['it cannot be read back once', { storage: 'download', inject: 'reset-before', times: 1 }],
  ])('is kept where %s', async (_what, rule) => {
    cloud.faults.set([rule]);
    const answer = await inProcess().generate(openid, WISH);
    expect(await cloud.fired()).toMatchObject([{ fired: 1 }]);
    expect(answer).toMatchObject({ code: 200, data: { savedIn: 'works', imageUrl: expect.stringMatching(/^cloud:/) } });
    expect((await work())?.['asset'] as Asset).toMatchObject({ state: 'copied', sourceUrl: null, bytes: PNG.length });
    expect(await user()).toMatchObject({ credits: 19, generateCount: 1, quota: { open: 0 } });
  });

  test('has failed where storage is down for the whole call, and quota and credit are back', async () => {
    cloud.faults.set([STORAGE_DOWN]);
    const answer = await inProcess().generate(openid, WISH);
    expect(answer).toMatchObject({ code: 502, error: { code: 'PROVIDER_FAILED' } });
    expect(await work()).toMatchObject({ status: 'failed', errorMessage: '图片无法保存', imageUrl: '', asset: null });
    const { day } = (await work()) as { day?: string };
    expect(await user()).toMatchObject({
      credits: 20,
      generateCount: 0,
      quota: { open: 0, used: { [`d${day}`]: 0 }, tries: { [`d${day}`]: 1 } },
    });
  });

  test('has failed where the bytes are no picture', async () => {
    service.answer(replyWith(200, { data: [{ b64_json: Buffer.from('<html>').toString('base64') }] }));
    expect(await inProcess().generate(openid, WISH)).toMatchObject({ code: 502, error: { code: 'PROVIDER_FAILED' } });
    expect(await work()).toMatchObject({ status: 'failed', errorMessage: '图片服务返回的内容不是图片' });
    expect(await user()).toMatchObject({ credits: 20, quota: { open: 0 } });
  });
});

describe('a picture that comes as bytes of a task', () => {
  const painted = () => {
    const provider = createScriptedProvider();
    provider.say(paintedPicture);
    return { provider, time: createInProcess(cloud, { provider, env: {} }) };
  };

  test('is unknown while storage is down, and fetched again from the task when it is back', async () => {
    const { provider, time } = painted();
    cloud.faults.set([STORAGE_DOWN]);
    expect(await time.generate(openid, WISH)).toMatchObject({ code: 504, error: { code: 'ONCE_UNKNOWN' } });
    expect(await work()).toMatchObject({ status: 'unknown', errorCode: 'PROVIDER_UNCERTAIN' });
    expect(await user()).toMatchObject({ credits: 19, quota: { open: 1 } });
    cloud.faults.clear();
    time.clock.forward(LEASE_MS);
    await time.recover();
    expect(await work()).toMatchObject({ status: 'completed', isRecovered: true, asset: { state: 'copied' } });
    expect(await user()).toMatchObject({ credits: 19, generateCount: 1, quota: { open: 0 } });
    expect(provider.orders).toHaveLength(1);
  });

  test('is given up after a day where the task is forgotten meanwhile, and the credit is back', async () => {
    const { provider, time } = painted();
    cloud.faults.set([STORAGE_DOWN]);
    await time.generate(openid, WISH);
    time.clock.forward(LEASE_MS);
    await time.recover();
    expect(await work()).toMatchObject({ status: 'unknown' });
    expect(await user()).toMatchObject({ credits: 19, quota: { open: 1 } });
    cloud.faults.clear();
    provider.say({ status: 'unknown', message: 'no such task' });
    time.clock.forward(DAY_MS);
    await time.recover();
    expect(await work()).toMatchObject({ status: 'failed' });
    expect(await user()).toMatchObject({ credits: 20, generateCount: 0, quota: { open: 0 } });
  });
});
