import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDeadline } from '../../src/core/index.ts';
import { nodeClock } from '../../src/core/node/index.ts';
import { createProvider } from '../../src/generation/index.ts';
import { replyWith, startLoopback, type Loopback, type Reply } from '../support/loopback.ts';

let service: Loopback;

beforeAll(async () => {
  service = await startLoopback();
});

afterAll(() => service.close());

beforeEach(() => service.answer(replyWith(404)));

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

async function order(options: { baseUrl?: string; timeMs?: number; apiKey?: string; model?: string } = {}) {
  const { baseUrl = `${service.url}/v1`, timeMs = 5_000, apiKey, model } = options;
  const config = { name: 'tested', form: 'openai', baseUrl, apiKey, model } as const;
  const provider = createProvider({ fetch, clock: nodeClock }, config);
  const deadline = createDeadline(nodeClock, nodeClock.now() + timeMs);
  return provider.submit({ prompt: '小猫', reference: 'w_1_1', deadline });
}

describe('an order', () => {
  test('carries the prompt, the reference, the key and the model', async () => {
    await order({ apiKey: 'k-1', model: 'painter-2' });
    const { method, path, headers, body } = service.received.at(-1) ?? {};
    expect({ method, path }).toEqual({ method: 'POST', path: '/v1/images/generations' });
    expect(headers).toMatchObject({
      authorization: 'Bearer k-1',
      'content-type': 'application/json',
      'x-client-request-id': 'w_1_1',
    });
    expect(JSON.parse(String(body))).toEqual({ prompt: '小猫', n: 1, model: 'painter-2' });
  });

  test('carries neither key nor model where there is none, and an address may end with a slash', async () => {
    await order({ baseUrl: `${service.url}/v1//` });
    const { path, headers, body } = service.received.at(-1) ?? {};
    expect(path).toBe('/v1/images/generations');
    expect(headers).not.toHaveProperty('authorization');
    expect(JSON.parse(String(body))).toEqual({ prompt: '小猫', n: 1 });
  });
});

describe('what is told of an order for the log', () => {
  test.each<[string, Reply, object]>([
    [
      'the status and the name of a refusal',
      replyWith(400, { error: { code: 'content_policy' } }),
      { httpStatus: 400, cause: 'content_policy' },
    ],
    ['a name beside the message', replyWith(429, { code: 1302, message: '太快' }), { httpStatus: 429, cause: '1302' }],
    ['the status of a server error', replyWith(500, '<html>'), { httpStatus: 500, cause: undefined }],
    ['an answer without a picture', replyWith(200, {}), { httpStatus: 200, cause: 'no-picture' }],
    ['how the connection ended', (response) => void response.destroy(), { cause: 'UND_ERR_SOCKET' }],
  ])('is %s', async (_what, reply, facts) => {
    service.answer(reply);
    expect(await order()).toMatchObject(facts);
  });

  test('is no text of theirs where a name should be, since it may repeat the prompt', async () => {
    service.answer(replyWith(400, { error: { code: '小猫 is not allowed', message: '小猫' } }));
    expect(await order()).toMatchObject({ cause: undefined });
  });

  test('is never the key, also where it is one that no header can carry', async () => {
    const outcome = await order({ apiKey: 'secret-key\nwith-newline' });
    expect(outcome.status).toBe('unknown');
    expect(JSON.stringify(outcome)).not.toContain('secret-key');
  });
});

describe('an answer with a picture is completed', () => {
  const url = 'https://pictures.test/1.png';

  test.each<[string, unknown, object]>([
    ['as an address', { data: [{ url }] }, { url }],
    ['as an address under another name', { images: [{ url }] }, { url }],
    ['as an address, where there are two', { data: [{ url }, { url: 'https://pictures.test/2.png' }] }, { url }],
    ['as bytes', { data: [{ b64_json: PNG.toString('base64') }] }, { bytes: new Uint8Array(PNG) }],
    ['as an address and bytes', { data: [{ url, b64_json: 'AAAA' }] }, { url }],
  ])('%s', async (_what, body, picture) => {
    service.answer(replyWith(200, body));
    expect(await order()).toEqual({ status: 'completed', picture });
  });
});

