import { describe, expect, it } from 'vitest';
import { canonicalJson, DurableError, isDurableError } from '../../src/core/index.ts';
import { createSeal } from '../../src/core/node/index.ts';
import { composeLetter, createAuthenticator } from '../../src/durable/letter.ts';
import { letterFile } from '../../src/durable/tiers.ts';
import { createDurableWriter, type LetterQuery } from '../../src/durable/index.ts';
import { MAX_FILE_BYTES, type Blobs, type Document } from '../../src/store/index.ts';
import { seededRandom, testHash } from '../support/ports.ts';
import { createBench, KEY, WORK, type BenchOptions } from './bench.ts';

const OWN: LetterQuery = { recordId: WORK._id, attempt: 1, token: 't1' };
const OLD_KEY = 'e'.repeat(64);

/** The letter of a record, under this key or with a plain digest. */
function letterOf(record: Document, key?: string): Document {
  const authenticator = createAuthenticator(testHash, key === undefined ? undefined : createSeal(key));
  return { ...composeLetter(authenticator, { collection: 'works', record, attempt: 1, failures: [], atMs: 0 }) };
}

/** As a letter stands that came under a taken name. */
const beside = (letter: Document): Document => ({
  ...letter,
  _id: `${letter._id}_${String(letter['mac']).slice(-16)}`,
});
const damaged = (letter: Document): Document => ({ ...letter, mac: `sha256:${'0'.repeat(64)}` });

async function createScene(letters: readonly Document[], given: BenchOptions & { file?: string } = {}) {
  const bench = createBench(given);
  for (const letter of letters) await bench.memory.insert('emergency_backup', letter);
  if (given.file !== undefined) await bench.files.put(letterFile('w_0011_1'), new TextEncoder().encode(given.file));
  const find = (query: Partial<LetterQuery> = {}) =>
    bench.clock.until(bench.writer.findLetter({ ...OWN, ...query }, bench.within(5_000)));
  return { ...bench, find };
}

const isInvalid = (error: unknown): boolean => isDurableError(error, 'LETTER_INVALID');

describe('the letter of an attempt', () => {
  const own = letterOf(WORK, KEY);
  const others = letterOf({ ...WORK, token: 't0' }, KEY);

  it('is found with one read where it has its plain name', async () => {
    const { find, store } = await createScene([own]);
    expect(await find()).toMatchObject({ tier: 'emergency_backup', letter: { payload: WORK } });
    expect(store.names()).toEqual(['get emergency_backup']);
  });

  it.each([
    ['a damaged one', damaged(others)],
    ["somebody else's", others],
    ['one that a client planted', { ...others, _openid: 'o-thief' }],
  ])('is found beside %s of the plain name', async (_what, plain) => {
    const { find } = await createScene([plain, beside(damaged(letterOf({ ...WORK, n: 1 }, KEY))), beside(own)]);
    expect(await find()).toMatchObject({ tier: 'emergency_backup', letter: { payload: WORK } });
  });

  it('is not taken from another attempt whose name begins alike', async () => {
    const eleventh = { ...letterOf(WORK, KEY), _id: 'w_0011_11' };
    const { find } = await createScene([others, eleventh, { ...eleventh, _id: 'w_0011_11_0123456789abcdef' }]);
    expect(await find()).toBeUndefined();
  });

  it('is found in storage although the one in the database is damaged', async () => {
    const { find } = await createScene([damaged(others)], {
      file: createSeal(KEY).close(JSON.stringify(letterOf(WORK, KEY))),
    });
    // Its date went through plain JSON here, so the code no longer fits.
    await expect(find()).rejects.toSatisfy(isInvalid);
    const { write, writer, store, memory, clock, within } = createBench({
      fates: { 'insert works': { always: 'STORE_UNAVAILABLE' }, 'insert emergency_backup': { always: 'STORE_DENIED' } },
    });
    expect(await write()).toMatchObject({ tier: 'storage' });
    store.plan({});
    await memory.insert('emergency_backup', damaged(others));
    expect(await clock.until(writer.findLetter(OWN, within(5_000)))).toMatchObject({ tier: 'storage' });
  });

  it('is not taken from another record, though that has the same token', async () => {
    const { find } = await createScene([others, letterOf({ ...WORK, _id: 'w_0012' }, KEY)]);
    expect(await find()).toBeUndefined();
  });

  it('is absent where there is neither a collection of letters nor storage', async () => {
    const { find } = await createScene([], { collections: ['works'], blobs: false });
    expect(await find()).toBeUndefined();
  });

  it('is waited for where a key may open its file, though what has its name in the database is damaged for good', async () => {
    const file = createSeal(OLD_KEY).close('{}');
    const { find } = await createScene([damaged(own)], { file });
    await expect(find()).rejects.toMatchObject({ code: 'LETTER_INVALID', details: { awaits: 'key' } });
  });

  it.each([
    ['half a file', '{"_id":"w_0011_1","reco'],
    ['an empty file', ''],
    ['no object', 'null'],
    ['a list', '[1]'],
    ['another text', 'v1.abc'],
  ])('is said to be unreadable, not absent, where its file holds %s', async (_what, file) => {
    for (const seal of [undefined, false] as const) {
      const { find } = await createScene([], { file, ...(seal === false ? { seal } : {}) });
      await expect(find()).rejects.toSatisfy(isInvalid);
    }
  });

  it('is said to be unreadable where all that stand under its name are', async () => {
    const { find } = await createScene([damaged(others), beside(damaged(own))]);
    await expect(find()).rejects.toSatisfy(isInvalid);
  });

  it('is absent where a client planted something under its name, and nothing else is there', async () => {
    const { find } = await createScene([{ ...damaged(own), _openid: 'o-thief' }]);
    expect(await find()).toBeUndefined();
  });
});

