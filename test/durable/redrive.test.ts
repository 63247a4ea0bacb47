import { describe, expect, it } from 'vitest';
import { olderIdOf } from '../support/letters.ts';
import { createSeal } from '../../src/core/node/index.ts';
import { redrive as redriveLetters, type ReadLetter } from '../../src/durable/index.ts';
import { composeLetter, createAuthenticator, readLetter } from '../../src/durable/letter.ts';
import type { Document, Store } from '../../src/store/index.ts';
import type { Mishap } from '../support/flaky-store.ts';
import { testHash } from '../support/ports.ts';
import { createBench } from './bench.ts';
import { createScene, FLAT, letterOf, work } from './redrive-scene.ts';

describe('redrive', () => {
  it('brings the waiting letters home and marks them', async () => {
    const { redrive, memory, states, clock } = await createScene([letterOf(work(1)), letterOf(work(2))]);
    expect(await redrive()).toEqual({ done: 2, skipped: 0, failed: [] });
    expect(memory.dump('works')).toEqual([work(1), work(2)]);
    expect(states()).toEqual(['w_0001_1 redriven', 'w_0002_1 redriven']);
    expect(memory.dump('emergency_backup')[0]).toMatchObject({ recoveredAt: new Date(clock.now()), payload: work(1) });
  });

  it('does nothing the second time', async () => {
    const { redrive, memory, states } = await createScene([letterOf(work(1)), letterOf(work(2)), FLAT]);
    await redrive();
    const after = [memory.dump('works'), states()];
    expect(await redrive()).toEqual({ done: 0, skipped: 0, failed: [] });
    expect([memory.dump('works'), states()]).toEqual(after);
  });

  it('leaves one record of each where two run at the same time', async () => {
    const letters = Array.from({ length: 30 }, (_, number) => letterOf(work(number)));
    const { redrive, memory, states } = await createScene(letters, { latencyMs: 3 });
    const reports = await Promise.all([redrive(), redrive()]);
    expect(reports.flatMap(({ failed }) => failed)).toEqual([]);
    expect(memory.dump('works')).toHaveLength(30);
    expect(states().every((state) => state.endsWith('redriven'))).toBe(true);
  });

  it('finds its own record where the answer to an earlier run was lost', async () => {
    const { redrive, memory, states } = await createScene([letterOf(work(1))], {
      fates: { 'insert works': ['answer-lost'] },
    });
    expect(await redrive()).toMatchObject({ done: 1, failed: [] });
    expect(memory.dump('works')).toEqual([work(1)]);
    expect(states()).toEqual(['w_0001_1 redriven']);
  });

  it('marks letters together, and each alone where that did not reach all of them', async () => {
    const letters = [1, 2, 3].map((number) => letterOf(work(number)));
    const { redrive, memory, store, states } = await createScene(letters, {
      fates: { 'updateMany emergency_backup': ['answer-lost'] },
    });
    expect(await redrive()).toMatchObject({ done: 3, failed: [] });
    expect(states()).toEqual(['w_0001_1 redriven', 'w_0002_1 redriven', 'w_0003_1 redriven']);
    const marks = () => store.names().filter((name) => /update(Many)? emergency_backup/.test(name)).length;
    expect(marks()).toBe(1 + 3);
    await memory.updateMany('emergency_backup', { ids: letters.map(({ _id }) => _id) }, { set: { state: 'waiting' } });
    expect(await redrive()).toMatchObject({ done: 3, failed: [] });
    expect(marks()).toBe(1 + 3 + 1);
  });

  it('keeps a deletion that came while its letter was marked together with others', async () => {
    const { redrive, memory, store, states } = await createScene([1, 2].map((number) => letterOf(work(number))));
    const { updateMany } = store;
    const deletedAt = new Date(5);
    store.updateMany = async (...request) => {
      await memory.update('emergency_backup', { id: 'w_0001_1' }, { set: { deletedAt } });
      return updateMany(...request);
    };
    expect(await redrive()).toMatchObject({ done: 2, failed: [] });
    expect(states()).toEqual(['w_0001_1 redriven', 'w_0002_1 redriven']);
    expect(memory.dump('works')).toEqual([{ ...work(1), deletedAt }, work(2)]);
  });

  it('marks a letter again where the answer to the mark was lost', async () => {
    const { redrive, memory, states } = await createScene([letterOf(work(1))], {
      fates: { 'updateMany emergency_backup': ['STORE_UNCERTAIN'], 'update emergency_backup': ['STORE_UNCERTAIN'] },
    });
    expect(await redrive()).toMatchObject({ done: 0, failed: [{ id: 'w_0001_1', code: 'STORE_UNCERTAIN' }] });
    expect(await redrive()).toMatchObject({ done: 1, failed: [] });
    expect(memory.dump('works')).toEqual([work(1)]);
    expect(states()).toEqual(['w_0001_1 redriven']);
  });

  it('puts a letter aside as superseded where another final record was first, and keeps what it said', async () => {
    const { redrive, memory, states } = await createScene([letterOf(work(1))]);
    await memory.insert('works', { ...work(1), status: 'failed' });
    expect(await redrive()).toMatchObject({ done: 1, failed: [] });
    expect(states()).toEqual(['w_0001_1 superseded']);
    expect(memory.dump('works')[0]).toMatchObject({
      status: 'failed',
      attempts: [{ record: { status: 'completed' } }],
    });
  });

  it('does not mark a letter whose record cannot be read back as it was meant', async () => {
    const { redrive, memory, states, store } = await createScene([letterOf(work(1))]);
    const { page } = store;
    store.page = async (...request) => {
      const { items } = await page(...request);
      return { items: request[0] === 'works' ? items.map((item) => ({ ...item, n: 99 })) : items };
    };
    expect(await redrive()).toMatchObject({ done: 0, skipped: 1 });
    expect(states()).toEqual(['w_0001_1 waiting']);
    expect(memory.dump('works')).toEqual([work(1)]);
  });

  it('understands the older flat form, and gives its record an id by who, what and when', async () => {
    const { redrive, memory } = await createScene([FLAT]);
    expect(await redrive()).toMatchObject({ done: 1, failed: [] });
    expect(memory.dump('works')).toEqual([
      {
        ...{ _id: olderIdOf(FLAT), id: 'work_1700000000000', userId: 'u1', prompt: '小狗', status: 'completed' },
        createdAt: new Date(9),
      },
    ]);
    expect(memory.dump('emergency_backup')[0]).toMatchObject({
      _id: '65a1b2c3',
      state: 'redriven',
      backupReason: FLAT['backupReason'],
    });
  });

  it.each([
    ['a text', '2026-01-02T03:04:05.000Z'],
    ['the mark that an export makes of a date', { $date: '2026-01-02T03:04:05.000Z' }],
    ['that mark with milliseconds', { $date: Date.UTC(2026, 0, 2, 3, 4, 5) }],
  ])('understands a date of the older form that is %s', (_what, createdAt) => {
    const { payload } = readLetter({ ...FLAT, createdAt }, createAuthenticator(testHash));
    expect(payload['createdAt']).toEqual(new Date('2026-01-02T03:04:05.000Z'));
  });

  it('leaves alone what was redriven, superseded or quarantined', async () => {
    const closed = ['redriven', 'superseded', 'quarantined'].map((state, index) => ({
      ...letterOf(work(index)),
      state,
    }));
    const { redrive, memory } = await createScene(closed);
    expect(await redrive()).toEqual({ done: 0, skipped: 0, failed: [] });
    expect(memory.dump('works')).toEqual([]);
  });

  it('lets the caller decide about each letter', async () => {
    const { redrive, within, states } = await createScene([letterOf(work(1)), letterOf(work(2)), letterOf(work(3))]);
    const placements = ['waiting', 'superseded', 'redriven'] as const;
    const judging =
      async () =>
      async ({ payload }: { payload: Document }) =>
        placements[Number(payload['n']) - 1] ?? 'waiting';
    expect(await redrive(within(60_000), { judging })).toMatchObject({ done: 2, skipped: 1 });
    expect(states()).toEqual(['w_0001_1 waiting', 'w_0002_1 superseded', 'w_0003_1 redriven']);
  });

  it('finds no letters where there is no such collection', async () => {
    const { redrive } = createBench({ collections: ['works'] });
    expect(await redrive()).toEqual({ done: 0, skipped: 0, failed: [] });
  });
});

