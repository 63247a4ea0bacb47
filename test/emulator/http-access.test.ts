import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { EmulatorOptions } from '../../src/emulator/index.ts';
import { functionsFolder, openEmulator, type Json } from './harness.ts';

// `getWXContext` reads the environment and nothing else; to load the SDK for it would be most of the time of these tests.
const WEB = `
exports.main = async (event) => {
  const query = event.queryStringParameters;
  switch (query.answer) {
    case 'text': return 'hello gateway';
    case 'number': return 42;
    case 'nothing': return;
    case 'large': return 'x'.repeat(1024 * 1024 + 1);
    case 'throw': throw new Error('boom');
    case 'wait': await new Promise(() => {}); return;
    case 'page': return { statusCode: 201, headers: { 'Content-Type': 'text/html', 'Set-Cookie': ['a=1', 'b=2'] }, body: '<h1>你好</h1>' };
    case 'moved': return { statusCode: 302, headers: { location: '/elsewhere', 'content-length': '9999' } };
    case 'picture': return { statusCode: 200, headers: { 'content-type': 'image/png' }, isBase64Encoded: true, body: 'iVBORw==' };
    case 'body': return { length: event.body.length, isBase64Encoded: event.isBase64Encoded };
    default: return { event, user: process.env.WX_OPENID ?? null };
  }
};`;

async function open(options: Partial<EmulatorOptions> = {}, timeoutSeconds = 20) {
  const emulator = await openEmulator({ functionsDir: functionsFolder({ web: WEB }, timeoutSeconds), ...options });
  const ask = (path: string, init?: RequestInit) => fetch(`${emulator.url}/http/web${path}`, init);
  return {
    emulator,
    ask,
    tell: async (path: string, init?: RequestInit) => (await ask(path, init)).json() as Promise<Json>,
  };
}

const post = (body: string | Buffer, type?: string): RequestInit => ({
  method: 'POST',
  body: typeof body === 'string' ? body : new Uint8Array(body),
  ...(type === undefined ? {} : { headers: { 'content-type': type } }),
});

describe('what a function receives', () => {
  test('a GET arrives as path, query and headers, from the path of the function on', async () => {
    const { tell } = await open();
    const { event } = await tell('/orders/%E5%9B%BE?a=1&b=%E4%BD%A0', { headers: { 'X-Mine': 'yes' } });
    expect(event).toEqual({
      path: '/orders/%E5%9B%BE',
      httpMethod: 'GET',
      headers: expect.objectContaining({ 'x-mine': 'yes', host: expect.stringContaining('127.0.0.1') }),
      multiValueHeaders: expect.objectContaining({ 'x-mine': ['yes'] }),
      queryStringParameters: { a: '1', b: '你' },
      requestContext: {
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        envId: 'emu-env',
        appId: expect.any(Number),
        uin: expect.any(Number),
      },
      body: '',
      isBase64Encoded: false,
    });
  });

  test('without a path of its own it is at /', async () => {
    const { tell } = await open();
    expect(await tell('')).toMatchObject({ event: { path: '/' } });
    expect(await tell('/')).toMatchObject({ event: { path: '/' } });
  });

  test('JSON and forms arrive as they were sent', async () => {
    const { tell } = await open();
    expect(await tell('', post('{"n":1}', 'application/json'))).toMatchObject({
      event: { httpMethod: 'POST', body: '{"n":1}', isBase64Encoded: false },
    });
    expect(await tell('', post('a=1&b=2', 'application/x-www-form-urlencoded'))).toMatchObject({
      event: { body: 'a=1&b=2', isBase64Encoded: false },
    });
  });

  test('bytes arrive in base64, also those that call themselves text', async () => {
    const { tell } = await open();
    const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x01]);
    for (const type of ['image/png', 'text/plain']) {
      expect(await tell('', post(bytes, type))).toMatchObject({
        event: { body: bytes.toString('base64'), isBase64Encoded: true },
      });
    }
  });

  test('nobody is logged in, whatever the headers say', async () => {
    const { tell } = await open();
    const headers = { 'x-wx-openid': 'oVictim', 'x-wx-source': 'wx_client', 'wx-openid': 'oVictim' };
    expect(await tell('', { headers })).toMatchObject({ user: null });
  });
});

