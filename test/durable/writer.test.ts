import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DurableError, isDurableError } from '../../src/core/index.ts';
import type { Document, Filter } from '../../src/store/index.ts';
import type { Mishap } from '../support/flaky-store.ts';
import { createBench, KEY, WORK } from './bench.ts';

const codeOf = (error: unknown): string => (isDurableError(error) ? error.code : `not ours: ${String(error)}`);

describe('write', () => {
  it('stores a record with one statement', async () => {
    const { write, store, memory } = createBench();
    expect(await write()).toEqual({ status: 'stored', record: WORK, attempts: [] });
    expect(store.names()).toEqual(['insert works']);
    expect(memory.dump('works')).toEqual([WORK]);
  });

  it('stores it at the third attempt where two fail', async () => {
    const { write, store, memory } = createBench({
      fates: { 'insert works': ['STORE_UNAVAILABLE', 'STORE_THROTTLED'] },
    });
    const outcome = await write();
    expect(outcome).toMatchObject({ status: 'stored', attempts: [{ attempt: 1 }, { attempt: 2 }] });
    expect(store.names()).toEqual(['insert works', 'insert works', 'insert works']);
    expect(memory.dump('emergency_backup')).toEqual([]);
  });

  it('keeps it as a dead letter when the third attempt fails', async () => {
    const { write, store, memory } = createBench({ fates: { 'insert works': { always: 'STORE_UNAVAILABLE' } } });
    const outcome = await write();
    expect(outcome).toMatchObject({ status: 'dead-lettered', tier: 'emergency_backup' });
    expect(outcome.attempts).toHaveLength(3);
    expect(store.names()).toEqual([...Array<string>(3).fill('insert works'), 'insert emergency_backup']);
    expect(memory.dump('works')).toEqual([]);
    expect(memory.dump('emergency_backup')).toHaveLength(1);
  });

  it('does not repeat what the database refuses for good, and goes to the next tier at once', async () => {
    const { write, store, clock } = createBench({ fates: { 'insert works': { always: 'STORE_DENIED' } } });
    const startedAtMs = clock.now();
    expect(await write()).toMatchObject({ status: 'dead-lettered', tier: 'emergency_backup' });
    expect(store.names()).toEqual(['insert works', 'insert emergency_backup']);
    expect(clock.now()).toBe(startedAtMs);
  });

  it('leaves exactly one record when the answer is lost, and answers duplicate with the same content', async () => {
    const { write, store, memory } = createBench({ fates: { 'insert works': ['answer-lost'] } });
    const outcome = await write();
    expect(outcome).toMatchObject({
      status: 'duplicate',
      same: true,
      record: WORK,
      attempts: [{ code: 'STORE_UNCERTAIN' }],
    });
    expect(store.names()).toEqual(['insert works', 'insert works', 'get works']);
    expect(memory.dump('works')).toEqual([WORK]);
    expect(memory.dump('emergency_backup')).toEqual([]);
  });

  it('answers duplicate for a record that was written before, however its fields are ordered', async () => {
    const { write, memory } = createBench();
    await write();
    const reordered = Object.fromEntries(Object.entries(WORK).reverse()) as Document;
    expect(await write(reordered)).toMatchObject({ status: 'duplicate', same: true });
    expect(memory.dump('works')).toEqual([WORK]);
  });

  it('creates the collection of the record where a deployment forgot it', async () => {
    const { write, memory } = createBench({ collections: ['emergency_backup'] });
    expect(await write()).toMatchObject({ status: 'stored' });
    expect(memory.dump('works')).toEqual([WORK]);
  });

  it('refuses what is no document before anything is sent', async () => {
    const { write, store, blobs, log } = createBench();
    for (const record of [
      { status: 'x' },
      { _id: 7 },
      { _id: 'w', n: 1n },
      { _id: 'w', $set: 1 },
    ] as unknown as Document[]) {
      await expect(write(record)).rejects.toSatisfy((error) => codeOf(error) === 'INPUT_INVALID');
    }
    expect([...store.names(), ...blobs.names(), ...log.lines]).toEqual([]);
  });

  it('never lets a statement run into the time that is kept for the lower tiers', async () => {
    const mishap = fc.constantFrom<Mishap>('ok', 'hang', 'answer-lost', 'STORE_UNAVAILABLE', 'STORE_UNCERTAIN');
    const given = fc.record({
      deadlineMs: fc.integer({ min: 0, max: 12_000 }),
      latencyMs: fc.integer({ min: 0, max: 600 }),
      mishaps: fc.array(mishap, { maxLength: 8 }),
      letters: fc.array(mishap, { maxLength: 3 }),
      files: fc.array(mishap, { maxLength: 4 }),
      stored: fc.boolean(),
    });
    const reached = new Set<string>();
    await fc.assert(
      fc.asyncProperty(given, async ({ deadlineMs, latencyMs, mishaps, letters, files, stored }) => {
        const bench = createBench({ latencyMs, blobFates: { '*': files } });
        if (stored) await bench.memory.insert('works', { ...WORK, status: 'failed', token: 't0' });
        bench.store.plan({ 'insert emergency_backup': letters, '*': mishaps });
        const deadline = bench.within(deadlineMs);
        const outcome = await bench.write(WORK, { deadline });
        // Half of what is left at most is kept: a function of 3 s has little.
        const keptMs = Math.min(1_400, deadlineMs / 2);
        for (const { name, startedAtMs } of bench.store.statements) {
          if (name.endsWith(' works')) expect(startedAtMs).toBeLessThan(deadline.atMs - keptMs);
          else expect(startedAtMs).toBeLessThan(deadline.atMs);
        }
        // With a key, nothing is ever lost: not even where no time is left at all.
        expect(bench.clock.now()).toBeLessThanOrEqual(deadline.atMs);
        reached.add(outcome.status === 'dead-lettered' ? outcome.tier : outcome.status);
      }),
      { numRuns: 300 },
    );
    expect([...reached].sort()).toEqual(['duplicate', 'emergency_backup', 'log', 'storage', 'stored']);
  });
});