describe('a record that is deleted while it is a letter', () => {
  const deletedAt = new Date(77);
  const deleteLetter = (memory: { update: Store['update'] }) =>
    memory.update('emergency_backup', { id: 'w_0001_1' }, { set: { deletedAt } });

  it('stays deleted where that happens while it is on its way home', async () => {
    const { redrive, memory, states, store } = await createScene([letterOf(work(1))]);
    const { insert } = store;
    store.insert = async (...request) => {
      await deleteLetter(memory);
      return insert(...request);
    };
    expect(await redrive()).toMatchObject({ done: 1, failed: [] });
    expect(memory.dump('works')).toEqual([{ ...work(1), deletedAt }]);
    expect(states()).toEqual(['w_0001_1 redriven']);
  });

  it('stays deleted where somebody else had brought it home undeleted', async () => {
    const { redrive, memory, states } = await createScene([letterOf(work(1))]);
    await memory.insert('works', work(1));
    await deleteLetter(memory);
    expect(await redrive()).toMatchObject({ done: 1, failed: [] });
    expect(memory.dump('works')).toEqual([{ ...work(1), deletedAt }]);
    expect(states()).toEqual(['w_0001_1 redriven']);
  });

  it('is not marked before that is done, wherever the run is killed', async () => {
    for (let killedAt = 0; killedAt < 10; killedAt += 1) {
      const { memory, store, writer, clock, log, within, redrive } = await createScene([letterOf(work(1))]);
      store.plan({ '*': [...Array<Mishap>(killedAt).fill('ok'), ...Array<Mishap>(100).fill('hang')] });
      const { insert } = store;
      store.insert = async (...request) => {
        await deleteLetter(memory);
        return insert(...request);
      };
      void redriveLetters({ store, clock, log, writer }, { deadline: within(400_000) });
      await clock.settle();
      await deleteLetter(memory);
      store.insert = insert;
      store.plan({});
      await redrive();
      expect(memory.dump('works')).toEqual([{ ...work(1), deletedAt }]);
    }
  });
});

