import { describe, expect, test } from 'vitest';
import { DurableError } from '../../src/core/index.ts';
import type { Download } from '../../src/generation/index.ts';
import type { Document } from '../../src/store/index.ts';
import { createRoom, PNG, type RoomOptions } from './room-scene.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 4);
const HOUR_MS = 3_600_000;
const urlOf = (id: string): string => `https://pictures.example/${id}.png`;

/** A record whose picture is at the service only; `dueInMs` and `lastsMs` from now. */
function pending(id: string, { dueInMs = 0, lastsMs = HOUR_MS, ...fields }: Fields = {}): Document {
  const retry = { tries: 1, refusals: 0, nextAtMs: NOW_MS + dueInMs, expiresAtMs: NOW_MS + lastsMs };
  const asset = { state: 'pending', fileId: null, sourceUrl: urlOf(id), bytes: null, contentType: null, error: null };
  return {
    ...{ _id: id, userId: 'u_1', status: 'completed', attempt: 2, imageUrl: urlOf(id), createdAt: new Date(NOW_MS) },
    asset: { ...asset, retry, ...fields },
  };
}

interface Fields {
  readonly dueInMs?: number;
  readonly lastsMs?: number;
  readonly retry?: undefined;
  readonly sourceUrl?: null;
  readonly state?: string;
}

async function createScene(works: readonly Document[], options: RoomOptions = {}) {
  const fetched: string[] = [];
  const showing: Download = async (url) => {
    fetched.push(url);
    return { kind: 'bytes', bytes: PNG };
  };
  const room = createRoom({ download: showing, ...options });
  await room.add('works', ...works);
  const assetOf = (id: string) => room.memory.dump('works').find(({ _id }) => _id === id)?.['asset'];
  const pictures = async (timeMs?: number) => {
    const { phases, checkpoint } = await room.recover(timeMs);
    return { ...phases.pictures, begins: checkpoint };
  };
  return { ...room, fetched, assetOf, pictures };
}

describe('a picture that is still at the service', () => {
  test('is copied by the next run of recovery under the name of its attempt, and its address stays as it was', async () => {
    const scene = await createScene([pending('w_1')]);
    expect(await scene.pictures()).toEqual({ done: 1, skipped: 0, failed: [], begins: undefined });
    const fileId = 'memory://blobs/wx-durable/pictures/w_1_2.png';
    expect(scene.assetOf('w_1')).toEqual({
      ...{ state: 'copied', fileId, sourceUrl: urlOf('w_1'), bytes: PNG.length, contentType: 'image/png', error: null },
    });
    expect(scene.work()).toMatchObject({ imageUrl: urlOf('w_1') });
    expect(await scene.files.get(fileId)).toEqual(PNG);
    expect(await scene.pictures()).toMatchObject({ done: 0, skipped: 0 });
  });

  test('is copied before others where its address dies sooner, however many there are', async () => {
    const ids = Array.from({ length: 11 }, (_, n) => `w_${String(n).padStart(2, '0')}`);
    const works = ids.map((id, n) => pending(id, { lastsMs: HOUR_MS * (11 - n) }));
    const scene = await createScene(works);
    expect(await scene.pictures()).toMatchObject({ done: 11 });
    expect(scene.fetched).toEqual([...ids].reverse().map(urlOf));
  });

  test('waits for its time, and needs none where it never was put off', async () => {
    const scene = await createScene([
      pending('w_late', { dueInMs: 1 }),
      pending('w_now', { dueInMs: 0 }),
      pending('w_older', { retry: undefined }),
    ]);
    expect(await scene.pictures()).toMatchObject({ done: 2, skipped: 0 });
    expect([...scene.fetched].sort()).toEqual([urlOf('w_now'), urlOf('w_older')]);
    expect(scene.assetOf('w_late')).toMatchObject({ state: 'pending' });
  });

  test('is put off with what earlier tries left, and lost in the end', async () => {
    const scene = await createScene([pending('w_1', { lastsMs: 30 * 24 * HOUR_MS })], {
      download: async () => ({ kind: 'gone', why: 'HTTP 404' }),
    });
    expect(await scene.pictures()).toMatchObject({ done: 0, skipped: 1, failed: [] });
    const retry = { tries: 2, refusals: 1, nextAtMs: NOW_MS + 600_000, expiresAtMs: NOW_MS + 30 * 24 * HOUR_MS };
    expect(scene.assetOf('w_1')).toMatchObject({ state: 'pending', error: 'ASSET_REFUSED', retry });
    for (const _time of [1, 2]) {
      await scene.clock.advance(HOUR_MS);
      await scene.pictures();
    }
    expect(scene.assetOf('w_1')).toMatchObject({ state: 'lost', sourceUrl: urlOf('w_1') });
  });

  test('of which nobody said how long it lasts is thought to be at its end', async () => {
    const scene = await createScene([pending('w_1', { retry: undefined })], {
      download: async () => ({ kind: 'failed', why: 'silence' }),
    });
    await scene.pictures();
    expect(scene.assetOf('w_1')).toMatchObject({ retry: { expiresAtMs: NOW_MS, nextAtMs: NOW_MS + 300_000 } });
  });

  test('is lost after days of silence, and not where our own storage does not take it', async () => {
    const longDead = { lastsMs: -4 * 24 * HOUR_MS };
    const silent = await createScene([pending('w_1', longDead)], {
      download: async () => ({ kind: 'failed', why: 'silence' }),
    });
    await silent.pictures();
    expect(silent.assetOf('w_1')).toMatchObject({ state: 'lost', error: 'ASSET_UNAVAILABLE' });
    const full = await createScene([pending('w_1', longDead)], { blobFates: { put: { always: 'STORE_QUOTA' } } });
    await full.pictures();
    expect(full.assetOf('w_1')).toMatchObject({ state: 'pending', error: 'STORE_QUOTA' });
  });

  test('is read and changed by statements that have an end', async () => {
    const scene = await createScene([pending('w_1')]);
    await scene.pictures();
    const ends = scene.store.statements.map(({ call }) => Number(call.deadline?.atMs));
    expect(ends.every((atMs) => atMs <= NOW_MS + 60_000)).toBe(true);
    expect(scene.store.names().slice(-2)).toEqual(['page works', 'update works']);
    expect(ends.slice(-2)).toEqual([NOW_MS + 60_000, NOW_MS + 60_000]);
  });

  test('that has no address is passed over', async () => {
    const scene = await createScene([pending('w_1', { sourceUrl: null })]);
    expect(await scene.pictures()).toMatchObject({ done: 0, skipped: 1, failed: [] });
    expect(scene.fetched).toEqual([]);
    expect(scene.assetOf('w_1')).toMatchObject({ state: 'pending' });
  });

  test('that another run has given up meanwhile stays so', async () => {
    const scene = await createScene([pending('w_1')], {
      download: async () => {
        await scene.memory.update('works', { id: 'w_1' }, { set: { 'asset.state': 'lost' } });
        return { kind: 'bytes', bytes: PNG };
      },
    });
    await scene.pictures();
    expect(scene.assetOf('w_1')).toMatchObject({ state: 'lost', fileId: null });
  });

  test('whose record cannot be changed is named, and stops no other', async () => {
    const scene = await createScene([pending('w_1'), pending('w_2', { lastsMs: 2 * HOUR_MS })], {
      fates: { 'update works': [{ throws: new DurableError('STORE_DENIED', 'planned') }] },
    });
    expect(await scene.pictures()).toMatchObject({ done: 1, failed: [{ id: 'w_1', code: 'STORE_DENIED' }] });
    expect(scene.assetOf('w_2')).toMatchObject({ state: 'copied' });
  });
});

