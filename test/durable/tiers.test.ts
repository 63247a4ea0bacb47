import { describe, expect, it } from 'vitest';
import { isDurableError, parseCanonical } from '../../src/core/index.ts';
import { createSeal } from '../../src/core/node/index.ts';
import { createAuthenticator, readLetter } from '../../src/durable/letter.ts';
import { decodeLetter, letterFile } from '../../src/durable/tiers.ts';
import type { Document } from '../../src/store/index.ts';
import { testHash } from '../support/ports.ts';
import { createBench, KEY, WORK, type BenchOptions } from './bench.ts';

const DOWN = { always: 'STORE_UNAVAILABLE' } as const;
const OTHER_KEY = 'f'.repeat(64);
const OWN = { recordId: 'w_0011', attempt: 1, token: 't1' };

/** A bench where the tiers down to this one do not work. */
const below = (tier: 'works' | 'emergency_backup' | 'storage', more: BenchOptions = {}) =>
  createBench({
    fates: { 'insert works': DOWN, ...(tier === 'works' ? {} : { 'insert emergency_backup': DOWN }) },
    ...(tier === 'storage' ? { blobFates: { '*': DOWN } } : {}),
    ...more,
  });

const codeIn = (run: () => unknown): string => {
  try {
    run();
    return 'no error';
  } catch (error) {
    return isDurableError(error) ? error.code : `not ours: ${String(error)}`;
  }
};

describe('the tiers of a record', () => {
  it('are tried in order, each only where those before it failed', async () => {
    expect(await below('works').write()).toMatchObject({ tier: 'emergency_backup' });
    expect(await below('emergency_backup').write()).toMatchObject({ tier: 'storage' });
    expect(await below('storage').write()).toMatchObject({ tier: 'log' });
  });

  it('do not leave a trace in a tier below the one that took it', async () => {
    const { write, blobs, log } = below('works');
    await write();
    expect(blobs.names()).toEqual([]);
    expect(log.lines.map(({ event }) => event)).not.toContain('write.sealed');
  });

  it('reject with WRITE_LOST only when none took it', async () => {
    const lost = below('storage', { seal: false });
    await expect(lost.write()).rejects.toSatisfy((error) => isDurableError(error, 'WRITE_LOST'));
    expect(lost.log.lines.at(-1)).toMatchObject({
      level: 'error',
      event: 'write.lost',
      fields: { recordId: WORK._id },
    });
    const noStorage = below('emergency_backup', { seal: false, blobs: false });
    await expect(noStorage.write()).rejects.toSatisfy((error) => isDurableError(error, 'WRITE_LOST'));
    expect(await below('emergency_backup', { blobs: false }).write()).toMatchObject({ tier: 'log' });
    expect(await below('emergency_backup', { seal: false }).write()).toMatchObject({ tier: 'storage' });
  });

  it('still take it where the deadline has passed: the log needs no time', async () => {
    const { write, store, within } = createBench();
    expect(await write(WORK, { deadline: within(0) })).toMatchObject({ status: 'dead-lettered', tier: 'log' });
    expect(store.names()).toEqual([]);
  });

  it('create emergency_backup where a deployment forgot it', async () => {
    const { write, memory } = below('works', { collections: ['works'] });
    expect(await write()).toMatchObject({ tier: 'emergency_backup' });
    expect(memory.dump('emergency_backup')).toHaveLength(1);
  });

  it('hold one letter where the answer about it was lost', async () => {
    const { write, memory, store } = createBench({
      fates: { 'insert works': DOWN, 'insert emergency_backup': ['answer-lost'] },
    });
    expect(await write()).toMatchObject({ tier: 'emergency_backup' });
    expect(store.names().filter((name) => name === 'insert emergency_backup')).toHaveLength(2);
    expect(memory.dump('emergency_backup')).toHaveLength(1);
  });

  it('hold one file where the answer about it was lost, and do not put it twice', async () => {
    const { write, blobs, files } = below('emergency_backup', { blobFates: { put: ['answer-lost'] } });
    expect(await write()).toMatchObject({ tier: 'storage' });
    expect(blobs.names().filter((name) => name === 'put')).toHaveLength(1);
    expect(await files.get(await files.fileId(letterFile(`${WORK._id}_1`)))).toBeDefined();
  });

  it('keep both of two records that came under one id and attempt, and bring them home in their order', async () => {
    const { write, memory, store, redrive, clock } = below('works');
    const second = { ...WORK, token: 't2', status: 'failed' };
    for (const record of [WORK, second, WORK, second]) await write(record);
    expect(memory.dump('emergency_backup').map(({ payload }) => payload)).toEqual([WORK, second]);
    store.plan({});
    await clock.advance(30_000);
    expect(await redrive()).toMatchObject({ done: 2, failed: [] });
    expect(memory.dump('works')).toEqual([
      { ...WORK, attempts: [expect.objectContaining({ record: expect.objectContaining({ token: 't2' }) as unknown })] },
    ]);
  });

  it('never put a file over that of another record under one id and attempt, which goes to the log', async () => {
    const { write, files } = below('emergency_backup');
    const file = async () => files.get(await files.fileId(letterFile(`${WORK._id}_1`)));
    expect(await write()).toMatchObject({ tier: 'storage' });
    const first = await file();
    expect(await write({ ...WORK, token: 't2' })).toMatchObject({ tier: 'log' });
    expect(await write()).toMatchObject({ tier: 'storage' });
    expect(await file()).toEqual(first);
  });

  it('hold a letter for each attempt, so that an older one never hides a newer', async () => {
    const { write, memory } = below('works');
    await write(WORK, { attempt: 1 });
    await write({ ...WORK, token: 't2' }, { attempt: 2 });
    expect(memory.dump('emergency_backup').map(({ _id }) => _id)).toEqual(['w_0011_1', 'w_0011_2']);
  });
});

