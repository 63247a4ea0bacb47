import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Asset, CopyRetry } from '../../src/records/index.ts';
import type { Document } from '../../src/store/index.ts';
import { createInProcess, type InProcess } from '../support/in-process.ts';
import { createLocalCloud, type LocalCloud } from '../support/local-cloud.ts';
import { replyWith, startLoopback, type Loopback } from '../support/loopback.ts';

let cloud: LocalCloud;
let service: Loopback;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

beforeAll(async () => {
  [cloud, service] = await Promise.all([createLocalCloud({ env: {} }), startLoopback()]);
});

afterAll(() => Promise.all([cloud.close(), service.close()]));

beforeEach(async () => {
  await cloud.load('works', []);
  service.answer(replyWith(200, PNG));
});

/** A finished record whose picture is at the service only. */
function uncopied(id: string, retry: Partial<CopyRetry> = {}): Document {
  const asset: Asset = {
    state: 'pending',
    fileId: null,
    sourceUrl: `${service.url}/${id}.png`,
    bytes: null,
    contentType: null,
    error: 'STORE_UNAVAILABLE',
    retry: { tries: 1, refusals: 0, nextAtMs: 0, expiresAtMs: Date.now() + HOUR_MS, ...retry },
  };
  return { _id: id, status: 'completed', attempt: 1, imageUrl: asset.sourceUrl, asset };
}

const assetOf = async (id: string): Promise<Asset> => (await cloud.get('works', id))?.['asset'] as Asset;
const env = () => ({ WX_DURABLE_PROVIDER: 'theirs', WX_DURABLE_PROVIDER_URL: `${service.url}/v1` });
const opened = (): InProcess => createInProcess(cloud, { env: env() });
const asked = (from: number): readonly string[] => service.received.slice(from).map(({ path }) => path);
const picturesOf = ({ data }: Awaited<ReturnType<InProcess['recover']>>): unknown =>
  (data?.['phases'] as { pictures?: unknown } | undefined)?.pictures;

describe('pictures that wait to be copied', () => {
  test('are fetched when they are due, the first to expire first', async () => {
    const nowMs = Date.now();
    await cloud.add(
      'works',
      ...['a', 'b', 'c', 'd'].map((id) => uncopied(`late-${id}`, { expiresAtMs: nowMs + 30 * HOUR_MS })),
      uncopied('z-soon', { expiresAtMs: nowMs + MINUTE_MS }),
      uncopied('y-soon', { expiresAtMs: nowMs + 2 * MINUTE_MS }),
      uncopied('not-due', { expiresAtMs: nowMs, nextAtMs: nowMs + HOUR_MS }),
    );
    const before = service.received.length;
    expect(picturesOf(await opened().recover())).toMatchObject({ done: 6, skipped: 0, failed: [] });
    const order = asked(before);
    // Four at a time: what expires first is in the first four.
    expect(order.slice(0, 4)).toEqual(expect.arrayContaining(['/z-soon.png', '/y-soon.png']));
    expect(order).not.toContain('/not-due.png');
    expect(await assetOf('not-due')).toMatchObject({ state: 'pending', retry: { tries: 1 } });
  });

  test('do not stand before others when they cannot be copied', async () => {
    const soonest = Date.now() + MINUTE_MS;
    await cloud.add('works', ...Array.from({ length: 6 }, (_, n) => uncopied(`bad-${n}`, { expiresAtMs: soonest })));
    service.answer(replyWith(503));
    expect(picturesOf(await opened().recover())).toMatchObject({ done: 0, skipped: 6 });
    await cloud.add('works', uncopied('good'));
    service.answer(replyWith(200, PNG));
    const before = service.received.length;
    expect(picturesOf(await opened().recover())).toMatchObject({ done: 1, skipped: 0 });
    expect(asked(before)).toEqual(['/good.png']);
  });

  test('of before this order are copied too', async () => {
    const { retry: _retry, ...asset } = uncopied('older')['asset'] as Asset;
    await cloud.add('works', { ...uncopied('older'), asset });
    expect(picturesOf(await opened().recover())).toMatchObject({ done: 1 });
    expect(await assetOf('older')).toMatchObject({ state: 'copied', contentType: 'image/png' });
  });
});

describe('a picture whose address answers', () => {
  test.each([403, 404, 410])('%i is looked at three times and is then lost for good', async (status) => {
    await cloud.add('works', uncopied('gone', { tries: 0 }));
    service.answer(replyWith(status));
    const time = opened();
    const before = service.received.length;
    const states: unknown[] = [];
    for (let run = 0; run < 5; run += 1) {
      await time.recover();
      states.push((await assetOf('gone')).state);
      time.clock.forward(HOUR_MS);
    }
    expect(states).toEqual(['pending', 'pending', 'lost', 'lost', 'lost']);
    expect(asked(before)).toHaveLength(3);
    expect(await assetOf('gone')).toMatchObject({ error: 'ASSET_REFUSED', sourceUrl: `${service.url}/gone.png` });
    expect(await assetOf('gone')).not.toHaveProperty('retry');
  });

  test.each([408, 425, 429, 500, 503])(
    '%i is copied as soon as that is over, however often it was asked',
    async (status) => {
      await cloud.add('works', uncopied('busy', { tries: 9, expiresAtMs: Date.now() + 100 * HOUR_MS }));
      service.answer(replyWith(status));
      const time = opened();
      for (let run = 0; run < 4; run += 1) {
        await time.recover();
        time.clock.forward(7 * HOUR_MS);
      }
      expect(await assetOf('busy')).toMatchObject({
        state: 'pending',
        error: 'ASSET_UNAVAILABLE',
        retry: { tries: 13 },
      });
      service.answer(replyWith(200, PNG));
      await time.recover();
      expect(await assetOf('busy')).toMatchObject({ state: 'copied', error: null });
      expect(await assetOf('busy')).not.toHaveProperty('retry');
    },
  );
});
