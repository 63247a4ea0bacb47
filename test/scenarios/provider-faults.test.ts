import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createInProcess } from '../support/in-process.ts';
import {
  createLocalCloud,
  person,
  userIdOf,
  workIdOf,
  type FaultRule,
  type LocalCloud,
} from '../support/local-cloud.ts';

let cloud: LocalCloud;
let number = 0;

beforeAll(async () => {
  cloud = await createLocalCloud();
});

afterAll(() => cloud.close());

const ordersOf = (openid: string): number =>
  cloud.pictureCalls().filter(({ requestId }) => requestId?.startsWith(workIdOf(openid, 'r1'))).length;

async function somebody(): Promise<string> {
  number += 1;
  const openid = `oProvider${number}`;
  await cloud.add('users', person(openid));
  return openid;
}

/** One call under these faults: what is answered, and what is stored. */
async function callUnder(...rules: readonly FaultRule[]) {
  const openid = await somebody();
  cloud.faults.set(rules);
  const answer = await cloud.generate(openid, { prompt: '湖', requestId: 'r1' });
  cloud.faults.clear();
  const work = await cloud.get('works', workIdOf(openid, 'r1'));
  return { openid, answer, work, user: await cloud.get('users', userIdOf(openid)) };
}

describe('an image service that gives no clear answer', () => {
  test.each<[string, FaultRule]>([
    ['answers 500', { provider: 'generate', inject: 'status', status: 500 }],
    ['answers a page of 503', { provider: 'generate', inject: 'status', status: 503, body: 'html' }],
    ['answers 504 after it has painted', { provider: 'generate', inject: 'status-after', status: 504 }],
    ['answers 408', { provider: 'generate', inject: 'status', status: 408 }],
    ['answers 200 with nothing in it', { provider: 'generate', inject: 'status', status: 200, body: 'empty' }],
    ['answers 200 with something else', { provider: 'generate', inject: 'status', status: 200, body: 'html' }],
    ['sends the call elsewhere', { provider: 'generate', inject: 'status', status: 302 }],
    ['hangs up before it has painted', { provider: 'generate', inject: 'reset-before' }],
    ['hangs up after it has painted', { provider: 'generate', inject: 'reset-after' }],
    ['sends half of its answer', { provider: 'generate', inject: 'cut' }],
  ])('leaves an unknown record, not a failed one, where it %s', async (_how, rule) => {
    const { openid, answer, work, user } = await callUnder(rule);
    expect(answer).toMatchObject({
      code: 504,
      error: { code: 'ONCE_UNKNOWN', category: 'ambiguous' },
      requestId: 'r1',
    });
    expect(work).toMatchObject({ status: 'unknown', errorCode: 'PROVIDER_UNCERTAIN', imageUrl: '', finishedAt: null });
    expect(user).toMatchObject({ credits: 19, generateCount: 0, quota: { open: 1 } });
    const ordered = ordersOf(openid);
    expect(await cloud.generate(openid, { prompt: '湖', requestId: 'r1' })).toMatchObject({ code: 504 });
    expect(ordersOf(openid)).toBe(ordered);
  });

  test('leaves an unknown record where it never answers, in time for the function to say so', async () => {
    const openid = await somebody();
    cloud.faults.set([{ provider: 'generate', inject: 'hang-after' }]);
    const short = createInProcess(cloud, { limitMs: 3_000 });
    expect(await short.generate(openid, { prompt: '湖', requestId: 'r1' })).toMatchObject({
      code: 504,
      error: { code: 'ONCE_UNKNOWN' },
    });
    cloud.faults.clear();
    expect(await cloud.get('works', workIdOf(openid, 'r1'))).toMatchObject({ status: 'unknown' });
    expect(ordersOf(openid)).toBe(1);
  });
});

