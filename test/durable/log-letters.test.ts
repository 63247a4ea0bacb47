import { describe, expect, it } from 'vitest';
import { canonicalJson, isDurableError } from '../../src/core/index.ts';
import { createSeal } from '../../src/core/node/index.ts';
import { createLogLetters } from '../../src/durable/index.ts';
import { composeLetterWith } from '../support/letters.ts';
import { testHash } from '../support/ports.ts';
import { createBench, KEY, WORK } from './bench.ts';
import { letterOf } from './redrive-scene.ts';

const DOWN = { always: 'STORE_UNAVAILABLE' } as const;
const OLD_KEY = 'e'.repeat(64);

/** A line of log into which a record was sealed, because nothing else took it; and what reads it back. */
async function createScene({ wroteUnder = KEY, readsUnder = KEY, previousKeys = [] as readonly string[] } = {}) {
  const bench = createBench({
    fates: { 'insert works': DOWN, 'insert emergency_backup': DOWN },
    blobFates: { '*': DOWN },
    seal: createSeal(wroteUnder),
  });
  await bench.write();
  const sealed = String(bench.log.lines.find(({ event }) => event === 'write.sealed')?.fields['sealed']);
  bench.store.plan({});
  const letters = createLogLetters({
    ...{ store: bench.store, hash: testHash, seal: createSeal(readsUnder) },
    previousSeals: previousKeys.map(createSeal),
  });
  return { ...bench, letters, sealed };
}

const isInvalid = (error: unknown): boolean => isDurableError(error, 'LETTER_INVALID');
const codeIn = (run: () => unknown): string => {
  try {
    run();
    return 'no error';
  } catch (error) {
    return isInvalid(error) ? 'LETTER_INVALID' : String(error);
  }
};

describe('a line of an exported log', () => {
  it('shows its sealed letter, however the export wrapped it', async () => {
    const { letters, sealed } = await createScene();
    const plain = JSON.stringify({ event: 'write.sealed', sealed });
    const wrapped = JSON.stringify({ at: 1, content: JSON.stringify({ message: plain }) });
    for (const line of [plain, wrapped, `2026-11-22 write.sealed ${sealed}`, `${sealed} write.sealed`])
      expect(letters.tokensIn(line)).toEqual([sealed]);
  });

  it('shows all of them where two calls stand in one line', async () => {
    const [one, other] = [await createScene(), await createScene()];
    const line = `write.sealed ${one.sealed} … write.sealed ${other.sealed}`;
    expect(one.letters.tokensIn(line)).toEqual([one.sealed, other.sealed]);
  });

  it('shows none where it is about something else, or what looks like one is part of a word or too short', async () => {
    const { letters, sealed } = await createScene();
    expect(letters.tokensIn(`canary.sealed ${sealed}`)).toEqual([]);
    expect(letters.tokensIn(`write.sealed x${sealed}`)).toEqual([]);
    expect(letters.tokensIn(`write.sealed v1.${'a'.repeat(39)}`)).toEqual([]);
    expect(letters.tokensIn('write.sealed')).toEqual([]);
  });
});

describe('a letter out of the log', () => {
  it('is the one that was written, and nothing of how it was read', async () => {
    const { letters, sealed } = await createScene();
    const letter = letters.read(sealed);
    expect(letter).toMatchObject({ _id: 'w_0011_1', recordId: 'w_0011', payload: WORK, state: 'waiting' });
    expect(letter).not.toHaveProperty('isSigned');
  });

  it('is refused where it was altered, or sealed under a key not known here, and opens under a previous one', async () => {
    const { letters, sealed } = await createScene();
    expect(codeIn(() => letters.read(`${sealed.slice(0, -1)}${sealed.endsWith('A') ? 'B' : 'A'}`))).toBe(
      'LETTER_INVALID',
    );
    const foreign = await createScene({ wroteUnder: OLD_KEY });
    expect(codeIn(() => foreign.letters.read(foreign.sealed))).toBe('LETTER_INVALID');
    const older = await createScene({ wroteUnder: OLD_KEY, previousKeys: [OLD_KEY] });
    expect(older.letters.read(older.sealed)).toMatchObject({ payload: WORK });
  });

  it('is refused where only a digest vouches for it, for anybody can make one', async () => {
    const { letters } = await createScene();
    const planted = createSeal(KEY).close(canonicalJson(composeLetterWith(WORK, {})));
    expect(codeIn(() => letters.read(planted))).toBe('LETTER_INVALID');
  });

  it('is put among the letters once, and comes home from there', async () => {
    const { letters, sealed, memory, redrive, clock } = await createScene();
    const letter = letters.read(sealed);
    expect(await letters.admit(letter)).toBe('admitted');
    expect(await letters.admit(letter)).toBe('known');
    expect(memory.dump('emergency_backup')).toMatchObject([{ _id: 'w_0011_1', payload: WORK }]);
    await clock.advance(30_000);
    expect(await redrive()).toMatchObject({ done: 1, failed: [] });
    expect(memory.dump('works')).toEqual([WORK]);
    expect(await letters.admit(letter)).toBe('known');
    expect(memory.dump('emergency_backup')).toMatchObject([{ state: 'redriven' }]);
  });

  it('stands beside another of its name, once', async () => {
    const { letters, sealed, memory } = await createScene();
    await memory.insert('emergency_backup', letterOf({ ...WORK, token: 't0' }));
    const letter = letters.read(sealed);
    expect(await letters.admit(letter)).toBe('admitted');
    expect(await letters.admit(letter)).toBe('known');
    const ids = memory.dump('emergency_backup').map(({ _id }) => _id);
    expect(ids).toEqual(['w_0011_1', `w_0011_1_${letter.mac.slice(-16)}`]);
  });
});
