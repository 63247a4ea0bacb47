import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DurableError, type Code, type Seal } from '../../src/core/index.ts';
import { createSeal } from '../../src/core/node/index.ts';
import {
  createDurableWriter,
  redrive as redriveLetters,
  type ReadLetter,
  type WalkReport,
} from '../../src/durable/index.ts';
import { composeLetter, createAuthenticator, readLetter } from '../../src/durable/letter.ts';
import type { Document, PageKey, Store } from '../../src/store/index.ts';
import type { Mishap } from '../support/flaky-store.ts';
import { seededRandom, testHash } from '../support/ports.ts';
import { createBench, KEY, WORK } from './bench.ts';

const work = (number: number): Document => ({ ...WORK, _id: `w_${String(number).padStart(4, '0')}`, n: number });

/** The letter of a record as the writer leaves it. */
function letterOf(record: Document, seal: Seal | undefined = createSeal(KEY)): Document {
  const failures = [{ attempt: 1, code: 'STORE_UNAVAILABLE', message: 'down', latencyMs: 1 }] as const;
  const letter = composeLetter(createAuthenticator(testHash, seal), {
    collection: 'works',
    record,
    attempt: 1,
    failures,
    atMs: 0,
  });
  return { ...letter };
}

/** The older flat form, as the algorithm before this library wrote it. */
const FLAT: Document = {
  _id: '65a1b2c3',
  ...{ id: 'work_1700000000000', userId: 'u1', prompt: '小狗', status: 'completed', createdAt: new Date(9) },
  ...{ backupReason: 'works_collection_save_failed', originalError: 'timeout', retryCount: 3, timestamp: new Date(10) },
};

