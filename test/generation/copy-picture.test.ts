import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDeadline } from '../../src/core/index.ts';
import { nodeClock } from '../../src/core/node/index.ts';
import { copyPicture, createDownload } from '../../src/generation/asset/index.ts';
import type { Blobs } from '../../src/store/index.ts';
import { createRetrier } from '../../src/durable/index.ts';
import type { CopyRetry } from '../../src/records/index.ts';
import { createMemoryBlobs } from '../../src/store/memory/index.ts';
import { createFlakyBlobs, type Fates } from '../support/flaky-store.ts';
import { replyWith, startLoopback, type Loopback, type Reply } from '../support/loopback.ts';
import { memoryLog, seededRandom } from '../support/ports.ts';

let service: Loopback;

beforeAll(async () => {
  service = await startLoopback();
});

afterAll(() => service.close());

/** How a file of the AVIF and HEIC family begins: with the brands that it is of. */
function boxOf(major: string, ...others: readonly string[]): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(16 + 4 * others.length);
  return Buffer.concat([size, Buffer.from(`ftyp${major}\0\0\0\0${others.join('')}`), Buffer.from('mdat')]);
}

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);
const WEBP = Buffer.concat([Buffer.from('RIFF'), Buffer.from([9, 0, 0, 0]), Buffer.from('WEBPVP8 ')]);

interface Attempt {
  readonly picture: { readonly url: string } | { readonly bytes: Uint8Array };
  readonly trustedOrigin?: string | undefined;
  readonly blobs?: Blobs | undefined;
  readonly timeMs?: number;
  readonly earlier?: CopyRetry;
}

const HOUR_MS = 3_600_000;

function copy({ picture, trustedOrigin, timeMs = 5_000, earlier, ...rest }: Attempt) {
  const blobs = 'blobs' in rest ? rest.blobs : createMemoryBlobs();
  const deadline = createDeadline(nodeClock, nodeClock.now() + timeMs);
  const download = createDownload({ clock: nodeClock, trustedOrigins: trustedOrigin ? [trustedOrigin] : [] });
  const ports = { clock: nodeClock, random: seededRandom(1), log: memoryLog() };
  const writer = { retrier: createRetrier(ports, { baseDelayMs: 1 }) };
  const expiresAtMs = nodeClock.now() + HOUR_MS;
  const request = { picture, id: 'w_1', attempt: 2, deadline, expiresAtMs, earlier };
  return copyPicture({ clock: nodeClock, download, blobs, writer }, request);
}

/** Copies what the service of this test answers, as the configured one. */
function copyAnswer(reply: Reply, timeMs?: number) {
  service.answer(reply);
  const picture = { url: `${service.url}/p.png` };
  return copy({ picture, trustedOrigin: service.url, ...(timeMs === undefined ? {} : { timeMs }) });
}

const uncopied = { fileId: null, bytes: null, contentType: null, error: 'ASSET_REFUSED' };
const forbidden = { ...uncopied, state: 'lost' };

describe('a picture is copied under the name of its record and attempt', () => {
  test.each([
    ['png', 'image/png', PNG],
    ['jpg', 'image/jpeg', Buffer.from([0xff, 0xd8, 0xff, 0xe0])],
    ['webp', 'image/webp', WEBP],
    ['gif', 'image/gif', Buffer.from('GIF89a')],
    ['avif', 'image/avif', boxOf('avif', 'mif1', 'miaf')],
    ['avif', 'image/avif', boxOf('mif1', 'avif')],
    ['avif', 'image/avif', boxOf('avis', 'msf1')],
    ['heic', 'image/heic', boxOf('heic', 'mif1')],
    ['heic', 'image/heic', boxOf('mif1', 'heic')],
    ['heif', 'image/heif', boxOf('mif1')],
  ])('as %s, told by its first bytes and not by what the service calls it', async (extension, contentType, bytes) => {
    expect(await copyAnswer(replyWith(200, bytes, { 'content-type': 'text/html' }))).toEqual({
      state: 'copied',
      fileId: `memory://blobs/wx-durable/pictures/w_1_2.${extension}`,
      sourceUrl: `${service.url}/p.png`,
      bytes: bytes.length,
      contentType,
      error: null,
    });
  });

  test('from its bytes, where the service sent those', async () => {
    const blobs = createMemoryBlobs();
    const asset = await copy({ picture: { bytes: new Uint8Array(PNG) }, blobs });
    expect(asset).toMatchObject({ state: 'copied', sourceUrl: null, bytes: PNG.length });
    expect(await blobs.get(String(asset.fileId))).toEqual(new Uint8Array(PNG));
  });
});