describe('the letter of a record', () => {
  it('holds the record untouched and says why it is a letter', async () => {
    const { write, memory, clock } = below('works', { next: 0 });
    const startedAtMs = clock.now();
    await write();
    const [letter = WORK] = memory.dump('emergency_backup');
    expect(letter).toEqual({
      _id: 'w_0011_1',
      recordId: 'w_0011',
      collection: 'works',
      attempt: 1,
      state: 'waiting',
      payload: WORK,
      backupReason: 'works_collection_save_failed',
      originalError: '[STORE_UNAVAILABLE] planned: STORE_UNAVAILABLE',
      retryCount: 3,
      timestamp: new Date(startedAtMs + 300),
      attempts: [1, 2, 3].map((attempt) => ({
        attempt,
        code: 'STORE_UNAVAILABLE',
        message: '[STORE_UNAVAILABLE] planned: STORE_UNAVAILABLE',
        latencyMs: 0,
      })),
      mac: expect.stringMatching(/^hmac:[0-9a-f]{64}$/) as string,
      schemaVersion: 1,
      userId: 'u1',
      status: 'completed',
      createdAt: WORK['createdAt'],
    });
  });

  it.each([
    ['with a key', KEY, 'hmac:'],
    ['without a key', undefined, 'sha256:'],
  ])('is refused once its record is altered, %s', async (_what, key, prefix) => {
    const seal = key === undefined ? false : createSeal(key);
    const { write, memory } = below('works', { seal });
    await write();
    const [letter = WORK] = memory.dump('emergency_backup');
    const authenticator = createAuthenticator(testHash, seal || undefined);
    expect(letter['mac']).toMatch(new RegExp(`^${prefix}`));
    expect(readLetter(letter, authenticator).payload).toEqual(WORK);
    const altered: readonly Document[] = [
      { ...letter, payload: { ...WORK, userId: 'u2' } },
      { ...letter, payload: { ...WORK, status: 'failed' } },
      { ...letter, payload: { ...WORK, more: 1 } },
      { ...letter, payload: { ...WORK, createdAt: (WORK['createdAt'] as Date).getTime() } },
      { ...letter, mac: `${prefix}${'0'.repeat(64)}` },
      { ...letter, mac: undefined },
      { ...letter, recordId: 'w_0012' },
      { ...letter, recordId: 'w_0012', payload: { ...WORK, _id: 'w_0012' } },
      { ...letter, attempt: '1' },
    ];
    for (const document of altered) expect(codeIn(() => readLetter(document, authenticator))).toBe('LETTER_INVALID');
  });

  it('is refused where it was altered to go to another place', async () => {
    const { write, memory } = below('works');
    await write();
    const [letter = WORK] = memory.dump('emergency_backup');
    const own = createAuthenticator(testHash, createSeal(KEY));
    expect(readLetter(letter, own).collection).toBe('works');
    expect(codeIn(() => readLetter({ ...letter, collection: 'users' }, own))).toBe('LETTER_INVALID');
    expect(codeIn(() => readLetter({ ...letter, attempt: 9 }, own))).toBe('LETTER_INVALID');
  });

  it('is refused under another key, and where it has only a digest although there is a key', async () => {
    const { write, memory } = below('works');
    await write();
    const [letter = WORK] = memory.dump('emergency_backup');
    const other = createAuthenticator(testHash, createSeal(OTHER_KEY));
    expect(codeIn(() => readLetter(letter, other))).toBe('LETTER_INVALID');
    const digest = createAuthenticator(testHash).mac({ collection: 'works', attempt: 1, payload: WORK });
    const planted = { ...letter, mac: digest };
    expect(codeIn(() => readLetter(planted, createAuthenticator(testHash, createSeal(KEY))))).toBe('LETTER_INVALID');
  });

  it('is found again from whichever tier holds it', async () => {
    for (const tier of ['works', 'emergency_backup'] as const) {
      const { write, writer, clock, within } = below(tier);
      const held = await write();
      const found = await clock.until(writer.findLetter(OWN, within(5_000)));
      expect(found).toMatchObject({
        tier: 'tier' in held ? held.tier : '',
        letter: { payload: WORK, state: 'waiting' },
      });
      expect(await clock.until(writer.findLetter({ ...OWN, attempt: 2 }, within(5_000)))).toBeUndefined();
    }
  });

  it('is not said to be absent where a tier cannot be read', async () => {
    const database = createBench({ fates: { 'get emergency_backup': ['STORE_UNCERTAIN'] } });
    const ask = () => database.clock.until(database.writer.findLetter(OWN, database.within(5_000)));
    await expect(ask()).rejects.toSatisfy((error) => isDurableError(error, 'STORE_UNCERTAIN'));
    expect(await ask()).toBeUndefined();
    const storage = createBench({ blobFates: { get: ['STORE_DENIED'] } });
    const look = () => storage.clock.until(storage.writer.findLetter(OWN, storage.within(5_000)));
    await expect(look()).rejects.toSatisfy((error) => isDurableError(error, 'STORE_DENIED'));
    expect(await look()).toBeUndefined();
  });
});