describe('a run of recovery that has little time for pictures', () => {
  test('begins none that it could not finish, and says that some are left', async () => {
    const slow: Download = async () => {
      await new Promise<void>((resolve) => scene.clock.after(12_000, resolve));
      return { kind: 'bytes', bytes: PNG };
    };
    const ids = Array.from({ length: 10 }, (_, n) => `w_${n}`);
    const scene = await createScene(
      ids.map((id, n) => pending(id, { lastsMs: HOUR_MS * (n + 1) })),
      { download: slow },
    );
    // Of 30 s the last 15 are no time to begin in: four are begun at once, and four after 12 s.
    expect(await scene.pictures(30_000)).toMatchObject({
      ...{ done: 8, skipped: 0, failed: [], checkpoint: { id: '' } },
      begins: { phase: 'holds' },
    });
    expect(ids.map((id) => (scene.assetOf(id) as { state: string }).state)).toEqual([
      ...Array<string>(8).fill('copied'),
      ...Array<string>(2).fill('pending'),
    ]);
  });

  test('keeps no more than 20 s for the last of them', async () => {
    const slow: Download = async () => {
      await new Promise<void>((resolve) => scene.clock.after(15_000, resolve));
      return { kind: 'bytes', bytes: PNG };
    };
    const ids = Array.from({ length: 11 }, (_, n) => `w_${String(n).padStart(2, '0')}`);
    const scene = await createScene(
      ids.map((id) => pending(id)),
      { download: slow },
    );
    // Begun after 0, 15 and 30 s, the last of them before the 40th.
    expect(await scene.pictures(60_000)).toMatchObject({ done: 11, begins: undefined });
  });

  test('reports that it could not look for them, and what else it did stands', async () => {
    const works = [pending('w_1')];
    const scene = await createScene(works, { fates: { 'page works': { always: 'STORE_DENIED' } } });
    const { phases } = await scene.recover();
    expect(phases.pictures).toEqual({ done: 0, skipped: 0, failed: [{ id: '', code: 'STORE_DENIED' }] });
    expect(phases.letters).toMatchObject({ done: 0, failed: [] });
  });
});
