import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDurableError, type Seal } from '../../src/core/index.ts';
import { createSeal } from '../../src/core/node/index.ts';
import type { WalkReport } from '../../src/durable/index.ts';
import { composeLetter, createAuthenticator } from '../../src/durable/letter.ts';
import type { Document, PageKey } from '../../src/store/index.ts';
import { testHash } from '../support/ports.ts';
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
    const { writer, within, clock, memory, states } = await createScene(letters, { latencyMs: 3 });
    const runs = [writer.redrive({ deadline: within(60_000) }), writer.redrive({ deadline: within(60_000) })];
    const reports = await clock.until(Promise.all(runs));
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
    const { get } = store;
    store.get = async (...request) => ({ ...((await get(...request)) ?? WORK), n: 99 });
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
    const { writer, clock, within, states } = await createScene([
      letterOf(work(1)),
      letterOf(work(2)),
      letterOf(work(3)),
    ]);
    const placements = ['waiting', 'superseded', 'redriven'] as const;
    const place = async ({ payload }: { payload: Document }) => placements[Number(payload['n']) - 1] ?? 'waiting';
    expect(await clock.until(writer.redrive({ deadline: within(60_000), place }))).toMatchObject({
      done: 2,
      skipped: 1,
    });
    expect(states()).toEqual(['w_0001_1 waiting', 'w_0002_1 superseded', 'w_0003_1 redriven']);
  });

  it('says that there is no such collection, which the caller may take for no letters', async () => {
    const { redrive } = createBench({ collections: ['works'] });
    await expect(redrive()).rejects.toSatisfy((error) => isDurableError(error, 'STORE_NOT_FOUND'));
  });
});

describe('a letter that cannot be used', () => {
  const sound = letterOf(work(5));
  const MALFORMED: readonly Document[] = [
    { _id: 'a-empty' },
    { _id: 'b-null', payload: null, backupReason: 'x' },
    { _id: 'c-text', payload: 'x', recordId: 'x', attempt: 1 },
    { _id: 'd-list', payload: [], backupReason: 'x' },
    { ...letterOf(work(1)), _id: 'e-altered', payload: { ...work(1), userId: 'thief' } },
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
    for (const _run of [1, 2, 3, 4, 5, 6])
      expect(await redrive()).toMatchObject({ done: 0, failed: [{ code: 'STORE_UNAVAILABLE' }] });
    expect(states()).toEqual(['w_0005_1 waiting']);
    store.plan({});
    await clock.advance(30_000);
    expect(await redrive()).toMatchObject({ done: 1, failed: [] });
  });
});

describe('a redrive that runs out of time', () => {
  it('answers a checkpoint instead of beginning another letter', async () => {
    const { redrive, within, memory } = await createScene([letterOf(work(1))]);
    expect(await redrive(within(400))).toEqual({ done: 0, skipped: 0, failed: [], checkpoint: { id: '' } });
    expect(memory.dump('works')).toEqual([]);
  });

  it('answers a checkpoint where the time is over just at the end of a page', async () => {
    const letters = Array.from({ length: 100 }, (_, number) => letterOf(work(number)));
    const { writer, clock, within } = await createScene(letters);
    const place = async ({ recordId }: { recordId: string }) => {
      if (recordId === 'w_0099') await clock.advance(10_000);
      return 'redriven' as const;
    };
    const report = await writer.redrive({ deadline: within(5_000), place });
    expect(report).toEqual({ done: 100, skipped: 0, failed: [], checkpoint: { id: 'w_0099_1' } });
  });

  it('reaches every letter exactly once when it is resumed from its checkpoints, wherever time ends', async () => {
    const given = fc.record({
      count: fc.integer({ min: 0, max: 230 }),
      latencyMs: fc.integer({ min: 1, max: 60 }),
      deadlineMs: fc.integer({ min: 900, max: 6_000 }),
      broken: fc.integer({ min: 0, max: 20 }),
    });
    let resumed = 0;
    await fc.assert(
      fc.asyncProperty(given, async ({ count, latencyMs, deadlineMs, broken }) => {
        const letters = Array.from({ length: count }, (_, number) => {
          const letter = letterOf(work(number));
          return number % 20 === broken ? { ...letter, mac: 'altered' } : letter;
        });
        const { writer, clock, within, memory } = await createScene(letters, { latencyMs });
        const reports: WalkReport[] = [];
        let after: PageKey | undefined;
        do {
          const report: WalkReport = await clock.until(writer.redrive({ deadline: within(deadlineMs), after }));
          reports.push(report);
          after = report.checkpoint;
        } while (after && reports.length < 1_000);
        const isBroken = (number: number): boolean => number % 20 === broken;
        const expected = Array.from({ length: count }, (_, number) => number);
        expect(memory.dump('works')).toEqual(expected.filter((number) => !isBroken(number)).map(work));
        expect(reports.reduce((sum, { done }) => sum + done, 0)).toBe(expected.filter((n) => !isBroken(n)).length);
        expect(reports.flatMap(({ failed }) => failed)).toHaveLength(expected.filter(isBroken).length);
        resumed += reports.length - 1;
      }),
      { numRuns: 25 },
    );
    expect(resumed).toBeGreaterThan(10);
  });
});
