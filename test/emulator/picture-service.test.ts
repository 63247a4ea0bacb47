import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Emulator } from '../../src/emulator/index.ts';
import { functionsFolder, openEmulator, temporaryFolder, type Json } from './harness.ts';

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

async function order(
  emulator: Emulator,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; answer: Json }> {
  const response = await fetch(`${emulator.url}/_provider/v1/images/generations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, answer: (await response.json()) as Json };
}

async function picture(url: string): Promise<Buffer> {
  return Buffer.from(await (await fetch(url)).arrayBuffer());
}

function urlOf(answer: Json, index = 0): string {
  return (answer['data'] as { url: string }[])[index]?.url ?? '';
}

test('a prompt becomes a PNG of 512 by 512, the same for the same prompt and another for another', async () => {
  const emulator = await openEmulator();
  const [first, again, other] = await Promise.all(
    ['a hill', 'a hill', 'a lake'].map((prompt) => order(emulator, { prompt })),
  );
  expect(first?.status).toBe(200);
  expect(first?.answer).toEqual({
    created: expect.any(Number),
    data: [{ url: expect.stringMatching(/\/_provider\/pictures\/[0-9a-f]{64}\.png$/) }],
  });
  const [one, two, three] = await Promise.all(
    [first, again, other].map((ordered) => picture(urlOf(ordered?.answer ?? {}))),
  );
  expect(one?.subarray(0, 4)).toEqual(PNG);
  expect([one?.readUInt32BE(16), one?.readUInt32BE(20)]).toEqual([512, 512]);
  expect(two).toEqual(one);
  expect(three).not.toEqual(one);
});

test('several pictures of one prompt differ, and one can be had as base64', async () => {
  const emulator = await openEmulator();
  const { answer } = await order(emulator, { prompt: 'x', n: 2 });
  expect(urlOf(answer, 0)).not.toBe(urlOf(answer, 1));
  const { answer: inline } = await order(emulator, { prompt: 'x', response_format: 'b64_json' });
  const [{ b64_json: text } = { b64_json: '' }] = inline['data'] as { b64_json: string }[];
  expect(Buffer.from(text, 'base64')).toEqual(await picture(urlOf(answer, 0)));
});

test('every order is listed with its request id and the hash of its prompt, also after a restart', async () => {
  const dir = temporaryFolder();
  const before = await openEmulator({ dir });
  await order(before, { prompt: 'a hill' }, { 'x-client-request-id': 'r1' });
  await order(before, { prompt: 'something [fail]' });
  const expected = [
    {
      atMs: expect.any(Number),
      requestId: 'r1',
      promptSha256: createHash('sha256').update('a hill').digest('hex'),
      outcome: 'painted',
    },
    { atMs: expect.any(Number), requestId: null, promptSha256: expect.any(String), outcome: 'refused' },
  ];
  expect(before.pictureCalls()).toEqual(expected);
  await before.close();
  appendFileSync(join(dir, 'provider-calls.ndjson'), '{"atMs":1,"req');
  const after = await openEmulator({ dir });
  await order(after, { prompt: 'third' });
  expect(after.pictureCalls()).toMatchObject([...expected, { outcome: 'painted' }]);
  const lines = (await (await fetch(`${after.url}/_provider/calls`)).text()).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as Json)).toEqual(after.pictureCalls());
});

test.each([
  [{}, 'invalid_request_error'],
  [{ prompt: '' }, 'invalid_request_error'],
  [{ prompt: { $ne: null } }, 'invalid_request_error'],
  [{ prompt: 'x', n: 99 }, 'invalid_request_error'],
  [{ prompt: 'x', response_format: 'jpeg' }, 'invalid_request_error'],
  [{ prompt: 'please [fail]' }, 'content_policy_violation'],
])('the order %j is refused', async (body, code) => {
  const emulator = await openEmulator();
  const { status, answer } = await order(emulator, body);
  expect(status).toBe(400);
  expect(answer).toMatchObject({ error: { code, message: expect.any(String) } });
});

test('an order whose answer is lost was taken, one that met a status was not', async () => {
  const emulator = await openEmulator({
    faults: [
      { provider: 'generate', inject: 'reset-after', times: 1 },
      { provider: 'generate', inject: 'status', status: 503, times: 1 },
    ],
  });
  await expect(order(emulator, { prompt: 'x' })).rejects.toThrow();
  expect(emulator.pictureCalls()).toHaveLength(1);
  expect((await order(emulator, { prompt: 'x' })).status).toBe(503);
  expect(emulator.pictureCalls()).toHaveLength(1);
});

test('a function is killed after its order was taken', async () => {
  const source = `exports.main = async () => {
    const url = process.env.WX_DURABLE_PROVIDER_URL + '/images/generations';
    return (await fetch(url, { method: 'POST', body: JSON.stringify({ prompt: 'x' }) })).status;
  };`;
  const emulator = await openEmulator({
    functionsDir: functionsFolder({ painter: source }, 10),
    functionEnv: { WX_DURABLE_PROVIDER: 'local' },
    faults: [{ provider: 'generate', from: 'painter', inject: 'kill-after', times: 1 }],
  });
  expect(await emulator.invoke('painter', {})).toMatchObject({ errCode: -504002 });
  expect(emulator.pictureCalls()).toHaveLength(1);
  expect(await emulator.invoke('painter', {})).toMatchObject({ result: 200 });
});

test('the database answers while pictures are painted', async () => {
  const emulator = await openEmulator();
  const orders = await Promise.all([1, 2, 3].map((n) => order(emulator, { prompt: `picture ${n}` })));
  const arrivals: string[] = [];
  const pictures = orders.map(({ answer }) => picture(urlOf(answer)).then(() => arrivals.push('picture')));
  const queries = Array.from({ length: 10 }, () =>
    fetch(`${emulator.url}/_emulator/health`).then(() => arrivals.push('query')),
  );
  await Promise.all([...pictures, ...queries]);
  expect(arrivals.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 'query'));
});