describe('an answer that certainly made nothing is a failure', () => {
  test.each([400, 401, 403, 404, 413, 422, 429])('with status %i, and the reason of the service', async (status) => {
    service.answer(replyWith(status, { error: { code: 'x', message: 'not like this' } }));
    expect(await order()).toEqual({ status: 'failed', message: 'not like this', httpStatus: status, cause: 'x' });
  });

  test.each<[string, Reply]>([
    ['no reason', replyWith(400)],
    ['a reason that is no text', replyWith(400, { error: { message: { html: '<b>' } } })],
    ['a web page', replyWith(400, '<html>no</html>')],
    ['null', replyWith(400, 'null')],
  ])('with the status alone where it has %s', async (_what, reply) => {
    service.answer(reply);
    expect(await order()).toEqual({ status: 'failed', message: 'HTTP 400', httpStatus: 400, cause: undefined });
  });

  test('with a reason that is cut where it is endless', async () => {
    service.answer(replyWith(400, { error: { message: 'x'.repeat(5_000) } }));
    expect(await order()).toMatchObject({ status: 'failed', message: 'x'.repeat(200) });
  });

  test('where nobody listens at the address', async () => {
    const gone = await startLoopback();
    await gone.close();
    expect(await order({ baseUrl: gone.url })).toEqual({
      status: 'failed',
      message: '服务无法连接（ECONNREFUSED）',
      cause: 'ECONNREFUSED',
    });
  });

  test('where the name does not exist', async () => {
    const nowhere = { baseUrl: 'http://nowhere.invalid/v1' };
    expect(await order(nowhere)).toMatchObject({ status: 'failed', message: expect.stringContaining('服务无法连接') });
  });
});

describe('an answer that leaves open whether it was paid for is unknown', () => {
  test.each<[string, Reply]>([
    ['status 500', replyWith(500, { error: { message: 'oops' } })],
    ['status 503', replyWith(503, '<html>busy</html>')],
    ['status 408', replyWith(408)],
    ['a way elsewhere', replyWith(302, '', { location: 'https://pictures.test/' })],
    ['status 204', replyWith(204)],
    ['text that is no JSON', replyWith(200, '{"data":[{"url":')],
    ['an empty body', replyWith(200)],
    ['an empty list', replyWith(200, { data: [] })],
    ['a list of nothing', replyWith(200, { data: [null] })],
    ['no list', replyWith(200, { created: 1 })],
    ['null', replyWith(200, 'null')],
    ['an address that is no text', replyWith(200, { data: [{ url: { $ne: null } }] })],
    ['an empty address', replyWith(200, { data: [{ url: '' }] })],
    ['bytes of which there are none', replyWith(200, { data: [{ b64_json: '' }] })],
    ['a connection that breaks before an answer', (response) => void response.destroy()],
    [
      'half of an answer',
      (response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{"data"', () => response.destroy());
      },
    ],
  ])('%s', async (_what, reply) => {
    service.answer(reply);
    expect(await order()).toMatchObject({ status: 'unknown', message: expect.stringMatching(/./) });
  });

  test.each<[string, Reply]>([
    ['never comes', () => undefined],
    ['never ends', (response) => void response.writeHead(200).write('{')],
  ])('an answer that %s, as soon as the time is up', async (_what, reply) => {
    service.answer(reply);
    expect(await order({ timeMs: 200 })).toMatchObject({ status: 'unknown', message: 'no answer in time' });
  });

  test('an answer larger than any picture', async () => {
    service.answer(replyWith(200, { data: [{ b64_json: 'A'.repeat(31_000_000) }] }));
    expect(await order()).toMatchObject({ status: 'unknown', message: 'the answer is larger than 30000000 bytes' });
  });

  test('and a way elsewhere is never followed', async () => {
    const elsewhere = await startLoopback();
    service.answer(replyWith(307, '', { location: `${elsewhere.url}/v1/images/generations` }));
    await order({ apiKey: 'secret' });
    expect(elsewhere.received).toEqual([]);
    await elsewhere.close();
  });
});