describe('what is no picture is not copied', () => {
  test.each<[string, Reply]>([
    ['a web page', replyWith(200, '<html><body>expired</body></html>', { 'content-type': 'image/png' })],
    ['an svg with a script', replyWith(200, '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>')],
    ['a video', replyWith(200, boxOf('isom', 'iso2', 'avc1', 'mp41'))],
    [
      'a video that has the name of a picture behind its brands',
      replyWith(200, Buffer.concat([boxOf('mp42'), Buffer.from('avif')])),
    ],
    ['nothing', replyWith(200)],
    ['three bytes', replyWith(200, PNG.subarray(0, 3))],
    ['a picture with status 403', replyWith(403, PNG)],
    ['nothing at all any more', replyWith(404)],
  ])('and asked for again later, since one look may be wrong: %s', async (_what, reply) => {
    expect(await copyAnswer(reply)).toMatchObject({
      ...uncopied,
      state: 'pending',
      sourceUrl: `${service.url}/p.png`,
      retry: { tries: 1, refusals: 1 },
    });
  });

  test.each<[string, Reply]>([
    ['a way elsewhere', replyWith(302, PNG, { location: 'http://pictures.test/' })],
    ['more than twenty million bytes', replyWith(200, Buffer.concat([PNG, Buffer.alloc(20_000_000)]))],
  ])('and given up at once: %s', async (_what, reply) => {
    expect(await copyAnswer(reply)).toEqual({ ...forbidden, sourceUrl: `${service.url}/p.png` });
  });

  test.each([
    ['ends before its brands begin', boxOf('avif').subarray(0, 12)],
    ['has a brand, and is no box', Buffer.concat([Buffer.from('\0\0\0\x10ftyq'), Buffer.from('avif\0\0\0\0')])],
  ])('what %s', async (_what, bytes) => {
    expect(await copy({ picture: { bytes } })).toMatchObject({ state: 'pending', error: 'ASSET_REFUSED' });
  });

  test('but the shortest box that is one, and the largest picture', async () => {
    const shortest = boxOf('avif').subarray(0, 16);
    expect(await copy({ picture: { bytes: shortest } })).toMatchObject({ contentType: 'image/avif', bytes: 16 });
    const largest = Buffer.concat([PNG, Buffer.alloc(20_000_000 - PNG.length)]);
    expect(await copy({ picture: { bytes: largest } })).toMatchObject({ state: 'copied', bytes: 20_000_000 });
  });

  test('bytes of more than twenty million', async () => {
    expect(await copy({ picture: { bytes: Buffer.concat([PNG, Buffer.alloc(20_000_000)]) } })).toEqual({
      ...forbidden,
      sourceUrl: null,
    });
  });

  test('one that does not arrive in time', async () => {
    expect(await copyAnswer(() => undefined, 200)).toMatchObject({
      ...uncopied,
      state: 'pending',
      error: 'ASSET_UNAVAILABLE',
      retry: { tries: 1, refusals: 0 },
    });
  });
});

describe('an address that was not agreed on is never asked', () => {
  test('http, but for the service that was configured', async () => {
    const before = service.received.length;
    service.answer(replyWith(200, PNG));
    const picture = { url: `${service.url}/p.png` };
    expect(await copy({ picture })).toMatchObject(forbidden);
    expect(await copy({ picture, trustedOrigin: service.url.replace('127.0.0.1', 'localhost') })).toMatchObject(
      forbidden,
    );
    expect(service.received).toHaveLength(before);
    expect(await copy({ picture, trustedOrigin: service.url })).toMatchObject({ state: 'copied' });
    expect(service.received).toHaveLength(before + 1);
  });
});

describe('storage that does not take a picture at once', () => {
  const flaky = (fates: Fates) => createFlakyBlobs(createMemoryBlobs(), { clock: nodeClock, fates });

  test.each<[string, Fates]>([
    ['is away for a moment', { put: ['STORE_UNAVAILABLE'] }],
    ['takes it and loses the answer', { put: ['answer-lost'] }],
    ['throws what nobody expected', { put: [{ throws: new TypeError('oops') }] }],
    ['never answers', { put: ['hang'] }],
  ])('is asked again where it %s', async (_what, fates) => {
    const blobs = flaky(fates);
    expect(await copy({ picture: { bytes: PNG }, blobs, timeMs: 600 })).toMatchObject({ state: 'copied' });
    expect(blobs.names()).toEqual(['put', 'put']);
  });

  test.each([
    ['bytes, which have no address', 3, { bytes: PNG }],
    ['a picture with an address, for which somebody waits', 2, undefined],
  ])('is asked no more often than it takes for %s', async (_what, times, bytes) => {
    service.answer(replyWith(200, PNG));
    const blobs = flaky({ put: { always: 'STORE_UNAVAILABLE' } });
    const picture = bytes ?? { url: `${service.url}/p.png` };
    expect(await copy({ picture, trustedOrigin: service.url, blobs })).toMatchObject({
      state: 'pending',
      error: 'STORE_UNAVAILABLE',
    });
    expect(blobs.names()).toHaveLength(times);
  });

  test('is not asked again where asking would change nothing', async () => {
    const blobs = flaky({ put: { always: 'STORE_QUOTA' } });
    expect(await copy({ picture: { bytes: PNG }, blobs })).toMatchObject({ state: 'pending', error: 'STORE_QUOTA' });
    expect(blobs.names()).toEqual(['put']);
  });

  test('leaves it at the service, with the reason and the time of the next try', async () => {
    service.answer(replyWith(200, PNG));
    const blobs = flaky({ put: { always: 'STORE_QUOTA' } });
    const earlier = { tries: 4, refusals: 2, nextAtMs: 0, expiresAtMs: 0 };
    const picture = { url: `${service.url}/p.png` };
    const asset = await copy({ picture, trustedOrigin: service.url, blobs, earlier });
    // The address works as ever: what our own storage does says nothing about it.
    expect(asset).toMatchObject({ state: 'pending', sourceUrl: picture.url, retry: { tries: 5, refusals: 2 } });
    expect(Number(asset.retry?.nextAtMs)).toBeGreaterThan(nodeClock.now());
  });

  test('is missed where there is none at all', async () => {
    expect(await copy({ picture: { bytes: PNG }, blobs: undefined })).toMatchObject({
      state: 'pending',
      error: 'CONFIG_INVALID',
    });
  });
});