describe("a large file under a letter's name", () => {
  const MEGABYTE = 1_000_000;

  /** A scene whose storage says what was asked of it, and how many large files it was reading at once. */
  function createWatched(file: string) {
    const reads: number[] = [];
    let [atOnce, most] = [0, 0];
    const bench = createBench({ latencyMs: 20 });
    const { blobs } = bench;
    const watched: Blobs = {
      ...blobs,
      async get(fileId, call) {
        const { maxBytes = Infinity } = call ?? {};
        reads.push(maxBytes);
        if (maxBytes > MEGABYTE) most = Math.max(most, (atOnce += 1));
        return blobs.get(fileId, call).finally(() => (atOnce -= maxBytes > MEGABYTE ? 1 : 0));
      },
    };
    const { clock, store, log, seal } = bench;
    const writer = createDurableWriter({
      clock,
      store,
      log,
      seal,
      random: seededRandom(1),
      hash: testHash,
      blobs: watched,
    });
    const put = (id: string) => bench.files.put(letterFile(`${id}_1`), new TextEncoder().encode(file));
    const find = (...ids: readonly string[]) =>
      clock.until(
        Promise.allSettled(ids.map((recordId) => writer.findLetter({ ...OWN, recordId }, bench.within(60_000)))),
      );
    return { put, find, reads, most: () => most };
  }

  it('is read alone, one after the other, and is a letter like any other', async () => {
    const long = { ...WORK, note: 'x'.repeat(2 * MEGABYTE) };
    const { put, find, reads, most } = createWatched(canonicalJson(letterOf(long, KEY)));
    await put(WORK._id);
    await put('w_0012');
    await put('w_0013');
    const found = await find(WORK._id, 'w_0012', 'w_0013');
    expect(found[0]).toMatchObject({ status: 'fulfilled', value: { tier: 'storage', letter: { payload: long } } });
    expect([...reads].sort((a, b) => a - b)).toEqual([
      MEGABYTE,
      MEGABYTE,
      MEGABYTE,
      MAX_FILE_BYTES,
      MAX_FILE_BYTES,
      MAX_FILE_BYTES,
    ]);
    expect(most()).toBe(1);
  });

  it('is not read where no letter could be so large, and said to be too large, not absent', async () => {
    const { put, find } = createWatched('x'.repeat(MAX_FILE_BYTES + 1));
    await put(WORK._id);
    const [huge, absent] = await find(WORK._id, 'w_0012');
    expect(huge).toMatchObject({ status: 'rejected', reason: { code: 'STORE_TOO_LARGE' } });
    expect(absent).toEqual({ status: 'fulfilled', value: undefined });
  });

  it('keeps no new letter out of the tier below: the file of its name is not read whole', async () => {
    const bench = createBench({
      fates: { 'insert works': { always: 'STORE_UNAVAILABLE' }, 'insert emergency_backup': { always: 'STORE_DENIED' } },
    });
    await bench.files.put(letterFile('w_0011_1'), new Uint8Array(MEGABYTE));
    expect(await bench.write()).toMatchObject({ status: 'dead-lettered', tier: 'log' });
  });
});

