import { describe, expect, it } from 'vitest';
import { DurableError, isDurableError } from '../../src/core/index.ts';
import { lettersAmong, pagesOf, readMany, removeLetterFile } from '../../src/durable/index.ts';
import { letterFile } from '../../src/durable/tiers.ts';
import type { Document } from '../../src/store/index.ts';
import { createBench, type BenchOptions } from './bench.ts';
import { letterOf, work } from './redrive-scene.ts';

const idsTo = (count: number) => Array.from({ length: count }, (_, number) => work(number)._id);

async function createReads(works: readonly Document[], given: BenchOptions = {}) {
  const bench = createBench(given);
  for (const document of works) await bench.memory.insert('works', document);
  const { clock, within } = bench;
  return {
    ...bench,
    read: (ids: readonly string[], fields?: readonly string[], collection = 'works') =>
      clock.until(readMany(bench, { collection, ids, ...(fields ? { fields } : {}) }, within(60_000))),
    pages: pagesOf(bench, { collection: 'works', where: {}, limit: 2 }, within(60_000)),
  };
}

const worksTo = (count: number) => Array.from({ length: count }, (_, number) => work(number));
const pagesAsked = (names: readonly string[]) => names.filter((name) => name === 'page works').length;

describe('documents read by their ids', () => {
  it('are those that exist, each once, and what does not exist is left out', async () => {
    const { read, store } = await createReads(worksTo(3));
    const found = await read(['w_0001', 'w_0002', 'w_0001', 'w_none']);
    expect([...found]).toEqual([
      ['w_0001', work(1)],
      ['w_0002', work(2)],
    ]);
    expect(pagesAsked(store.names())).toBe(1);
  });

  it('are not asked for where there are none', async () => {
    const { read, store } = await createReads([]);
    expect((await read([])).size).toBe(0);
    expect(store.names()).toEqual([]);
  });

  it('take a request for a hundred whole ones, or for five hundred with some fields', async () => {
    const { read, store } = await createReads(worksTo(501));
    const { page } = store;
    const limits: number[] = [];
    store.page = (name, request, call) => {
      limits.push(request.limit);
      return page(name, request, call);
    };
    expect((await read(idsTo(201))).size).toBe(201);
    // One more than there can be, so that a full page is not taken for "there may be more".
    expect(limits).toEqual([101, 101, 2]);
    expect(pagesAsked(store.names())).toBe(3);
    const found = await read(idsTo(501), ['n']);
    expect(pagesAsked(store.names())).toBe(3 + 2);
    expect(found.size).toBe(501);
    expect(found.get('w_0500')).toEqual({ _id: 'w_0500', n: 500 });
  });

  it('are all read where the platform answers shorter pages', async () => {
    const { read, store } = await createReads(worksTo(5));
    const { page } = store;
    store.page = (name, request, call) => page(name, { ...request, limit: 2 }, call);
    expect([...(await read(idsTo(5))).keys()]).toEqual(idsTo(5));
  });

  it('are none where there is no such collection, and rejected where it cannot be read', async () => {
    const { read } = await createReads([]);
    expect((await read(['w_1'], undefined, 'no_such')).size).toBe(0);
    const down = await createReads([], { fates: { 'page works': { always: 'STORE_UNAVAILABLE' } } });
    await expect(down.read(['w_1'])).rejects.toSatisfy((error) => isDurableError(error, 'STORE_UNAVAILABLE'));
    expect(pagesAsked(down.store.names())).toBe(3);
  });

  it('are not said to be absent where one is larger than an answer may be', async () => {
    const details = { tooLargeId: 'w_0001', next: { id: 'w_0001' } };
    const tooLarge = new DurableError('STORE_TOO_LARGE', 'planned', { details });
    const { read } = await createReads(worksTo(3), { fates: { 'page works': [{ throws: tooLarge }] } });
    const error: unknown = await read(idsTo(3)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'STORE_TOO_LARGE',
      details: { collection: 'works', tooLargeId: 'w_0001' },
    });
  });
});