describe('a record that is already there', () => {
  const UNKNOWN: Document = { ...WORK, status: 'unknown', asset: null };
  const REPLACES = { status: 'unknown', token: 't1' };

  it('is replaced where it is unknown and of the same attempt', async () => {
    const { write, memory } = createBench();
    await memory.insert('works', UNKNOWN);
    expect(await write(WORK, { replaces: REPLACES })).toMatchObject({ status: 'stored', record: WORK });
    expect(memory.dump('works')).toEqual([WORK]);
  });

  it('is replaced once where the answer to that is lost', async () => {
    const { write, memory, store } = createBench({ fates: { 'update works': ['answer-lost'] } });
    await memory.insert('works', UNKNOWN);
    expect(await write(WORK, { replaces: REPLACES })).toMatchObject({ status: 'duplicate', same: true, record: WORK });
    expect(memory.dump('works')).toEqual([WORK]);
    expect(store.names().filter((name) => name === 'update works')).toHaveLength(1);
  });

  it('is kept where it is unknown but belongs to another attempt', async () => {
    const { write, memory } = createBench();
    const other = { ...UNKNOWN, token: 't2' };
    await memory.insert('works', other);
    const outcome = await write(WORK, { replaces: REPLACES });
    expect(outcome).toMatchObject({ status: 'duplicate', same: false, record: { token: 't2', status: 'unknown' } });
    expect(memory.dump('works')[0]).toMatchObject({ token: 't2', status: 'unknown' });
  });

  it('answers the call where it is final, and what we had is kept beside it exactly once', async () => {
    const { write, memory } = createBench();
    const first = { ...WORK, status: 'failed', asset: null };
    await memory.insert('works', first);
    for (const _time of [1, 2, 3]) {
      const outcome = await write(WORK, { replaces: REPLACES });
      expect(outcome).toMatchObject({ status: 'duplicate', same: false, record: first });
    }
    const { _id, ...losing } = WORK;
    const [stored = { _id: '' }] = memory.dump('works');
    expect(stored).toMatchObject(first);
    expect(stored['attempts']).toEqual([expect.objectContaining({ record: losing })]);
    await write({ ...WORK, token: 't9' }, { replaces: REPLACES });
    expect(memory.dump('works')[0]?.['attempts']).toHaveLength(2);
  });

  it('keeps what we had exactly once where the answer to that is lost', async () => {
    const { write, memory } = createBench({ fates: { 'update works': ['answer-lost'] } });
    await memory.insert('works', { ...WORK, status: 'failed' });
    await write();
    await write();
    expect(memory.dump('works')[0]?.['attempts']).toHaveLength(1);
  });

  it('answers the call although what we had cannot be kept beside it, and says so in the log', async () => {
    const { write, memory, log } = createBench({ fates: { 'update works': { always: 'STORE_DENIED' } } });
    await memory.insert('works', { ...WORK, status: 'failed' });
    expect(await write()).toMatchObject({ status: 'duplicate', same: false, record: { status: 'failed' } });
    expect(log.lines.map(({ event }) => event)).toContain('write.evidence-not-kept');
  });

  it('is asked for again where the database says it exists but does not show it', async () => {
    const { write, memory, store } = createBench();
    await memory.insert('works', { ...WORK });
    let shown = 0;
    const { get } = store;
    store.get = async (...request) => ((shown += 1) === 1 ? undefined : get(...request));
    expect(await write()).toMatchObject({ status: 'duplicate', same: true });
  });
});