describe('a letter from before the key was turned on or changed', () => {
  it('is found with its plain digest where a hold vouches for it, and unreadable otherwise', async () => {
    const { find } = await createScene([letterOf(WORK)]);
    expect(await find({ isHeld: true })).toMatchObject({ letter: { payload: WORK } });
    await expect(find()).rejects.toSatisfy(isInvalid);
    expect(await find({ isHeld: true, token: 'another' })).toBeUndefined();
  });

  it('is never found with a digest that does not fit', async () => {
    const { find } = await createScene([{ ...letterOf(WORK), payload: { ...WORK, userId: 'thief' } }]);
    await expect(find({ isHeld: true })).rejects.toSatisfy(isInvalid);
  });

  it('is found under a previous key, and unreadable without it', async () => {
    const old = letterOf(WORK, OLD_KEY);
    await expect((await createScene([old])).find({ isHeld: true })).rejects.toSatisfy(isInvalid);
    const { find } = await createScene([old], { previousSeals: [createSeal('d'.repeat(64)), createSeal(OLD_KEY)] });
    expect(await find()).toMatchObject({ letter: { payload: WORK } });
  });

  it('is opened from its file under a previous key, and new ones are written under the first', async () => {
    const down = {
      'insert works': { always: 'STORE_UNAVAILABLE' },
      'insert emergency_backup': { always: 'STORE_UNAVAILABLE' },
    } as const;
    const before = createBench({ fates: down, seal: createSeal(OLD_KEY) });
    expect(await before.write()).toMatchObject({ tier: 'storage' });
    const bytes = await before.files.get(await before.files.fileId(letterFile('w_0011_1')));
    const after = createBench({ fates: down, previousSeals: [createSeal(OLD_KEY)] });
    await after.files.put(letterFile('w_0011_1'), bytes ?? new Uint8Array());
    expect(await after.clock.until(after.writer.findLetter(OWN, after.within(5_000)))).toMatchObject({
      tier: 'storage',
    });
    expect(await after.write({ ...WORK, _id: 'w_0012' })).toMatchObject({ tier: 'storage' });
    const fresh = await after.files.get(await after.files.fileId(letterFile('w_0012_1')));
    expect(createSeal(KEY).open(new TextDecoder().decode(fresh))).toContain('w_0012');
  });
});

describe('a file that an upload left cut short', () => {
  it('is put again by the attempt that follows', async () => {
    const { write, files, blobs, clock, within, writer } = createBench({
      fates: {
        'insert works': { always: 'STORE_UNAVAILABLE' },
        'insert emergency_backup': { always: 'STORE_UNAVAILABLE' },
      },
    });
    const { put } = blobs;
    let puts = 0;
    blobs.put = async (name, bytes, call) => {
      puts += 1;
      if (puts > 1) return put(name, bytes, call);
      await files.put(name, bytes.slice(0, 40));
      throw new DurableError('STORE_UNCERTAIN', 'planned: the upload was cut off');
    };
    expect(await write()).toMatchObject({ tier: 'storage' });
    expect(await clock.until(writer.findLetter(OWN, within(5_000)))).toMatchObject({ letter: { payload: WORK } });
  });
});
