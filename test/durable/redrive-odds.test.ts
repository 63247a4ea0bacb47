import { describe, expect, it } from 'vitest';
import { DurableError } from '../../src/core/index.ts';
import { createSeal } from '../../src/core/node/index.ts';
import { unsigned, type ReadLetter } from '../../src/durable/index.ts';
import { composeLetter, createAuthenticator } from '../../src/durable/letter.ts';
import type { Document } from '../../src/store/index.ts';
import { composeLetterWith } from '../support/letters.ts';
import { testHash } from '../support/ports.ts';
import { KEY } from './bench.ts';
import { createScene, letterOf, work } from './redrive-scene.ts';

const lettersTo = (count: number) => Array.from({ length: count }, (_, number) => letterOf(work(number)));

describe('a page of letters that nobody can judge', () => {
  it('fails each of its letters for that reason, but for those that cannot be read', async () => {
    const broken = { _id: 'a-broken' };
    const { redrive, within, states } = await createScene([broken, letterOf(work(1)), letterOf(work(2))]);
    const judging = () => Promise.reject(new DurableError('STORE_DENIED', 'planned'));
    expect(await redrive(within(60_000), { judging })).toEqual({
      ...{ done: 0, skipped: 0 },
      failed: [
        { id: 'a-broken', code: 'LETTER_INVALID' },
        { id: 'w_0001_1', code: 'STORE_DENIED' },
        { id: 'w_0002_1', code: 'STORE_DENIED' },
      ],
    });
    expect(states().slice(1)).toEqual(['w_0001_1 waiting', 'w_0002_1 waiting']);
  });

  it('is judged by those letters alone that can be read', async () => {
    const { redrive, within } = await createScene([{ _id: 'a-broken' }, letterOf(work(1))]);
    const seen: ReadLetter[] = [];
    const judging = async (letters: readonly ReadLetter[]) => {
      seen.push(...letters);
      return async () => 'waiting' as const;
    };
    expect(await redrive(within(60_000), { judging })).toMatchObject({ done: 0, skipped: 1 });
    expect(seen.map(({ _id }) => _id)).toEqual(['w_0001_1']);
  });
});

describe('a record that was stored and is not seen', () => {
  it('leaves its letter waiting, with the reason where it could not be read', async () => {
    const { redrive, memory, states } = await createScene([letterOf(work(1)), letterOf(work(2))], {
      fates: { 'page works': { always: 'STORE_DENIED' } },
    });
    await memory.insert('works', work(2));
    expect(await redrive()).toEqual({
      ...{ done: 1, skipped: 0, failed: [{ id: 'w_0001_1', code: 'STORE_DENIED' }] },
    });
    expect(states()).toEqual(['w_0001_1 waiting', 'w_0002_1 redriven']);
  });

  it('leaves its letter waiting where it is gone again', async () => {
    const { redrive, memory, states, store } = await createScene([letterOf(work(1))]);
    const { page } = store;
    store.page = async (name, ...rest) => {
      if (name === 'works') await memory.remove('works', { id: 'w_0001' });
      return page(name, ...rest);
    };
    expect(await redrive()).toEqual({ done: 0, skipped: 1, failed: [] });
    expect(states()).toEqual(['w_0001_1 waiting']);
  });
});

describe('a letter that is refused beside others that are taken', () => {
  it('is reported with what went wrong when that should have been noted', async () => {
    const { redrive, store } = await createScene([letterOf(work(1)), letterOf(work(3))], {
      fates: { 'update emergency_backup': { always: 'STORE_DENIED' } },
    });
    const { insert } = store;
    store.insert = async (...request) => {
      if (request[1]['n'] === 3) throw new DurableError('STORE_REJECTED', 'planned');
      return insert(...request);
    };
    expect(await redrive()).toMatchObject({ done: 1, failed: [{ id: 'w_0003_1', code: 'STORE_DENIED' }] });
  });

  it('is not blamed for a failure that is no refusal', async () => {
    const { redrive, store, memory } = await createScene([letterOf(work(1)), letterOf(work(3))]);
    const { insert } = store;
    store.insert = async (...request) => {
      if (request[1]['n'] === 3) throw new DurableError('STORE_DENIED', 'planned');
      return insert(...request);
    };
    expect(await redrive()).toMatchObject({ done: 1, failed: [{ id: 'w_0003_1', code: 'STORE_DENIED' }] });
    expect(memory.dump('emergency_backup')[1]).not.toHaveProperty('redriveFailures');
  });
});