describe('a letter in storage', () => {
  const stored = async (seal: false | undefined) => {
    const { write, files } = below('emergency_backup', seal === false ? { seal } : {});
    await write();
    const bytes = await files.get(await files.fileId(letterFile('w_0011_1')));
    return bytes ?? new Uint8Array();
  };

  it('is encrypted under the key, and opens to the letter', async () => {
    const bytes = await stored(undefined);
    expect(new TextDecoder().decode(bytes)).not.toContain('小猫');
    expect(decodeLetter(bytes, createSeal(KEY))).toMatchObject({ _id: 'w_0011_1', payload: WORK });
    expect(codeIn(() => decodeLetter(bytes, createSeal(OTHER_KEY)))).toBe('LETTER_INVALID');
  });

  it('is refused once a byte of it is altered or lost', async () => {
    const bytes = await stored(undefined);
    for (const at of [0, 3, 20, bytes.length - 1]) {
      const altered = bytes.map((byte, index) => (index === at ? (byte === 65 ? 66 : 65) : byte));
      expect(codeIn(() => decodeLetter(altered, createSeal(KEY)))).toBe('LETTER_INVALID');
    }
    expect(codeIn(() => decodeLetter(bytes.slice(0, -4), createSeal(KEY)))).toBe('LETTER_INVALID');
    expect(codeIn(() => decodeLetter(bytes, createSeal(KEY)))).toBe('no error');
  });

  it('is plain text without a key', async () => {
    expect(decodeLetter(await stored(false), undefined)).toMatchObject({ _id: 'w_0011_1', payload: WORK });
  });
});

describe('a letter in the log', () => {
  const sealedLine = async () => {
    const { write, log } = below('storage');
    await write();
    const line = log.lines.find(({ event }) => event === 'write.sealed');
    return { level: line?.level, fields: line?.fields, sealed: String(line?.fields['sealed']) };
  };

  it('is one line with the whole letter under the key, and tells its record without it', async () => {
    const { level, fields, sealed } = await sealedLine();
    expect(level).toBe('error');
    expect(fields).toMatchObject({ recordId: 'w_0011', attempt: 1 });
    expect(sealed).toMatch(/^v1\.[\w-]+$/);
    expect(parseCanonical(createSeal(KEY).open(sealed))).toMatchObject({ _id: 'w_0011_1', payload: WORK });
  });

  it('is refused where it was altered or belongs to another key', async () => {
    const { sealed } = await sealedLine();
    const altered = `${sealed.slice(0, 40)}${sealed[40] === 'A' ? 'B' : 'A'}${sealed.slice(41)}`;
    for (const token of [altered, sealed.slice(0, -5), sealed.replace('v1', 'v2'), '', 'v1.']) {
      expect(codeIn(() => createSeal(KEY).open(token))).toBe('LETTER_INVALID');
    }
    expect(codeIn(() => createSeal(OTHER_KEY).open(sealed))).toBe('LETTER_INVALID');
    expect(codeIn(() => createSeal(KEY).open(sealed))).toBe('no error');
  });
});