describe('what the caller receives', () => {
  test('text and numbers are text, an object is JSON, nothing is nothing', async () => {
    const { ask } = await open();
    const seen = async (answer: string) => {
      const response = await ask(`?answer=${answer}`);
      return [response.status, response.headers.get('content-type'), await response.text()];
    };
    expect(await seen('text')).toEqual([200, 'text/plain; charset=utf-8', 'hello gateway']);
    expect(await seen('number')).toEqual([200, 'text/plain; charset=utf-8', '42']);
    expect(await seen('nothing')).toEqual([200, 'text/plain; charset=utf-8', '']);
    expect(await seen('body')).toEqual([
      200,
      'application/json; charset=utf-8',
      '{"length":0,"isBase64Encoded":false}',
    ]);
  });

  test('an answer with a status is that response, with its headers', async () => {
    const { ask } = await open();
    const response = await ask('?answer=page');
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await response.text()).toBe('<h1>你好</h1>');
  });

  test('the length of a response is that of its body, whatever the function says', async () => {
    const { ask } = await open();
    const response = await ask('?answer=moved', { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([302, '/elsewhere']);
    expect(await response.text()).toBe('');
  });

  test('a body in base64 is sent as bytes', async () => {
    const { ask } = await open();
    const response = await ask('?answer=picture');
    expect(response.headers.get('content-type')).toBe('image/png');
    expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from('iVBORw==', 'base64'));
  });

  test('a function that throws, and one that is not there, are told by code', async () => {
    const { ask, emulator } = await open();
    const thrown = await ask('?answer=throw');
    expect([thrown.status, await thrown.json()]).toEqual([
      500,
      { code: 'FUNCTIONS_EXECUTE_FAIL', message: expect.stringContaining('boom'), requestId: expect.any(String) },
    ]);
    const missing = await fetch(`${emulator.url}/http/nobody/a`);
    expect([missing.status, await missing.json()]).toMatchObject([404, { code: 'INVALID_PATH' }]);
  });

  test('a function that takes too long is told with its limit', async () => {
    const { ask } = await open({}, 1);
    const response = await ask('?answer=wait');
    expect([response.status, await response.json()]).toMatchObject([
      504,
      { code: 'FUNCTIONS_TIME_LIMIT_EXCEEDED', message: 'Invoking task timed out after 1 seconds' },
    ]);
  });

  test('faults for the function meet its HTTP access, too', async () => {
    const { ask } = await open({ faults: [{ function: 'web', inject: 'status', status: 502, times: 1 }] });
    expect((await ask('')).status).toBe(502);
    expect((await ask('')).status).toBe(200);
  });
});

describe('what does not pass', () => {
  test('text of more than 100 KB is refused, and 100 KB pass', async () => {
    const { ask } = await open();
    const size = 100 * 1024;
    expect(await (await ask('?answer=body', post('x'.repeat(size), 'text/plain'))).json()).toMatchObject({
      length: size,
    });
    const refused = await ask('?answer=body', post('x'.repeat(size + 1), 'text/plain'));
    expect([refused.status, await refused.json()]).toMatchObject([413, { code: 'EXCEED_MAX_PAYLOAD_SIZE' }]);
  });

  test('a picture of 4.5 MB passes, one that exceeds 6 MB in base64 does not', async () => {
    const { ask } = await open();
    const most = Buffer.alloc(4.5 * 1024 * 1024, 1);
    expect(await (await ask('?answer=body', post(most, 'image/png'))).json()).toMatchObject({ isBase64Encoded: true });
    for (const size of [most.length + 1, 7 * 1024 * 1024]) {
      const refused = await ask('?answer=body', post(Buffer.alloc(size, 1), 'image/png'));
      expect(await refused.json()).toMatchObject({ code: 'EXCEED_MAX_PAYLOAD_SIZE' });
    }
  });

  test('a response of more than 1 MB is refused, unless limits are off', async () => {
    const { ask } = await open();
    expect(await (await ask('?answer=large')).json()).toMatchObject({ code: 'EXCEED_MAX_RESPONSE_SIZE' });
    const relaxed = await open({ limits: false });
    expect((await (await relaxed.ask('?answer=large')).text()).length).toBe(1024 * 1024 + 1);
  });

  test('a picture or a link on another web site runs no function', async () => {
    const { emulator } = await open();
    expect(await statusOf(`${emulator.url}/http/web`, { 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await statusOf(`${emulator.url}/http/web`, { 'sec-fetch-site': 'none' })).toBe(200);
  });
});

/** By hand: `fetch` sets such headers itself. */
function statusOf(url: string, headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asking.on('error', reject).end();
  });
}