describe('a letter under a key that is not known here', () => {
  const foreign = letterOf(work(2), createSeal('f'.repeat(64)));
  const DAY_MS = 86_400_000;

  it('waits for its key for a week, is noted once, and is then quarantined', async () => {
    const { redrive, states, store, clock } = await createScene([foreign]);
    const failing = { failed: [{ id: 'w_0002_1', code: 'LETTER_INVALID' }] };
    for (let run = 0; run < 10; run += 1) expect(await redrive()).toMatchObject(failing);
    expect(store.names().filter((name) => name.startsWith('update'))).toHaveLength(1);
    await clock.advance(6 * DAY_MS);
    expect(await redrive()).toMatchObject(failing);
    expect(states()).toEqual(['w_0002_1 waiting']);
    await clock.advance(DAY_MS);
    expect(await redrive()).toMatchObject(failing);
    expect(states()).toEqual(['w_0002_1 quarantined']);
  });

  it('comes home as soon as its key is given as a previous one', async () => {
    const { redrive, memory } = await createScene([foreign], { previousSeals: [createSeal('f'.repeat(64))] });
    expect(await redrive()).toMatchObject({ done: 1, failed: [] });
    expect(memory.dump('works')).toEqual([work(2)]);
  });
});

describe('a letter with a plain digest, read under a key', () => {
  const digest: Document = {
    ...composeLetter(createAuthenticator(testHash), {
      ...{ collection: 'works', record: work(4), attempt: 1, failures: [], atMs: 0 },
    }),
  };

  it('is not taken home by itself', async () => {
    const { redrive, memory } = await createScene([digest]);
    expect(await redrive()).toMatchObject({ done: 0, failed: [{ id: 'w_0004_1', code: 'LETTER_INVALID' }] });
    expect(memory.dump('works')).toEqual([]);
  });

  it('is shown to the judge as one that nobody signed, and goes where he sends it', async () => {
    const { redrive, within, memory } = await createScene([digest, letterOf(work(5))]);
    const seen: string[] = [];
    const judging = async (letters: readonly ReadLetter[]) => {
      seen.push(...letters.map(({ recordId, isSigned }) => `${recordId} ${isSigned}`));
      return async ({ collection, payload: record }: ReadLetter) => ({ collection, record });
    };
    expect(await redrive(within(60_000), { judging })).toMatchObject({ done: 2 });
    expect(seen).toEqual(['w_0004 false', 'w_0005 true']);
    expect(memory.dump('works')).toEqual([work(4), work(5)]);
  });
});
