/** Attack 10: an image service whose answers lead the function somewhere else. */
import type { LookupAddress } from 'node:dns';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDeadline } from '../../src/core/index.ts';
import { nodeClock } from '../../src/core/node/index.ts';
import { createDownload, type DownloadOptions } from '../../src/generation/asset/download.ts';
import { person, workIdOf } from '../support/local-cloud.ts';
import { replyWith, startLoopback, type Loopback } from '../support/loopback.ts';
import { createAttackStage, type AttackStage } from './stage.ts';

const OPENID = 'oPainter';
const SECRET = 'a secret of this network';
const PNG = Buffer.from('89504e470d0a1a0a0000', 'hex');

let stage: AttackStage;
let service: Loopback;
let inner: Loopback;
let number = 0;

beforeAll(async () => {
  [service, inner] = await Promise.all([startLoopback(), startLoopback()]);
  const env = { WX_DURABLE_PROVIDER: 'painter', WX_DURABLE_PROVIDER_URL: service.url };
  stage = await createAttackStage({ env });
  await stage.add('users', person(OPENID, { vipLevel: 1 }));
});

afterAll(() => Promise.all([stage.close(), service.close(), inner.close()]));

beforeEach(() => inner.answer(replyWith(200, PNG)));

/** The service answers this address for the picture; what it answers for any other request is `then`. */
function paint(url: string, then = replyWith(404)): void {
  service.answer((response) => {
    const isOrder = service.received.at(-1)?.path === '/images/generations';
    (isOrder ? replyWith(200, { data: [{ url }] }) : then)(response);
  });
}

async function generate() {
  const requestId = `url-${(number += 1)}`;
  const [filesBefore, innerBefore] = [(await stage.files()).length, inner.received.length];
  const text = { printed: '' };
  const answer = await stage.generate(OPENID, { prompt: '桥', requestId });
  const work = await stage.get('works', workIdOf(OPENID, requestId));
  const pictures = (await stage.files()).filter(({ path }) => path.includes(workIdOf(OPENID, requestId)));
  return { answer, work, pictures, asked: inner.received.length - innerBefore, filesBefore, text };
}

const port = (): string => new URL(inner.url).port;

const HOSTILE: readonly (readonly [string, () => string])[] = [
  ['this machine', () => `http://127.0.0.1:${port()}/`],
  ['this machine over https', () => `https://127.0.0.1:${port()}/`],
  ['this machine by name', () => `http://localhost:${port()}/`],
  ['this machine by a name with a dot', () => `http://localhost.:${port()}/`],
  ['this machine in decimal', () => `https://2130706433/`],
  ['this machine in hexadecimal', () => `https://0x7f000001/`],
  ['this machine in octal', () => `https://0177.0.0.1/`],
  ['this machine in a short form', () => `https://127.1/`],
  ['this machine in full-width digits', () => `https://１２７.0.0.1/`],
  ['this machine with circled digits', () => `https://①②⑦.0.0.1/`],
  ['nowhere in particular', () => `https://0.0.0.0/`],
  ['this machine by IPv6', () => `https://[::1]/`],
  ['this machine by IPv4 in IPv6', () => `https://[::ffff:127.0.0.1]/`],
  ['this machine by IPv4 in IPv6, in hexadecimal', () => `https://[::ffff:7f00:1]/`],
  ['this machine by the oldest IPv4 in IPv6', () => `https://[::7f00:1]/`],
  ['this machine through NAT64', () => `https://[64:ff9b::7f00:1]/`],
  ['the metadata service', () => 'http://169.254.169.254/latest/meta-data/'],
  ['the metadata service over https', () => 'https://169.254.169.254/latest/meta-data/'],
  [
    "the platform's own metadata host",
    () => 'http://metadata.tencentyun.com/latest/meta-data/cam/security-credentials/',
  ],
  ['a private network', () => 'https://10.0.0.1/'],
  ['a carrier network', () => 'https://100.64.0.1/'],
  ['a multicast address', () => 'https://224.0.0.1/'],
  ['a file', () => 'file:///proc/self/environ'],
  ['data', () => `data:image/png;base64,${PNG.toString('base64')}`],
  ['ftp', () => 'ftp://127.0.0.1/1.png'],
  ['gopher', () => 'gopher://127.0.0.1:6379/_FLUSHALL'],
  ['a script', () => 'javascript:alert(1)'],
  ['a name and password', () => 'https://user:password@93.184.216.34/1.png'],
  ['another port', () => 'https://93.184.216.34:22/1.png'],
  ['the origin of the service as a name', () => `http://127.0.0.1:${new URL(service.url).port}@127.0.0.1:${port()}/`],
  ['no address at all', () => 'http://'],
];