describe('a page of a walk', () => {
  it('is empty, names the document, and goes on behind it, where that is larger than an answer may be', async () => {
    const next = { id: 'w_0000' };
    const tooLarge = new DurableError('STORE_TOO_LARGE', 'planned', { details: { tooLargeId: 'w_0000', next } });
    const { pages, clock } = await createReads(worksTo(3), { fates: { 'page works': [{ throws: tooLarge }] } });
    expect(await clock.until(pages(undefined))).toEqual({ items: [], tooLargeId: 'w_0000', next });
    expect(await clock.until(pages(next))).toEqual({ items: [work(1), work(2)], next: { id: 'w_0002' } });
  });

  it.each([
    ['which document it is', { next: { id: 'w_1' } }],
    ['where to go on', { tooLargeId: 'w_1' }],
    ['where to go on, in a way that anybody understands', { tooLargeId: 'w_1', next: 'w_1' }],
  ])('is refused where nobody says %s', async (_what, details) => {
    const tooLarge = new DurableError('STORE_TOO_LARGE', 'planned', { details });
    const { pages, clock } = await createReads([], { fates: { 'page works': [{ throws: tooLarge }] } });
    await expect(clock.until(pages(undefined))).rejects.toBe(tooLarge);
  });
});

describe('where attempts have a letter', () => {
  const attemptsTo = (count: number) => idsTo(count).map((recordId) => ({ recordId, attempt: 1 }));
  const found = new TextEncoder().encode('{}');

  async function createLetters(given: BenchOptions = {}) {
    const bench = createBench(given);
    await bench.memory.insert('emergency_backup', letterOf(work(0)));
    for (const number of [0, 1]) await bench.files.put(letterFile(`${work(number)._id}_1`), found);
    const among = (count: number) => bench.clock.until(lettersAmong(bench, attemptsTo(count), bench.within(60_000)));
    return { ...bench, among };
  }

  it('is told by one request for all in the database, and one for the others in storage', async () => {
    const { among, store, blobs } = await createLetters();
    const letterIn = await among(3);
    expect(attemptsTo(3).map(letterIn)).toEqual([letterOf(work(0)), 'file', undefined]);
    expect(letterIn({ recordId: 'w_0000', attempt: 2 })).toBeUndefined();
    expect(store.names()).toEqual(['page emergency_backup']);
    expect(blobs.names().filter((name) => name === 'exists')).toHaveLength(1);
  });

  it('is the database alone where there is no storage, or nothing is left to look for', async () => {
    const without = await createLetters({ blobs: false });
    expect(attemptsTo(2).map(await without.among(2))).toEqual([letterOf(work(0)), undefined]);
    const one = await createLetters();
    expect((await one.among(1))({ recordId: 'w_0000', attempt: 1 })).toEqual(letterOf(work(0)));
    expect(one.blobs.names()).toEqual([]);
  });

  it('is not told at all where a tier cannot be read', async () => {
    const database = await createLetters({ fates: { 'page emergency_backup': { always: 'STORE_DENIED' } } });
    await expect(database.among(2)).rejects.toSatisfy((error) => isDurableError(error, 'STORE_DENIED'));
    const storage = await createLetters({ blobFates: { exists: { always: 'STORE_DENIED' } } });
    await expect(storage.among(2)).rejects.toSatisfy((error) => isDurableError(error, 'STORE_DENIED'));
  });

  it('has 4 s for a question about files', async () => {
    const { among, blobs } = await createLetters();
    await among(2);
    expect(blobs.statements.map(({ call }) => call.timeoutMs)).toEqual([4_000, 4_000]);
  });
});

describe('the file of a letter that is home', () => {
  const attempt = { recordId: 'w_0001', attempt: 1 };
  const name = letterFile('w_0001_1');
  const createFile = async (given: BenchOptions = {}) => {
    const bench = createBench(given);
    await bench.files.put(name, new Uint8Array([1]));
    const remove = () => bench.clock.until(removeLetterFile(bench.writer, attempt, bench.within(60_000)));
    const isThere = async () => (await bench.files.exists([await bench.files.fileId(name)])).size === 1;
    return { ...bench, remove, isThere };
  };

  it('is removed by one attempt of at most 4 s, and nothing happens where it is gone', async () => {
    const { remove, isThere, blobs } = await createFile();
    await remove();
    expect(await isThere()).toBe(false);
    await remove();
    expect(blobs.names()).toEqual(['fileId', 'remove', 'fileId', 'remove']);
    expect(blobs.statements.map(({ call }) => call.timeoutMs)).toEqual([4_000, 4_000, 4_000, 4_000]);
  });

  it('stays where storage does not remove it, which is told after one attempt', async () => {
    const { remove, isThere, blobs } = await createFile({ blobFates: { remove: { always: 'STORE_UNAVAILABLE' } } });
    await expect(remove()).rejects.toSatisfy((error) => isDurableError(error, 'STORE_UNAVAILABLE'));
    expect(await isThere()).toBe(true);
    expect(blobs.names()).toEqual(['fileId', 'remove']);
  });

  it('is nothing to remove where there is no storage', async () => {
    const { remove, isThere } = await createFile({ blobs: false });
    await remove();
    expect(await isThere()).toBe(true);
  });
});
