import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDeadline } from '../../src/core/index.ts';
import { nodeClock } from '../../src/core/node/index.ts';
import { is, type PageRequest } from '../../src/store/index.ts';
import { pagesOver } from '../../src/store/cloudbase/index.ts';
import { codeOf, collectionWith, idsOf, walk } from '../store-contract/subject.ts';
import { openSdkCloud, type SdkCloud } from './sdk-cloud.ts';

let cloud: SdkCloud;
beforeAll(async () => {
  cloud = await openSdkCloud();
});
afterEach(() => cloud.meet());
afterAll(() => cloud.close());

const inMs = (delayMs: number) => createDeadline(nodeClock, nodeClock.now() + delayMs);

describe('createCloudbaseStore', () => {
  it('sends one request for each statement', async () => {
    const { store, meet, requests } = cloud;
    const name = await collectionWith(store, { _id: 'a' });
    const statements = [
      () => store.insert(name, { _id: 'b' }),
      () => store.insert(name, { _id: 'b' }),
      () => store.get(name, 'a'),
      () => store.update(name, { id: 'a' }, { set: { n: 1 } }),
      () => store.count(name, {}),
      () => store.group(name, { by: 'n' }),
      () => store.page(name, { limit: 10 }),
      () => store.remove(name, { id: 'a' }),
      () => store.createCollection(name),
    ];
    for (const statement of statements) {
      meet();
      await statement();
      expect(await requests()).toBe(1);
    }
  });

  it('does not repeat a statement that fails', async () => {
    const { store, meet, requests } = cloud;
    const name = await collectionWith(store);
    meet({ inject: 'refused', action: 'insertDocument' });
    expect(await codeOf(store.insert(name, { _id: 'a' }))).toBe('STORE_UNAVAILABLE');
    expect(await requests()).toBe(1);
  });
});

const TOO_LARGE = {
  action: 'getDocument',
  inject: 'error',
  code: 'DATABASE_REQUEST_FAILED',
  message: 'database query result size exceed limit (1MB)',
} as const;

describe('a page that is too large for the platform', () => {
  const requests: readonly PageRequest[] = [
    { limit: 8 },
    { limit: 7, direction: 'desc' },
    { limit: 8, orderBy: 'rank', where: { rank: is.atLeast(0) } },
  ];

  it.each(requests)('is halved and asked for again, and nothing is skipped or repeated: %j', async (request) => {
    const { store, meet } = cloud;
    const documents = Array.from({ length: 21 }, (_, number) => ({ _id: `d${number + 10}`, rank: number % 3 }));
    const name = await collectionWith(store, ...documents);
    meet();
    const expected = await walk(store, name, request);
    meet({ ...TOO_LARGE, times: 2 });
    const actual = await walk(store, name, request);
    expect(await cloud.fired()).toEqual([2]);
    expect(actual.sizes[0]).toBe(2);
    expect(idsOf(actual.items)).toEqual(idsOf(expected.items));
    expect(actual.items).toHaveLength(21);
  });

  it('is given up when one document alone is too large', async () => {
    const { store, meet, requests: sent } = cloud;
    const name = await collectionWith(store, { _id: 'a' });
    meet({ ...TOO_LARGE, times: 11 });
    expect(await codeOf(store.page(name, { limit: 1_000 }))).toBe('STORE_TOO_LARGE');
    // 1,000, 500, 250, 125, 63, 32, 16, 8, 4, 2, 1, and its name.
    expect(await sent()).toBe(12);
  });

  it.each(requests)('says which document alone is too large, and where to go on after it: %j', async (request) => {
    const { store, meet } = cloud;
    const documents = Array.from({ length: 5 }, (_, number) => ({ _id: `d${number}`, rank: number % 3 }));
    const name = await collectionWith(store, ...documents);
    meet();
    const { items } = await store.page(name, { ...request, limit: 5 });
    const { next: first } = await store.page(name, { ...request, limit: 1 });
    // Two documents after the first are asked for, then one: refused both times.
    meet({ ...TOO_LARGE, times: 2 });
    const error = await store.page(name, { ...request, limit: 2, after: first }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'STORE_TOO_LARGE', details: { tooLargeId: items[1]?._id } });
    const { next } = (error as { details: { next: PageRequest['after'] } }).details;
    const rest = await store.page(name, { ...request, limit: 5, after: next });
    expect(idsOf(rest.items)).toEqual(idsOf(items).slice(2));
  });

  it('is given up as before where not even the name can be read', async () => {
    const { store, meet } = cloud;
    const name = await collectionWith(store, { _id: 'a' });
    meet(TOO_LARGE);
    expect(await codeOf(store.page(name, { limit: 1 }))).toBe('STORE_TOO_LARGE');
  });
});