describe('a record that is larger than a document may be', () => {
  const huge = { ...WORK, prompt: 'x'.repeat(17_000_000) };

  it('goes to storage at once, without a statement, and says why', async () => {
    const { write, store, files } = createBench({ seal: false });
    expect(await write(huge)).toMatchObject({ status: 'dead-lettered', tier: 'storage' });
    expect(store.names()).toEqual([]);
    const file = await files.get(await files.fileId('wx-durable/letters/w_0011_1.json'));
    const letter = JSON.parse(new TextDecoder().decode(file)) as { originalError: string; retryCount: number };
    expect(letter.originalError).toContain('larger than a document may be');
    expect(letter.retryCount).toBe(0);
  });

  it('is refused for good by recovery, before it is sent and however little time there is', async () => {
    const { writer, within, store } = createBench();
    const stored = writer.store({ collection: 'works', record: huge, deadline: within(50) });
    expect(await stored.catch(codeOf)).toBe('STORE_TOO_LARGE');
    expect(store.names()).toEqual([]);
  });

  it('does not close a breaker that is open', async () => {
    const bench = createBench({ fates: { 'insert works': { always: 'STORE_UNAVAILABLE' } } });
    for (const n of [1, 2]) await bench.write({ ...WORK, _id: `w_${n}` });
    const before = bench.store.names().length;
    await bench.write(huge);
    await bench.write({ ...WORK, _id: 'w_3' });
    expect(bench.store.names().slice(before)).toEqual(['insert emergency_backup']);
  });
});

describe('a record that tells how it was saved', () => {
  const save = (bench: ReturnType<typeof createBench>, more: { replaces?: Filter } = {}) => {
    const request = { collection: 'works', record: WORK, deadline: bench.within(60_000), sameBy: ['token', 'status'] };
    return bench.clock.until(bench.writer.write({ ...request, tellsSaving: true, ...more }));
  };

  it('says with which attempt it was stored, and how long after the first was begun', async () => {
    const bench = createBench({
      next: 0.5,
      latencyMs: 100,
      fates: { 'insert works': ['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE'] },
    });
    // Two attempts of 100 ms, and the waits after them: 1 s and 2 s, times 0.55.
    const record = { ...WORK, saveAttempts: 3, saveMs: 100 + 550 + 100 + 1_100 };
    expect(await save(bench)).toMatchObject({ status: 'stored', record });
    expect(bench.memory.dump('works')).toEqual([record]);
  });

  it('keeps the number of the attempt that stored it where the answer to that was lost', async () => {
    const bench = createBench({ fates: { 'insert works': ['answer-lost'] } });
    const record = { ...WORK, saveAttempts: 1, saveMs: 0 };
    expect(await save(bench)).toMatchObject({ status: 'duplicate', same: true, record });
    expect(bench.memory.dump('works')).toEqual([record]);
  });

  it('says so too where it takes the place of an unknown one, and costs no statement more', async () => {
    const bench = createBench();
    await bench.memory.insert('works', { ...WORK, status: 'unknown' });
    await save(bench, { replaces: { status: 'unknown' } });
    expect(bench.memory.dump('works')).toEqual([{ ...WORK, saveAttempts: 1, saveMs: 0 }]);
    expect(bench.store.names()).toEqual(['insert works', 'get works', 'update works']);
  });

  it('is the same letter as ever where it cannot be stored, and the same evidence beside another', async () => {
    const down = createBench({ fates: { 'insert works': { always: 'STORE_REJECTED' } } });
    await save(down);
    expect(down.memory.dump('emergency_backup')[0]?.['payload']).toEqual(WORK);
    const lost = createBench();
    await lost.memory.insert('works', { ...WORK, status: 'failed' });
    for (const _time of [1, 2]) await save(lost);
    const { _id, ...evidence } = WORK;
    expect(lost.memory.dump('works')[0]?.['attempts']).toMatchObject([{ record: evidence }]);
    expect(lost.memory.dump('works')[0]?.['attempts']).toHaveLength(1);
    expect(_id).toBe('w_0011');
  });
});

