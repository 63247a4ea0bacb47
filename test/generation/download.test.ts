import type { LookupAddress } from 'node:dns';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDeadline } from '../../src/core/index.ts';
import { nodeClock } from '../../src/core/node/index.ts';
import { isPublicAddress, publicLookup } from '../../src/generation/asset/addresses.ts';
import { createDownload, type DownloadOptions } from '../../src/generation/asset/download.ts';
import { replyWith, startLoopback, type Loopback } from '../support/loopback.ts';
import { createTestClock } from '../support/test-clock.ts';

let trusted: Loopback;
let inner: Loopback;

beforeAll(async () => {
  [trusted, inner] = await Promise.all([startLoopback(), startLoopback()]);
});

afterAll(() => Promise.all([trusted.close(), inner.close()]));

beforeEach(() => {
  trusted.answer(replyWith(200, 'picture'));
  inner.answer(replyWith(200, 'a secret of this network'));
});

function fetchFrom(url: string, options: Partial<DownloadOptions> = {}) {
  const download = createDownload({ clock: nodeClock, trustedOrigins: [trusted.url], ...options });
  return download(url, createDeadline(nodeClock, nodeClock.now() + 5_000));
}

const portOf = (loopback: Loopback): string => new URL(loopback.url).port;
const resolvesTo =
  (...addresses: string[]): NonNullable<DownloadOptions['lookup']> =>
  (_host, _options, done) =>
    done(
      null,
      addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

describe('the configured service', () => {
  test('is fetched from, also on a private address and without https', async () => {
    expect(await fetchFrom(`${trusted.url}/p.png`)).toEqual({
      kind: 'bytes',
      bytes: new TextEncoder().encode('picture'),
    });
    expect(trusted.received.at(-1)?.headers).not.toHaveProperty('authorization');
  });

  test.each([302, 301, 307, 308])('cannot send us to a private address by a %i', async (status) => {
    const before = inner.received.length;
    trusted.answer(replyWith(status, '', { location: `${inner.url}/latest/meta-data` }));
    expect(await fetchFrom(`${trusted.url}/p.png`)).toMatchObject({ kind: 'refused' });
    expect(inner.received).toHaveLength(before);
  });

  test('may send us on to itself, three times', async () => {
    let hops = 0;
    trusted.answer((response) => {
      hops += 1;
      if (hops <= 3) response.writeHead(302, { location: `/hop-${hops}` }).end();
      else response.writeHead(200).end('picture');
    });
    expect(await fetchFrom(`${trusted.url}/p.png`)).toMatchObject({ kind: 'bytes' });
    hops = -100;
    expect(await fetchFrom(`${trusted.url}/p.png`)).toMatchObject({ kind: 'refused', why: 'too many redirects' });
  });
});

describe('any other address', () => {
  test.each([
    ['http', () => `${inner.url}/p.png`],
    ['this machine by name', () => `https://localhost:${portOf(inner)}/p.png`],
    ['this machine by address', () => `https://127.0.0.1:${portOf(inner)}/p.png`],
    ['this machine in hexadecimal', () => `https://0x7f000001:${portOf(inner)}/p.png`],
    ['this machine as one number', () => `https://2130706433:${portOf(inner)}/p.png`],
    ['this machine by IPv6', () => `https://[::1]:${portOf(inner)}/p.png`],
    ['this machine by IPv4 in IPv6', () => `https://[::ffff:127.0.0.1]:${portOf(inner)}/p.png`],
    ['the metadata service', () => 'https://169.254.169.254/latest/meta-data'],
    ['a file', () => 'file:///etc/passwd'],
    ['data', () => 'data:image/png;base64,iVBORw0KGgo='],
    ['a name and password', () => 'https://user:password@pictures.test/1.png'],
    ['a name alone', () => 'https://user@pictures.test/1.png'],
    ['a password alone', () => 'https://:password@pictures.test/1.png'],
    ['a name at the configured service', () => trusted.url.replace('//', '//user@')],
    ['another port than that of https', () => 'https://pictures.test:8443/1.png'],
    ['this machine by name, at the port of https', () => 'https://localhost/p.png'],
    ['a name of this network', () => 'https://intranet/p.png'],
    ['ftp', () => 'ftp://pictures.test/1.png'],
    ['no address', () => 'not an address'],
    ['nothing', () => ''],
  ])('is refused without a connection: %s', async (_what, url) => {
    const before = inner.received.length;
    expect(await fetchFrom(url())).toMatchObject({ kind: 'refused' });
    expect(inner.received).toHaveLength(before);
  });

  test.each([
    ['a private address', ['10.0.0.8']],
    ['the metadata service', ['169.254.0.23']],
    ['a public and a private address', ['93.184.216.34', '127.0.0.1']],
    ['nothing', []],
  ])('is not connected to when its name resolves to %s at that moment', async (_what, addresses) => {
    const answer = await fetchFrom(`https://rebind.test/p.png`, { lookup: resolvesTo(...addresses) });
    expect(answer).toEqual({ kind: 'failed', why: 'the host has no public address' });
  });
});

describe('what a service answers', () => {
  const answered = async (status: number, headers: Readonly<Record<string, string>> = {}) => {
    trusted.answer(replyWith(status, 'picture', headers));
    return fetchFrom(`${trusted.url}/p.png`);
  };

  test('leads elsewhere only with a status that says so, and somewhere', async () => {
    const elsewhere = { location: '/elsewhere' };
    expect(await answered(200, elsewhere)).toMatchObject({ kind: 'bytes' });
    expect(await answered(400, elsewhere)).toMatchObject({ kind: 'gone', why: 'HTTP 400' });
    expect(await answered(302)).toMatchObject({ kind: 'failed', why: 'HTTP 302' });
    expect(await answered(302, { location: 'http://[nowhere' })).toMatchObject({
      ...{ kind: 'refused', why: 'the redirect leads nowhere' },
    });
    trusted.answer((response) => {
      const isFirst = trusted.received.at(-1)?.path !== '/elsewhere';
      response.writeHead(isFirst ? 300 : 200, isFirst ? elsewhere : {}).end('picture');
    });
    expect(await fetchFrom(`${trusted.url}/p.png`)).toMatchObject({ kind: 'bytes' });
  });

  test('is asked for as a picture, over a connection of its own', async () => {
    await answered(200);
    expect(trusted.received.at(-1)?.headers).toMatchObject({ accept: 'image/*', connection: 'close' });
  });

  test('may come from a name of this machine, where that is the configured one', async () => {
    const url = trusted.url.replace('127.0.0.1', 'localhost');
    const lookup = resolvesTo('10.0.0.8');
    expect(await fetchFrom(`${url}/p.png`, { trustedOrigins: [url], lookup })).toMatchObject({ kind: 'bytes' });
  });
});

describe('the limits', () => {
  test('stop a download for which no time is left, before it begins', async () => {
    const before = trusted.received.length;
    const clock = createTestClock();
    const download = createDownload({ clock, trustedOrigins: [trusted.url] });
    for (const leftMs of [0, -1]) {
      const answer = await download(trusted.url, createDeadline(clock, clock.now() + leftMs));
      expect(answer).toEqual({ kind: 'failed', why: 'no time was left' });
    }
    expect(trusted.received).toHaveLength(before);
  });

  test('stop a body that says it is larger than it may be, before it comes', async () => {
    trusted.answer((response) => void response.writeHead(200, { 'content-length': '1001' }).flushHeaders());
    const options = { maxBytes: 1_000 };
    expect(await fetchFrom(`${trusted.url}/p.png`, options)).toMatchObject({ kind: 'refused' });
    trusted.answer(replyWith(200, 'x'.repeat(1_000), { 'content-length': '1000' }));
    expect(await fetchFrom(`${trusted.url}/p.png`, options)).toMatchObject({ kind: 'bytes' });
  });

  test('end with the deadline where that comes first, and the connection with them', async () => {
    let isClosed: Promise<unknown> = Promise.resolve();
    trusted.answer((response) => {
      isClosed = new Promise((resolve) => response.on('close', resolve));
      response.writeHead(200).write('x');
    });
    const startedAtMs = nodeClock.now();
    const download = createDownload({ clock: nodeClock, trustedOrigins: [trusted.url] });
    const answer = await download(`${trusted.url}/p.png`, createDeadline(nodeClock, startedAtMs + 150));
    expect(answer).toEqual({ kind: 'failed', why: 'no answer in time' });
    await isClosed;
  });

  test('stop a body that is larger than it may be, whatever it says of itself', async () => {
    const options = { maxBytes: 1_000 };
    trusted.answer(replyWith(200, 'x'.repeat(1_001)));
    expect(await fetchFrom(`${trusted.url}/p.png`, options)).toMatchObject({ kind: 'refused' });
    trusted.answer((response) => {
      response.writeHead(200);
      response.write('x'.repeat(600));
      response.end('x'.repeat(600));
    });
    expect(await fetchFrom(`${trusted.url}/p.png`, options)).toMatchObject({ kind: 'refused' });
    trusted.answer(replyWith(200, 'x'.repeat(1_000)));
    expect(await fetchFrom(`${trusted.url}/p.png`, options)).toMatchObject({ kind: 'bytes' });
  });

  test('stop a body that trickles for ever', async () => {
    let timer: NodeJS.Timeout | undefined;
    trusted.answer((response) => {
      response.writeHead(200);
      timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    });
    const answer = await fetchFrom(`${trusted.url}/p.png`, { maxMs: 150 });
    clearInterval(timer);
    expect(answer).toEqual({ kind: 'failed', why: 'no answer in time' });
  });

  test('tell an address that has expired from a service that is down', async () => {
    trusted.answer(replyWith(403));
    expect(await fetchFrom(`${trusted.url}/p.png`)).toMatchObject({ kind: 'gone', why: 'HTTP 403' });
    for (const status of [408, 425, 429, 500]) {
      trusted.answer(replyWith(status));
      expect(await fetchFrom(`${trusted.url}/p.png`)).toMatchObject({ kind: 'failed', why: `HTTP ${status}` });
    }
    trusted.answer(replyWith(503));
    expect(await fetchFrom(`${trusted.url}/p.png`)).toMatchObject({ kind: 'failed', why: 'HTTP 503' });
    trusted.answer((response) => void response.destroy());
    expect(await fetchFrom(`${trusted.url}/p.png`)).toMatchObject({ kind: 'failed' });
  });
});

describe('publicLookup', () => {
  test('hands public addresses on in the form that was asked for', async () => {
    const lookup = publicLookup(resolvesTo('93.184.216.34', '2606:2800:220:1::1'));
    const answerTo = (all: boolean) =>
      new Promise((resolve) => lookup('pictures.test', { all }, (_error, address) => resolve(address)));
    expect(await answerTo(false)).toBe('93.184.216.34');
    expect(await answerTo(true)).toHaveLength(2);
  });

  test('asks for every address of the host, and tells what went wrong with that', async () => {
    const asked: unknown[] = [];
    const failing = publicLookup((host, options, done) => {
      asked.push(host, options);
      done(new Error('planned'), []);
    });
    const error = await new Promise((resolve) => failing('pictures.test', { family: 4 }, resolve));
    expect(asked).toEqual(['pictures.test', { family: 4, all: true }]);
    expect(error).toMatchObject({ message: 'planned' });
  });

  test.each(['1.1.1.1', '93.184.216.34', '2606:4700::1111'])('calls %s public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  test.each([
    '0.0.0.0',
    '100.64.0.1',
    '192.168.1.1',
    '::',
    '::1',
    'fd00::1',
    'fe80::1',
    '::ffff:10.0.0.1',
    '::127.0.0.1',
    'fec0::1',
    'x',
    '',
  ])('does not call "%s" public', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});