async function createScene(letters: readonly Document[], given: Parameters<typeof createBench>[0] = {}) {
  const bench = createBench(given);
  for (const letter of letters) await bench.memory.insert('emergency_backup', letter);
  const states = () => bench.memory.dump('emergency_backup').map(({ _id, state }) => `${_id} ${String(state)}`);
  return { ...bench, states };
}

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

  it('marks a letter again where the answer to the mark was lost', async () => {
    const { redrive, memory, states } = await createScene([letterOf(work(1))], {
      fates: { 'update emergency_backup': ['STORE_UNCERTAIN'] },
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

  it('understands the older flat form, under the id of its record', async () => {
    const { redrive, memory } = await createScene([FLAT]);
    expect(await redrive()).toMatchObject({ done: 1, failed: [] });
    expect(memory.dump('works')).toEqual([
      {
        ...{ _id: 'work_1700000000000', id: 'work_1700000000000', userId: 'u1', prompt: '小狗', status: 'completed' },
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

describe('a letter that cannot be used', () => {
  const sound = letterOf(work(5));
  const MALFORMED: readonly Document[] = [
    { _id: 'a-empty' },
    { _id: 'b-null', payload: null, backupReason: 'x' },
    { _id: 'c-text', payload: 'x', recordId: 'x', attempt: 1 },
    { _id: 'd-list', payload: [], backupReason: 'x' },
    {
      ...letterOf(work(1)),
      _id: 'e-altered',
      payload: { ...work(1), userId: 'thief' },
      mac: `sha256:${'0'.repeat(64)}`,
    },
    { ...letterOf(work(2)), _id: 'f-other', recordId: 'w_9999' },
    { ...letterOf(work(3)), _id: 'g-unsigned', mac: undefined },
    { ...letterOf(work(4)), _id: 'h-number', attempt: '1' },
    { _id: 'i-flat', backupReason: 'x', id: 7 },
  ];

  it('never stops the others, and is named in the report', async () => {
    const { redrive, memory } = await createScene([...MALFORMED, sound]);
    const report = await redrive();
    expect(report.done).toBe(1);
    expect(report.failed).toEqual(MALFORMED.map(({ _id: id }) => ({ id, code: 'LETTER_INVALID' })));
    expect(memory.dump('works')).toEqual([work(5)]);
  });

  it('is quarantined at the fifth failure and not read any more', async () => {
    const { redrive, states, memory } = await createScene([...MALFORMED, sound]);
    for (const _run of [1, 2, 3, 4]) expect((await redrive()).failed).toHaveLength(MALFORMED.length);
    expect(states().some((state) => state.endsWith('quarantined'))).toBe(false);
    expect((await redrive()).failed).toHaveLength(MALFORMED.length);
    expect(states()).toEqual([...MALFORMED.map(({ _id }) => `${_id} quarantined`), 'w_0005_1 redriven']);
    expect(await redrive()).toEqual({ done: 0, skipped: 0, failed: [] });
    expect(memory.dump('emergency_backup')[4]).toMatchObject({ redriveFailures: 5, payload: { userId: 'thief' } });
  });

  it('is not quarantined for failures that are not its own', async () => {
    const { redrive, states, store, clock } = await createScene([sound], {
      fates: { 'insert works': { always: 'STORE_UNAVAILABLE' } },
    });
    for (const _run of [1, 2, 3, 4, 5, 6]) {
      expect(await redrive()).toMatchObject({ done: 0, failed: [{ code: 'STORE_UNAVAILABLE' }] });
      await clock.advance(30_000);
    }
    expect(states()).toEqual(['w_0005_1 waiting']);
    store.plan({});
    expect(await redrive()).toMatchObject({ done: 1, failed: [] });
  });
});

describe('a letter whose record can never be stored', () => {
  /** A database that refuses record 3 for this reason, as it would one that is too large. */
  const refusing = async (code: Code) => {
    const scene = await createScene([letterOf(work(1)), letterOf(work(3)), letterOf(work(5))]);
    const { insert } = scene.store;
    scene.store.insert = async (...request) => {
      if (request[0] === 'works' && request[1]['n'] === 3) throw new DurableError(code, 'planned: refused');
      return insert(...request);
    };
    return scene;
  };

  it.each(['INPUT_INVALID', 'STORE_DUPLICATE', 'STORE_REJECTED', 'STORE_TOO_LARGE'] as const)(
    'is quarantined at the fifth %s, with the reason, and stops no other',
    async (code) => {
      const { redrive, states, memory } = await refusing(code);
      const another = (run: number) => memory.insert('emergency_backup', letterOf(work(10 + run)));
      expect(await redrive()).toMatchObject({ done: 2, failed: [{ id: 'w_0003_1', code }] });
      for (const run of [2, 3, 4]) {
        await another(run);
        expect(await redrive()).toMatchObject({ done: 1, failed: [{ code }] });
      }
      expect(states()[1]).toBe('w_0003_1 waiting');
      await another(5);
      expect(await redrive()).toMatchObject({ failed: [{ code }] });
      expect(states().slice(0, 3)).toEqual(['w_0001_1 redriven', 'w_0003_1 quarantined', 'w_0005_1 redriven']);
      expect(memory.dump('emergency_backup')[1]).toMatchObject({
        redriveFailures: 5,
        redriveError: `[${code}] planned: refused`,
      });
      expect(await redrive()).toEqual({ done: 0, skipped: 0, failed: [] });
    },
  );

  it.each(['STORE_DENIED', 'STORE_QUOTA', 'STORE_CONFLICT', 'STORE_UNCERTAIN'] as const)(
    'is none where it is refused with %s, which is not its own doing',
    async (code) => {
      const { redrive, states, clock } = await refusing(code);
      for (const _run of [1, 2, 3, 4, 5, 6]) {
        await redrive();
        await clock.advance(60_000);
      }
      expect(states()[1]).toBe('w_0003_1 waiting');
    },
  );
});

describe('a collection that refuses every record', () => {
  it('is not blamed on the letters for it, however often it refuses them', async () => {
    const letters = Array.from({ length: 40 }, (_, number) => letterOf(work(number)));
    const { redrive, states, store } = await createScene(letters, {
      fates: { 'insert works': { always: 'STORE_REJECTED' } },
    });
    for (const _run of [1, 2, 3, 4, 5, 6]) expect((await redrive()).failed).toHaveLength(40);
    expect(store.names().filter((name) => name.startsWith('update'))).toEqual([]);
    store.plan({});
    expect(await redrive()).toMatchObject({ done: 40, failed: [] });
    expect(states().every((state) => state.endsWith('redriven'))).toBe(true);
  });
});

describe('letters whose records collide with a further unique index', () => {
  it('stop no other letter of their page, and are quarantined at last', async () => {
    const letters = Array.from({ length: 60 }, (_, number) => letterOf(work(number)));
    const { redrive, states, store, memory } = await createScene(letters);
    const { insert } = store;
    store.insert = async (...request) =>
      request[0] === 'works' && Number(request[1]['n']) < 20 ? 'exists' : insert(...request);
    expect(await redrive()).toMatchObject({ done: 40 });
    expect(memory.dump('works')).toHaveLength(40);
    for (const _run of [2, 3, 4, 5]) expect((await redrive()).failed).toHaveLength(20);
    expect(states().filter((state) => state.endsWith('quarantined'))).toHaveLength(20);
  });
});

describe('a redrive into a collection that goes down on the way', () => {
  it('stops where it is known to be down, fails no letter that was not tried, and goes on from there', async () => {
    const letters = Array.from({ length: 60 }, (_, number) => letterOf(work(number)));
    const { redrive, memory, store, clock, within } = await createScene(letters);
    const { insert } = store;
    let isDown = true;
    const tried = new Set<string>();
    store.insert = async (...request) => {
      tried.add(`${request[1]._id}_1`);
      if (isDown && Number(request[1]['n']) >= 20) throw new DurableError('STORE_UNAVAILABLE', 'planned');
      return insert(...request);
    };
    const report = await redrive();
    expect(report).toMatchObject({ done: 20, checkpoint: { id: expect.stringMatching(/^w_00[2-5]\d_1$/) } });
    expect(report.failed.length).toBeLessThan(40);
    expect(report.failed.filter(({ id }) => !tried.has(id))).toEqual([]);
    isDown = false;
    await clock.advance(30_000);
    await redrive(within(60_000), { after: report.checkpoint });
    await redrive();
    expect(memory.dump('works')).toHaveLength(60);
  });

  it('rejects where it could begin nothing, so that nobody goes on from its checkpoint again and again', async () => {
    const { redrive, clock } = await createScene([letterOf(work(1)), letterOf(work(2))], {
      fates: { 'insert works': { always: 'STORE_UNAVAILABLE' } },
    });
    await redrive();
    await expect(redrive()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await clock.advance(30_000);
    expect((await redrive()).failed).toContainEqual({ id: 'w_0001_1', code: 'STORE_UNAVAILABLE' });
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

describe('a redrive of many letters', () => {
  it('has at most 16 statements under way, reads copies back together, and reads no page twice', async () => {
    const letters = Array.from({ length: 1_000 }, (_, number) => letterOf(work(number)));
    const { redrive, store, clock } = await createScene(letters, { latencyMs: 20 });
    const startedAtMs = clock.now();
    expect(await redrive()).toMatchObject({ done: 1_000, failed: [] });
    const times = store.statements.map(({ startedAtMs }) => startedAtMs);
    const atOnce = times.map((at) => times.filter((other) => other <= at && other > at - 20).length);
    expect(Math.max(...atOnce)).toBe(16);
    expect(store.names().filter((name) => name.startsWith('page'))).toHaveLength(8 + 32);
    // One by one, as the published algorithm did: a look and a write for each, and the one page.
    const oneByOneMs = (1 + 2 * 1_000) * 20;
    expect(oneByOneMs / (clock.now() - startedAtMs)).toBeGreaterThan(10);
  });

  it('repeats a page that could not be read', async () => {
    const { redrive } = await createScene([letterOf(work(1))], {
      fates: { 'page emergency_backup': ['STORE_UNAVAILABLE', 'STORE_UNCERTAIN'] },
    });
    expect(await redrive()).toMatchObject({ done: 1, failed: [] });
  });

  it('ends what a run left that was killed at any of its steps', async () => {
    for (let killedAt = 0; killedAt < 12; killedAt += 1) {
      const { memory, store, states, writer, clock, log, within } = await createScene([
        letterOf(work(1)),
        letterOf(work(2)),
        letterOf(work(3)),
      ]);
      store.plan({ '*': [...Array<Mishap>(killedAt).fill('ok'), ...Array<Mishap>(1_000).fill('hang')] });
      void redriveLetters({ store, clock, log, writer }, { deadline: within(400_000) });
      await clock.settle();
      const again = createDurableWriter({
        ...{ store: memory, clock, log, random: seededRandom(2), hash: testHash, seal: createSeal(KEY) },
      });
      await clock.until(redriveLetters({ store: memory, clock, log, writer: again }, { deadline: within(60_000) }));
      expect(memory.dump('works')).toEqual([work(1), work(2), work(3)]);
      expect(states().every((state) => state.endsWith('redriven'))).toBe(true);
    }
  });
});

describe('a redrive that runs out of time', () => {
  it('answers a checkpoint instead of beginning another letter', async () => {
    const { redrive, within, memory } = await createScene([letterOf(work(1))]);
    expect(await redrive(within(400))).toEqual({ done: 0, skipped: 0, failed: [], checkpoint: { id: '' } });
    expect(memory.dump('works')).toEqual([]);
  });

  it('answers a checkpoint where the time is over just at the end of a page', async () => {
    const letters = Array.from({ length: 128 }, (_, number) => letterOf(work(number)));
    const { redrive, store, clock, within } = await createScene(letters);
    const { update } = store;
    store.update = async (...request) => {
      const changed = await update(...request);
      if (request[1].id === 'w_0127_1') await clock.advance(10_000);
      return changed;
    };
    const report = await redrive(within(5_000));
    expect(report).toEqual({ done: 128, skipped: 0, failed: [], checkpoint: { id: 'w_0127_1' } });
  });

  it('reaches every letter exactly once when it is resumed from its checkpoints, wherever time ends', async () => {
    const given = fc.record({
      count: fc.integer({ min: 0, max: 300 }),
      latencyMs: fc.integer({ min: 1, max: 60 }),
      deadlineMs: fc.integer({ min: 900, max: 1_400 }),
      broken: fc.integer({ min: 0, max: 20 }),
    });
    let resumed = 0;
    await fc.assert(
      fc.asyncProperty(given, async ({ count, latencyMs, deadlineMs, broken }) => {
        const letters = Array.from({ length: count }, (_, number) => {
          const letter = letterOf(work(number));
          return number % 20 === broken ? { ...letter, mac: 'altered' } : letter;
        });
        const { redrive, within, memory } = await createScene(letters, { latencyMs });
        const reports: WalkReport[] = [];
        let after: PageKey | undefined;
        do {
          const report: WalkReport = await redrive(within(deadlineMs), { after });
          reports.push(report);
          after = report.checkpoint;
        } while (after && reports.length < 1_000);
        const isBroken = (number: number): boolean => number % 20 === broken;
        const expected = Array.from({ length: count }, (_, number) => number);
        expect(memory.dump('works')).toEqual(expected.filter((number) => !isBroken(number)).map(work));
        expect(reports.reduce((sum, { done }) => sum + done, 0)).toBe(expected.filter((n) => !isBroken(n)).length);
        const failed = new Set(reports.flatMap((report) => report.failed.map(({ id }) => id)));
        expect(failed.size).toBe(expected.filter(isBroken).length);
        resumed += reports.length - 1;
      }),
      // The first is surely cut short, whatever chance brings after it.
      { numRuns: 25, examples: [[{ count: 300, latencyMs: 60, deadlineMs: 900, broken: 3 }]] },
    );
    expect(resumed).toBeGreaterThan(2);
  });
});