describe("an address in the service's answer", () => {
  test.each(HOSTILE)('is not asked, and leaves a record without a copy, where it is %s', async (_what, url) => {
    paint(url());
    const { answer, work, pictures, asked } = await generate();
    expect(answer.code).toBe(200);
    expect(work).toMatchObject({ status: 'completed', asset: { state: 'lost', fileId: null, error: 'ASSET_REFUSED' } });
    expect(asked).toBe(0);
    expect(pictures).toEqual([]);
  });

  test.each([301, 302, 303, 307, 308])('is not followed to another origin by a %i', async (status) => {
    inner.answer(replyWith(200, SECRET));
    for (const location of [
      `${inner.url}/`,
      `//127.0.0.1:${port()}/`,
      'http://169.254.169.254/',
      'file:///etc/passwd',
      'https://user:p@93.184.216.34/',
    ]) {
      paint(`${service.url}/p.png`, replyWith(status, '', { location }));
      const { work, asked, answer } = await generate();
      expect(work).toMatchObject({ asset: { fileId: null, error: 'ASSET_REFUSED' } });
      expect(asked).toBe(0);
      expect(JSON.stringify(answer)).not.toContain(SECRET);
    }
  });

  test('is fetched and copied where it is of the configured service: the refusals above are about the address', async () => {
    paint(`${service.url}/p.png`, replyWith(200, PNG));
    const { work, pictures } = await generate();
    expect(work).toMatchObject({ asset: { state: 'copied', bytes: PNG.length } });
    expect(pictures).toHaveLength(1);
    expect(service.received.at(-1)).toMatchObject({ method: 'GET', path: '/p.png' });
    expect(service.received.at(-1)?.headers).not.toHaveProperty('authorization');
  });
});

describe('a name that means another machine a moment later', () => {
  const lookups: string[] = [];
  const answering =
    (...rounds: readonly (readonly string[])[]): NonNullable<DownloadOptions['lookup']> =>
    (host, _options, done) => {
      const addresses = rounds[Math.min(lookups.push(host), rounds.length) - 1] ?? [];
      done(
        null,
        addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    };
  const fetchWith = (lookup: NonNullable<DownloadOptions['lookup']>) => {
    lookups.length = 0;
    const deadline = createDeadline(nodeClock, nodeClock.now() + 2_000);
    return createDownload({ clock: nodeClock, lookup, maxMs: 300 })('https://rebind.example/p.png', deadline);
  };

  test.each([
    ['a private address at once', ['127.0.0.1']],
    ['a public and a private address', ['192.0.2.1', '10.0.0.1']],
    ['a private address in IPv6', ['::ffff:10.0.0.1']],
    ["the platform's metadata address", ['169.254.0.23']],
  ])('is not connected to where it resolves to %s', async (_what, addresses) => {
    expect(await fetchWith(answering(addresses))).toEqual({ kind: 'failed', why: 'the host has no public address' });
  });

  test('is looked up once, for the very connection: there is no second answer to be fooled by', async () => {
    await fetchWith(answering(['93.184.216.34'], ['127.0.0.1']));
    expect(lookups).toEqual(['rebind.example']);
  });
});