describe('an image service that says no', () => {
  test.each([400, 401, 403, 404, 422, 429])(
    'leaves a failed record and gives all back where it answers %i',
    async (status) => {
      const { answer, work, user } = await callUnder({ provider: 'generate', inject: 'status', status, body: 'empty' });
      expect(answer).toMatchObject({ code: 502, error: { code: 'PROVIDER_FAILED' } });
      expect(work).toMatchObject({ status: 'failed', errorMessage: `HTTP ${status}`, finishedAt: expect.any(Date) });
      expect(user).toMatchObject({ credits: 20, generateCount: 0, quota: { open: 0 } });
    },
  );

  test('leaves a failed record and gives all back where nobody listens at its address', async () => {
    const openid = await somebody();
    const env = { WX_DURABLE_PROVIDER: 'local', WX_DURABLE_PROVIDER_URL: `${await deserted()}/v1` };
    const answer = await createInProcess(cloud, { env }).generate(openid, { prompt: '湖', requestId: 'r1' });
    expect(answer).toMatchObject({ code: 502, error: { code: 'PROVIDER_FAILED' } });
    expect(await cloud.get('works', workIdOf(openid, 'r1'))).toMatchObject({
      status: 'failed',
      errorMessage: '服务无法连接（ECONNREFUSED）',
    });
    expect(await cloud.get('users', userIdOf(openid))).toMatchObject({ credits: 20, quota: { open: 0 } });
  });
});

/** An address of this machine where nobody listens. */
async function deserted(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

describe('what the log says of an image service without a picture', () => {
  test.each<[string, FaultRule, Readonly<Record<string, unknown>>]>([
    ['a refusal', { inject: 'status', status: 422, body: 'empty' }, { outcome: 'failed', httpStatus: 422 }],
    ['a server error', { inject: 'status', status: 503, body: 'html' }, { outcome: 'unknown', httpStatus: 503 }],
    ['a connection that ends', { inject: 'reset-before' }, { outcome: 'unknown', cause: 'ECONNRESET' }],
  ])('is the status and the cause of %s, and never the prompt', async (_what, rule, facts) => {
    const openid = await somebody();
    cloud.faults.set([{ provider: 'generate', ...rule }]);
    const { generate, log } = createInProcess(cloud);
    await generate(openid, { prompt: '湖上的秘密', requestId: 'r1' });
    cloud.faults.clear();
    expect(log.lines.filter(({ event }) => event === 'generation.no-picture')).toEqual([
      {
        level: 'warn',
        event: 'generation.no-picture',
        fields: expect.objectContaining({ recordId: workIdOf(openid, 'r1'), provider: 'local', ...facts }),
      },
    ]);
    expect(JSON.stringify(log.lines)).not.toContain('秘密');
  });
});

describe('a picture that cannot be copied', () => {
  test.each<[string, string, FaultRule]>([
    [
      'storage is away',
      'STORE_UNCERTAIN',
      { storage: ['metadata', 'upload', 'download-url', 'download'], inject: 'reset-before' },
    ],
    [
      'storage takes it and says 500',
      'STORE_UNCERTAIN',
      { storage: 'upload', inject: 'status', status: 500, body: 'empty' },
    ],
    ['its address answers 404', 'ASSET_REFUSED', { provider: 'picture', inject: 'status', status: 404 }],
    [
      'its address answers a web page',
      'ASSET_REFUSED',
      { provider: 'picture', inject: 'status', status: 200, body: 'html' },
    ],
    ['half of it arrives', 'ASSET_UNAVAILABLE', { provider: 'picture', inject: 'cut' }],
  ])(
    'is answered with the address of the image service where %s, and the record says so',
    async (_how, error, rule) => {
      const { answer, work, user } = await callUnder(rule);
      const imageUrl = String(answer.data?.['imageUrl']);
      expect(answer).toMatchObject({ code: 200, data: { savedIn: 'works' } });
      expect(imageUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/_provider\/pictures\/[0-9a-f]{64}\.png$/);
      expect(work).toMatchObject({
        status: 'completed',
        imageUrl,
        asset: { state: 'pending', fileId: null, sourceUrl: imageUrl, bytes: null, contentType: null, error },
      });
      expect(user).toMatchObject({ credits: 19, generateCount: 1, quota: { open: 0 } });
      const picture = await fetch(imageUrl);
      expect(picture.headers.get('content-type')).toBe('image/png');
      await picture.arrayBuffer();
    },
  );
});
