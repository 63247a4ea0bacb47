import { describe, expect, it } from 'vitest';
import { DurableError } from '../../src/core/index.ts';
import type { Document } from '../../src/store/index.ts';
import { createBench, WORK, type BenchOptions } from './bench.ts';
import { letterOf } from './redrive-scene.ts';

const DENIED = { always: 'STORE_DENIED' } as const;

/** The log of a write, without the lines about its attempts. */
const told = ({ log }: ReturnType<typeof createBench>) =>
  log.lines.filter(({ event }) => event !== 'write.attempt-failed');

describe('the line that a write leaves in the log', () => {
  const fields = { collection: 'works', recordId: WORK._id };

  it('says of a stored record how many attempts and how long that took', async () => {
    const bench = createBench({ next: 0, latencyMs: 50, fates: { 'insert works': ['STORE_UNAVAILABLE'] } });
    await bench.write();
    expect(told(bench)).toEqual([
      {
        ...{ level: 'info', event: 'write.stored' },
        fields: { ...fields, attempts: 2, tier: 'collection', latencyMs: 50 + 100 + 50 },
      },
    ]);
  });

  it('says that it was there already', async () => {
    const bench = createBench();
    await bench.memory.insert('works', WORK);
    await bench.write();
    expect(told(bench)).toMatchObject([{ event: 'write.duplicate', fields: { ...fields, attempts: 1 } }]);
  });

  it('warns of a letter with its tier, the time it took, and why there is one', async () => {
    const bench = createBench({ latencyMs: 50, fates: { 'insert works': DENIED } });
    await bench.write();
    expect(told(bench)).toEqual([
      {
        ...{ level: 'warn', event: 'write.dead-lettered' },
        fields: { ...fields, attempts: 1, tier: 'emergency_backup', latencyMs: 100, code: 'STORE_DENIED' },
      },
    ]);
  });

  it('cries of a record that nobody took, and so does the error', async () => {
    const fates = { 'insert works': DENIED, 'insert emergency_backup': DENIED };
    const bench = createBench({ fates, latencyMs: 50, seal: false, blobs: false });
    const error: unknown = await bench.write().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      ...{ code: 'WRITE_LOST', details: { recordId: WORK._id } },
      cause: { code: 'STORE_DENIED' },
    });
    expect(told(bench)).toEqual([
      {
        ...{ level: 'error', event: 'write.lost' },
        fields: { ...fields, attempts: 1, latencyMs: 100, code: 'STORE_DENIED' },
      },
    ]);
  });

  it.each([
    ['a refusal', new DurableError('STORE_DENIED', 'planned'), 'STORE_DENIED'],
    ['what nobody expected', new TypeError('oops'), 'INTERNAL'],
  ])('names the record whose evidence could not be kept, for %s', async (_what, throws, code) => {
    const bench = createBench({ fates: { 'update works': { always: { throws } } } });
    await bench.memory.insert('works', { ...WORK, status: 'failed' });
    await bench.write();
    expect(told(bench)[0]).toEqual({
      ...{ level: 'warn', event: 'write.evidence-not-kept', fields: { recordId: WORK._id, code } },
    });
  });
});

describe('the time of each tier', () => {
  /** For each kind of statement: how long before the end it must be over, and how long it may take. */
  async function timesOf(timeMs: number, options: BenchOptions) {
    const bench = createBench({ seal: false, ...options });
    const deadline = bench.within(timeMs);
    await bench.write(WORK, { deadline }).catch(() => undefined);
    const all = [...bench.store.statements, ...bench.blobs.statements];
    return Object.fromEntries(
      all.map(({ name, call }) => [name, [deadline.atMs - (call.deadline?.atMs ?? 0), call.timeoutMs]]),
    );
  }
  const fates = { 'insert works': DENIED, 'insert emergency_backup': DENIED };

  it('ends before that of the tiers below it', async () => {
    expect(await timesOf(60_000, { fates })).toEqual({
      'insert works': [1_400, 1_500],
      'insert emergency_backup': [700, 1_500],
      // Looking, and putting: half of the attempt for each.
      ...{ fileId: [100, 2_000], get: [100, 2_000], put: [100, 2_000] },
    });
  });

  it('is never less than half of what is left', async () => {
    expect(await timesOf(1_000, { fates })).toMatchObject({
      'insert works': [500, 500],
      'insert emergency_backup': [500, 500],
      put: [100, 450],
    });
  });
});

describe('a letter whose name is taken', () => {
  it('stands beside, where the database does not show what has it', async () => {
    const bench = createBench({ fates: { 'insert works': DENIED } });
    await bench.memory.insert('emergency_backup', letterOf({ ...WORK, token: 't0' }));
    bench.store.get = async () => undefined;
    expect(await bench.write()).toMatchObject({ tier: 'emergency_backup' });
    expect(bench.memory.dump('emergency_backup').map(({ _id }) => _id)).toEqual([
      'w_0011_1',
      expect.stringMatching(/^w_0011_1_[0-9a-f]{16}$/),
    ]);
  });
});

describe('a key that the database says exists, but not as an id', () => {
  it('is a further unique index, which is told at once and by name', async () => {
    const bench = createBench();
    bench.store.insert = async () => 'exists';
    const stored = bench.writer.store({ collection: 'works', record: WORK, deadline: bench.within(60_000) });
    const error: unknown = await bench.clock.until(stored.catch((thrown: unknown) => thrown));
    expect(error).toMatchObject({ code: 'STORE_DUPLICATE', details: { collection: 'works' } });
    expect(bench.store.names()).toEqual(['get works', 'get works']);
  });
});

describe('a record that somebody else replaces just before us', () => {
  it('answers as ours where it is the same', async () => {
    const bench = createBench();
    const unknown: Document = { ...WORK, status: 'unknown' };
    await bench.memory.insert('works', unknown);
    const { update } = bench.store;
    bench.store.update = async (name, target, ...rest) => {
      // Another instance of the same call: what it stores is what we would have stored.
      await bench.memory.update('works', { id: WORK._id }, { set: { status: 'completed' } });
      return update(name, target, ...rest);
    };
    expect(await bench.write(WORK, { replaces: { status: 'unknown' } })).toEqual({
      ...{ status: 'duplicate', same: true, record: WORK, attempts: [] },
    });
    expect(bench.memory.dump('works')).toEqual([WORK]);
  });
});

describe('looking for a letter', () => {
  const own = { recordId: WORK._id, attempt: 1, token: 't1' };

  it('asks the database nothing where its document was just seen, or is known to be in a file', async () => {
    const bench = createBench();
    const letter = letterOf(WORK);
    const find = (seen?: Document | 'file') =>
      bench.clock.until(bench.writer.findLetter(own, bench.within(5_000), seen));
    expect(await find(letter)).toMatchObject({ tier: 'emergency_backup', letter: { payload: WORK } });
    expect(await find('file')).toBeUndefined();
    expect(bench.store.names()).toEqual([]);
  });

  it('has the time that it was given, in every tier', async () => {
    const bench = createBench();
    const deadline = bench.within(5_000);
    await bench.memory.insert('emergency_backup', letterOf({ ...WORK, token: 't0' }));
    await bench.clock.until(bench.writer.findLetter(own, deadline));
    const all = [...bench.store.statements, ...bench.blobs.statements];
    expect(all.map(({ name, call }) => [name, call.deadline?.atMs])).toEqual(
      ['get emergency_backup', 'page emergency_backup', 'fileId', 'get'].map((name) => [name, deadline.atMs]),
    );
  });
});
