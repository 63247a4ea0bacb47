import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDeadline, exchange, type Exchange } from '../../src/core/index.ts';
import { nodePorts } from '../../src/core/node/index.ts';
import { replyWith, startLoopback, type Loopback, type Reply } from '../support/loopback.ts';

let server: Loopback;

beforeAll(async () => {
  server = await startLoopback();
});

afterAll(() => server.close());

const LIMIT = 1_000_000;

function ask(reply: Reply, maxBytes = LIMIT, url = server.url): Promise<Exchange> {
  server.answer(reply);
  const deadline = createDeadline(nodePorts.clock, nodePorts.clock.now() + 5_000);
  return exchange(nodePorts, { url, deadline, maxBytes });
}

describe('an answer', () => {
  test('is read up to the last byte that it may have', async () => {
    const answer = await ask(replyWith(200, Buffer.alloc(LIMIT, 7)));
    expect(answer).toMatchObject({ kind: 'answered', status: 200, body: { length: LIMIT } });
  });

  test.each<[string, Reply]>([
    ['told', replyWith(200, Buffer.alloc(LIMIT + 1), { 'content-length': String(LIMIT + 1) })],
    ['not told', replyWith(200, Buffer.alloc(LIMIT + 1), { 'transfer-encoding': 'chunked' })],
  ])('of more bytes is given up, its length %s', async (_what, reply) => {
    expect(await ask(reply)).toEqual({
      kind: 'unclear',
      message: `the answer is larger than ${LIMIT} bytes`,
      isTooLarge: true,
    });
  });

  test('that unfolds to more is given up as well, however small it travels', async () => {
    const folded = gzipSync(Buffer.alloc(50 * LIMIT));
    expect(folded.length).toBeLessThan(LIMIT);
    const reply: Reply = (response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(folded);
    expect(await ask(reply)).toMatchObject({ kind: 'unclear', isTooLarge: true });
  });

  test('that was never asked for, since nobody listens, is told from one that was not seen', async () => {
    const gone = await startLoopback();
    await gone.close();
    expect(await ask(replyWith(200), LIMIT, gone.url)).toEqual({ kind: 'not-sent', message: 'ECONNREFUSED' });
    expect(await ask((response) => void response.destroy())).toMatchObject({ kind: 'unclear' });
  });

  test('is not looked for elsewhere', async () => {
    const before = server.received.length;
    expect(await ask(replyWith(302, '', { location: `${server.url}/elsewhere` }))).toMatchObject({ status: 302 });
    expect(server.received).toHaveLength(before + 1);
  });
});