describe('the breaker of a collection', () => {
  const DOWN = { 'insert works': { always: 'STORE_UNAVAILABLE' } } as const;
  const worksStatements = (names: readonly string[]): number => names.filter((name) => name.endsWith(' works')).length;

  it('sends the next write straight to the next tier after five failures, without a statement or a wait', async () => {
    const { write, store, memory, clock } = createBench({ fates: DOWN, next: 0 });
    await write({ ...WORK, _id: 'w_1' });
    await write({ ...WORK, _id: 'w_2' });
    const asked = worksStatements(store.names());
    const startedAtMs = clock.now();
    expect(await write({ ...WORK, _id: 'w_3' })).toMatchObject({ status: 'dead-lettered', tier: 'emergency_backup' });
    expect(asked).toBe(5);
    expect(worksStatements(store.names())).toBe(5);
    expect(clock.now()).toBe(startedAtMs);
    const letters = memory.dump('emergency_backup');
    expect(letters.map(({ recordId }) => recordId)).toEqual(['w_1', 'w_2', 'w_3']);
    expect(letters[2]).toMatchObject({ retryCount: 0, attempts: [{ attempt: 0, code: 'STORE_UNAVAILABLE' }] });
  });

  it('lets one probe through after a second, and all writes again once it succeeds', async () => {
    const { write, store, clock } = createBench({ fates: DOWN, next: 0 });
    await write({ ...WORK, _id: 'w_1' });
    await write({ ...WORK, _id: 'w_2' });
    await clock.advance(1_000);
    const startedAtMs = clock.now();
    await write({ ...WORK, _id: 'w_3' });
    expect(worksStatements(store.names())).toBe(6);
    // The probe is not waited for twice: while the collection is known to be down, no wait can help.
    expect(clock.now()).toBe(startedAtMs);
    await clock.advance(1_999);
    await write({ ...WORK, _id: 'w_4' });
    expect(worksStatements(store.names())).toBe(6);
    store.plan({});
    await clock.advance(1);
    expect(await write({ ...WORK, _id: 'w_5' })).toMatchObject({ status: 'stored' });
    expect(await write({ ...WORK, _id: 'w_6' })).toMatchObject({ status: 'stored' });
  });

  it('is not opened by a database that answers, be it with a refusal', async () => {
    const { write, store } = createBench({ fates: { 'insert works': { always: 'STORE_DENIED' } } });
    for (let number = 0; number < 8; number += 1) await write({ ...WORK, _id: `w_${number}` });
    expect(worksStatements(store.names())).toBe(8);
  });
});

describe('store', () => {
  it('rejects with the database’s own error where the record cannot be stored, and writes no letter', async () => {
    const { writer, clock, within, memory, blobs } = createBench({
      fates: { 'insert works': { always: 'STORE_UNAVAILABLE' } },
    });
    const work = clock.until(writer.store({ collection: 'works', record: WORK, deadline: within(60_000) }));
    await expect(work).rejects.toSatisfy((error) => codeOf(error) === 'STORE_UNAVAILABLE');
    expect([...memory.dump('emergency_backup'), ...blobs.names()]).toEqual([]);
  });
});

describe('what is logged about a write', () => {
  it('names record, tier and codes, and never the prompt, the key or the words of an error', async () => {
    const said = new DurableError('STORE_UNAVAILABLE', 'o-person said 可爱的小猫');
    const { write, log } = createBench({
      fates: { 'insert works': { always: { throws: said } }, 'insert emergency_backup': { always: { throws: said } } },
      blobFates: { '*': { always: { throws: said } } },
    });
    expect(await write()).toMatchObject({ status: 'dead-lettered', tier: 'log' });
    const text = JSON.stringify(log.lines);
    expect(log.lines.map(({ event }) => event)).toEqual([
      ...Array<string>(7).fill('write.attempt-failed'),
      'write.sealed',
      'write.dead-lettered',
    ]);
    expect(log.lines.at(-1)?.fields).toMatchObject({
      collection: 'works',
      recordId: WORK._id,
      tier: 'log',
      attempts: 3,
    });
    for (const secret of ['可爱的小猫', 'o-person', KEY, 't1']) expect(text).not.toContain(`"${secret}`);
    expect(text).not.toContain('小猫');
  });
});
