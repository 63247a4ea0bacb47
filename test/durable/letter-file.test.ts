import { describe, expect, it } from 'vitest';
import { DurableError, isDurableError } from '../../src/core/index.ts';
import { createSeal } from '../../src/core/node/index.ts';
import { decodeLetter, letterFile } from '../../src/durable/tiers.ts';
import { createBench, KEY, WORK } from './bench.ts';

const DOWN = { always: 'STORE_UNAVAILABLE' } as const;
const bytesOf = (text: string) => new TextEncoder().encode(text);

function refusalOf(run: () => unknown): DurableError {
  try {
    run();
  } catch (error) {
    if (isDurableError(error, 'LETTER_INVALID')) return error;
    throw error;
  }
  throw new Error('it was read');
}

describe('the name of a letter’s file', () => {
  it('is its id where that is a plain name', () => {
    expect(letterFile('w_0011-a_1')).toBe('wx-durable/letters/w_0011-a_1.json');
  });

  it.each([
    ['a/b', 'xa.2fb'],
    ['../w', 'x.2e.2e.2fw'],
    ['w\n', 'xw.0a'],
    ['猫', 'x.e7.8c.ab'],
    ['🐱_1', 'x.f0.9f.90.b1_1'],
  ])('of %j is made of the bytes of what is no plain character', (letterId, plain) => {
    expect(letterFile(letterId)).toBe(`wx-durable/letters/${plain}.json`);
  });

  it('is never that of another id', () => {
    const ids = ['a/b', 'xa.2fb', 'a.2fb', 'xa_2fb', 'a_b', 'xa_b'];
    expect(new Set(ids.map(letterFile)).size).toBe(ids.length);
  });
});

describe('a letter’s file', () => {
  const ofSize = (size: number) => bytesOf(`{"a":"${'x'.repeat(size - 8)}"}`);

  it('is not taken apart where it is larger than any letter that comes home', () => {
    expect(decodeLetter(ofSize(32_000_000))).toHaveProperty('a');
    expect(refusalOf(() => decodeLetter(ofSize(32_000_001))).details).toEqual({});
  });

  it.each(['7', 'true', 'null', '"text"'])('is none where it holds %s', (text) => {
    expect(refusalOf(() => decodeLetter(bytesOf(text), createSeal(KEY))).details).toEqual({});
  });

  it('may come right with another key where it is sealed, and the first reason is kept', () => {
    const sealed = createSeal('f'.repeat(64)).close('{}');
    const refusal = refusalOf(() => decodeLetter(bytesOf(sealed), createSeal(KEY), undefined));
    expect(refusal.details).toEqual({ awaits: 'key' });
    expect(refusal.cause).toMatchObject({ code: 'LETTER_INVALID', message: expect.stringContaining('WX_DURABLE_KEY') });
  });

  it('is never put over that of another record, though that is shorter and begins alike', async () => {
    const { write, files, log } = createBench({ fates: { 'insert works': DOWN, 'insert emergency_backup': DOWN } });
    const file = async () => files.get(await files.fileId(letterFile('w_0011_1')));
    expect(await write({ _id: WORK._id })).toMatchObject({ tier: 'storage' });
    const first = await file();
    expect(await write(WORK)).toMatchObject({ tier: 'log' });
    expect(await file()).toEqual(first);
    expect(log.lines).toContainEqual({
      level: 'warn',
      event: 'write.attempt-failed',
      fields: expect.objectContaining({ collection: 'storage', recordId: WORK._id, code: 'STORE_DUPLICATE' }),
    });
  });
});
