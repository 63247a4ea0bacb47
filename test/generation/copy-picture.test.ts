import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDeadline, DurableError } from '../../src/core/index.ts';
import { nodeClock } from '../../src/core/node/index.ts';
import { copyPicture, createDownload } from '../../src/generation/asset/index.ts';
import type { Blobs } from '../../src/store/index.ts';
import { createMemoryBlobs } from '../../src/store/memory/index.ts';
import { replyWith, startLoopback, type Loopback, type Reply } from '../support/loopback.ts';

let service: Loopback;

beforeAll(async () => {
  service = await startLoopback();
});

afterAll(() => service.close());

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);
const WEBP = Buffer.concat([Buffer.from('RIFF'), Buffer.from([9, 0, 0, 0]), Buffer.from('WEBPVP8 ')]);

interface Attempt {
  readonly picture: { readonly url: string } | { readonly bytes: Uint8Array };
  readonly trustedOrigin?: string | undefined;
  readonly blobs?: Blobs | undefined;
  readonly timeMs?: number;
}

function copy({ picture, trustedOrigin, timeMs = 5_000, ...rest }: Attempt) {
  const blobs = 'blobs' in rest ? rest.blobs : createMemoryBlobs();
  const deadline = createDeadline(nodeClock, nodeClock.now() + timeMs);
  const download = createDownload({ clock: nodeClock, trustedOrigin });
  return copyPicture({ clock: nodeClock, download, blobs }, { picture, id: 'w_1', attempt: 2, deadline });
}

/** Copies what the service of this test answers, as the configured one. */
function copyAnswer(reply: Reply, timeMs?: number) {
  service.answer(reply);
  const picture = { url: `${service.url}/p.png` };
  return copy({ picture, trustedOrigin: service.url, ...(timeMs === undefined ? {} : { timeMs }) });
}

const refused = { state: 'pending', fileId: null, bytes: null, contentType: null, error: 'ASSET_REFUSED' };

describe('a picture is copied under the name of its record and attempt', () => {
  test.each([
    ['png', 'image/png', PNG],
    ['jpg', 'image/jpeg', Buffer.from([0xff, 0xd8, 0xff, 0xe0])],
    ['webp', 'image/webp', WEBP],
    ['gif', 'image/gif', Buffer.from('GIF89a')],
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
    ['nothing', replyWith(200)],
    ['three bytes', replyWith(200, PNG.subarray(0, 3))],
    ['a picture with status 403', replyWith(403, PNG)],
    ['a way elsewhere', replyWith(302, PNG, { location: 'http://pictures.test/' })],
    ['more than twenty million bytes', replyWith(200, Buffer.concat([PNG, Buffer.alloc(20_000_000)]))],
  ])('%s', async (_what, reply) => {
    expect(await copyAnswer(reply)).toEqual({ ...refused, sourceUrl: `${service.url}/p.png` });
  });

  test('bytes of more than twenty million', async () => {
    expect(await copy({ picture: { bytes: Buffer.concat([PNG, Buffer.alloc(20_000_000)]) } })).toEqual({
      ...refused,
      sourceUrl: null,
    });
  });

  test('one that does not arrive in time', async () => {
    expect(await copyAnswer(() => undefined, 200)).toMatchObject({ ...refused, error: 'ASSET_UNAVAILABLE' });
  });
});

describe('an address that was not agreed on is never asked', () => {
  test('http, but for the service that was configured', async () => {
    const before = service.received.length;
    service.answer(replyWith(200, PNG));
    const picture = { url: `${service.url}/p.png` };
    expect(await copy({ picture })).toMatchObject(refused);
    expect(await copy({ picture, trustedOrigin: service.url.replace('127.0.0.1', 'localhost') })).toMatchObject(
      refused,
    );
    expect(service.received).toHaveLength(before);
    expect(await copy({ picture, trustedOrigin: service.url })).toMatchObject({ state: 'copied' });
    expect(service.received).toHaveLength(before + 1);
  });
});

describe('storage that does not take a picture leaves it at the service', () => {
  const failing = (error: Error): Blobs => ({ ...createMemoryBlobs(), put: () => Promise.reject(error) });

  test.each([
    ['its own reason', new DurableError('STORE_QUOTA', 'full'), 'STORE_QUOTA'],
    ['an exception nobody expected', new TypeError('oops'), 'INTERNAL'],
  ])('with %s', async (_what, error, code) => {
    service.answer(replyWith(200, PNG));
    const asset = await copy({
      picture: { url: `${service.url}/p.png` },
      trustedOrigin: service.url,
      blobs: failing(error),
    });
    expect(asset).toMatchObject({ state: 'pending', sourceUrl: `${service.url}/p.png`, error: code });
  });

  test('where there is no storage at all', async () => {
    expect(await copy({ picture: { bytes: PNG }, blobs: undefined })).toMatchObject({
      state: 'pending',
      error: 'CONFIG_INVALID',
    });
  });
});