describe('the store of a function that people wait for', () => {
  it('reads a first page by itself, and loads what walks on when a page after it is wanted', async () => {
    const name = await collectionWith(cloud.store, { _id: 'a' }, { _id: 'b' }, { _id: 'c' });
    let loads = 0;
    const store = cloud.callStore(async () => {
      loads += 1;
      return pagesOver;
    });
    const first = await store.page(name, { where: { _id: is.above('') }, limit: 2 });
    expect([idsOf(first.items), first.next, loads]).toEqual([['a', 'b'], { id: 'b' }, 0]);
    const second = await store.page(name, { limit: 2, after: first.next });
    expect([idsOf(second.items), second.next, loads]).toEqual([['c'], undefined, 1]);
  });

  it('loads it too where a first page is too large, which is then asked for in halves', async () => {
    const name = await collectionWith(cloud.store, { _id: 'a' }, { _id: 'b' });
    cloud.meet({ ...TOO_LARGE, times: 2 });
    expect(await cloud.callStore().page(name, { limit: 2 })).toEqual({ items: [{ _id: 'a' }], next: { id: 'a' } });
    expect(await cloud.requests()).toBe(3);
  });

  it('says so where it cannot be loaded, and asks for it again the next time', async () => {
    const name = await collectionWith(cloud.store, { _id: 'a' });
    let isThere = false;
    const store = cloud.callStore(async () => {
      if (isThere) return pagesOver;
      throw new Error('no such file');
    });
    await expect(store.page(name, { limit: 1, orderBy: 'rank' })).rejects.toThrow('no such file');
    isThere = true;
    expect((await store.page(name, { limit: 1, orderBy: 'rank' })).items).toEqual([{ _id: 'a' }]);
  });
});

describe('the time of one statement', () => {
  it('is bounded where the SDK would wait 15 s, and what became of the write is then unknown', async () => {
    const { store, meet, contents } = cloud;
    const name = await collectionWith(store);
    meet(
      { action: 'insertDocument', inject: 'hang', times: 1 },
      { action: 'insertDocument', inject: 'hang-after', times: 1 },
    );
    expect(await codeOf(store.insert(name, { _id: 'lost' }, { timeoutMs: 300 }))).toBe('STORE_UNCERTAIN');
    expect(await codeOf(store.insert(name, { _id: 'kept' }, { timeoutMs: 300 }))).toBe('STORE_UNCERTAIN');
    expect(await contents(name)).toEqual([{ _id: 'kept' }]);
  });

  it('is enough for a slow answer that comes in time', async () => {
    const { store, meet } = cloud;
    const name = await collectionWith(store);
    meet({ action: 'insertDocument', inject: 'delay', delayMs: 100, times: 1 });
    expect(await store.insert(name, { _id: 'a' }, { timeoutMs: 5_000 })).toBe('inserted');
  });

  it('ends with the deadline where that comes first', async () => {
    const { store, meet } = cloud;
    const name = await collectionWith(store);
    meet({ action: 'getDocument', inject: 'hang' });
    expect(await codeOf(store.get(name, 'a', { timeoutMs: 60_000, deadline: inMs(200) }))).toBe('STORE_UNCERTAIN');
  });

  it('is none after the deadline: nothing is sent any more', async () => {
    const { store, meet, requests } = cloud;
    const name = await collectionWith(store, { _id: 'a' });
    meet();
    const call = { deadline: inMs(-1) };
    const statements = [
      () => store.insert(name, { _id: 'b' }, call),
      () => store.get(name, 'a', call),
      () => store.update(name, { id: 'a' }, { set: { n: 1 } }, call),
      () => store.remove(name, { id: 'a' }, call),
      () => store.count(name, {}, call),
      () => store.group(name, { by: 'n' }, call),
      () => store.page(name, { limit: 1 }, call),
      () => store.createCollection('late', call),
    ];
    for (const statement of statements) expect(await codeOf(statement)).toBe('DEADLINE_PASSED');
    expect(await requests()).toBe(0);
    expect(await store.get(name, 'a', { deadline: inMs(5_000) })).toEqual({ _id: 'a' });
    expect(await requests()).toBe(1);
  });
});