describe('a letter that the judge does not believe', () => {
  const digest = composeLetterWith(work(4), {});
  const WEEK_MS = 7 * 86_400_000;

  it('is noted once, and set aside after a week, for its key may be given', async () => {
    const { redrive, memory, states, clock } = await createScene([digest]);
    await redrive();
    const noted = { redriveFailures: 1, redriveFailedAt: new Date(clock.now()) };
    expect(memory.dump('emergency_backup')).toMatchObject([{ ...noted, redriveError: expect.stringContaining('key') }]);
    await clock.advance(WEEK_MS);
    await redrive();
    expect(states()).toEqual(['w_0004_1 quarantined']);
  });

  it.each([
    ['speaks of another letter', unsigned('w_0009_1')],
    ['speaks of no key', new DurableError('LETTER_INVALID', 'planned', { details: { letterId: 'w_0004_1' } })],
    ['is none of ours', new Error('planned')],
  ])('is not held against it where what it says %s', async (_what, error) => {
    const { redrive, within, memory } = await createScene([digest]);
    const judging = async () => () => Promise.reject(error);
    expect(await redrive(within(60_000), { judging })).toMatchObject({ done: 0, failed: [{ id: 'w_0004_1' }] });
    expect(memory.dump('emergency_backup')).toEqual([digest]);
  });
});

describe('letters of two collections', () => {
  it('are each read back from their own', async () => {
    const authenticator = createAuthenticator(testHash, createSeal(KEY));
    const gift: Document = { _id: 'g_1', n: 1 };
    const request = { collection: 'gifts', record: gift, attempt: 1, failures: [], atMs: 0 };
    const { redrive, memory, store } = await createScene(
      [{ ...composeLetter(authenticator, request) }, letterOf(work(1))],
      { collections: ['works', 'gifts', 'emergency_backup'] },
    );
    expect(await redrive()).toMatchObject({ done: 2, failed: [] });
    expect([memory.dump('gifts'), memory.dump('works')]).toEqual([[gift], [work(1)]]);
    const reads = store.names().filter((name) => name === 'page works' || name === 'page gifts');
    expect([...reads].sort()).toEqual(['page gifts', 'page works']);
  });
});

describe('the order of a redrive', () => {
  it('reads the next page beside the letters of one, and marks the first part before the second is stored', async () => {
    const { redrive, store } = await createScene(lettersTo(130));
    expect(await redrive()).toMatchObject({ done: 130 });
    const names = store.names();
    const secondPage = names.indexOf('page emergency_backup', names.indexOf('page emergency_backup') + 1);
    expect(secondPage).toBeLessThan(names.indexOf('insert works'));
    const inserts = names.flatMap((name, index) => (name === 'insert works' ? [index] : []));
    expect(names.indexOf('updateMany emergency_backup')).toBeLessThan(Number(inserts[30]));
    expect(names.filter((name) => name === 'updateMany emergency_backup')).toHaveLength(5);
  });

  it('marks what needed no storing once for the page', async () => {
    const { redrive, within, store } = await createScene(lettersTo(60));
    const judging = async () => async () => 'superseded' as const;
    await redrive(within(60_000), { judging });
    expect(store.names()).toEqual(['page emergency_backup', 'updateMany emergency_backup']);
  });
});

describe('the log of a redrive', () => {
  it('has a line for each letter: what became of it, or why it could not be used', async () => {
    const { redrive, memory, log } = await createScene([{ _id: 'a-broken' }, letterOf(work(1)), letterOf(work(2))]);
    await memory.insert('works', { ...work(2), status: 'failed' });
    await redrive();
    const lines = log.lines.filter(({ event }) => event.startsWith('redrive.'));
    const placed = (letterId: string, placement: string) => ({
      ...{ level: 'info', event: 'redrive.placed', fields: { letterId, placement } },
    });
    expect(lines).toHaveLength(3);
    expect(lines).toEqual(
      expect.arrayContaining([
        {
          ...{ level: 'error', event: 'redrive.invalid' },
          fields: { letterId: 'a-broken', failures: 1, code: 'LETTER_INVALID' },
        },
        placed('w_0001_1', 'redriven'),
        placed('w_0002_1', 'superseded'),
      ]),
    );
  });

  it('has an end for the note that a letter could not be used', async () => {
    const { redrive, within, store } = await createScene([{ _id: 'a-broken' }]);
    const deadline = within(30_000);
    await redrive(deadline);
    const note = store.statements.find(({ name }) => name === 'update emergency_backup');
    expect(note?.call.deadline?.atMs).toBe(deadline.atMs);
  });
});
