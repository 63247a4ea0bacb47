import { describe, expect, it } from 'vitest';
import { createDeadline } from '../../src/core/index.ts';
import { createDurableWriter } from '../../src/durable/index.ts';
import { createHoldPruning, createPlainKind, createRecovery, type RecoverCheckpoint } from '../../src/once/index.ts';
import type { Document } from '../../src/store/index.ts';
import { createMemoryBlobs, createMemoryStore } from '../../src/store/memory/index.ts';
import { createFlakyBlobs, createFlakyStore, type Mishap } from '../support/flaky-store.ts';
import { composeLetterFor } from '../support/letters.ts';
import { memoryLog, seededRandom, testHash } from '../support/ports.ts';
import { createTestClock } from '../support/test-clock.ts';

const TRIP_MS = 20;
const COUNT = 1_000;
/** What the published algorithm does: one page, then for each backup a look and a write, one after the other. */
const ONE_BY_ONE_MS = (1 + 2 * COUNT) * TRIP_MS;
const LONG_MS = 600_000;
/** Enough for three pages. */
const FEW = 300;

const nameOf = (n: number): string => String(n).padStart(4, '0');
const recordOf = (n: number): Document => ({
  ...{ _id: `w_${nameOf(n)}`, userId: `u_${nameOf(n)}`, status: 'completed', token: `t${n}`, attempt: 1, prompt: '猫' },
});
const holdOf = (n: number, st: string) => ({
  [`w_${nameOf(n)}`]: { st, token: `t${n}`, attempt: 1, until: 1, at: 1, hash: 'h', price: 0, day: '20261122' },
});
const accountOf = (n: number, st: string): Document => ({
  _id: `u_${nameOf(n)}`,
  generateCount: st === 'done' ? 1 : 0,
  quota: { seq: 1, open: st === 'open' ? 1 : 0, holds: holdOf(n, st) },
});

/** People, each with one call; recoveries over them, each in an instance of its own. */
async function createScene(st: 'open' | 'done', hasLetters: boolean, count = COUNT) {
  const clock = createTestClock();
  const memory = createMemoryStore(['users', 'works', 'emergency_backup']);
  const files = createMemoryBlobs();
  for (let n = 0; n < count; n += 1) {
    await memory.insert('users', accountOf(n, st));
    if (hasLetters) await memory.insert('emergency_backup', composeLetterFor(recordOf(n)));
  }
  const kind = { ...createPlainKind({ records: 'works', accounts: 'users' }), done: () => ({ generateCount: 1 }) };
  const boot = (mishaps: readonly Mishap[] = []) => {
    const flakiness = { clock, latencyMs: TRIP_MS, fates: { '*': mishaps } };
    const store = createFlakyStore(memory, flakiness);
    // An id is known without a trip after the first upload of an instance.
    const blobs = { ...createFlakyBlobs(files, { clock, latencyMs: TRIP_MS }), fileId: files.fileId };
    const ports = { clock, store, log: memoryLog(), random: seededRandom(1) };
    const writer = createDurableWriter({ ...ports, blobs, hash: testHash });
    return { ...ports, blobs, writer };
  };
  const run = async (limitMs = LONG_MS, from?: RecoverCheckpoint) => {
    const parts = boot();
    const startedAtMs = clock.now();
    const deadline = createDeadline(clock, clock.now() + limitMs);
    const report = await clock.until(createRecovery(parts, kind).recover({ deadline, from }));
    const times = [...parts.store.statements, ...parts.blobs.statements].map((statement) => statement.startedAtMs);
    return { report, tookMs: clock.now() - startedAtMs, trips: times.length, atOnce: mostAtOnce(times) };
  };
  return { clock, memory, kind, boot, run };
}

function mostAtOnce(times: readonly number[]): number {
  return Math.max(...times.map((at) => times.filter((other) => other <= at && other > at - TRIP_MS).length));
}

describe('recovery of a thousand calls, 20 ms to the database', () => {
  it('brings their letters home more than ten times faster than one by one, with at most 16 statements at once', async () => {
    const { run, memory } = await createScene('done', true);
    const { report, tookMs, trips, atOnce } = await run();
    expect(report.phases.letters).toMatchObject({ done: COUNT, failed: [] });
    expect(memory.dump('works').map(({ _id, prompt }) => `${_id} ${String(prompt)}`)).toEqual(
      Array.from({ length: COUNT }, (_, n) => `w_${nameOf(n)} 猫`),
    );
    expect(atOnce).toBeLessThanOrEqual(16);
    expect(ONE_BY_ONE_MS / tookMs).toBeGreaterThan(10);
    console.log(
      `# recovery: 1,000 letters in ${tookMs} ms and ${trips} trips, ${(ONE_BY_ONE_MS / tookMs).toFixed(1)} times faster than one by one`,
    );
  });

  it('closes their open holds by their letters, and marks these', async () => {
    const { run, memory } = await createScene('open', true);
    const { report, atOnce, tookMs, trips } = await run();
    expect(report.phases).toMatchObject({ holds: { done: COUNT, failed: [] }, letters: { done: COUNT, failed: [] } });
    expect(atOnce).toBeLessThanOrEqual(16);
    for (const user of memory.dump('users')) expect(user).toMatchObject({ generateCount: 1, quota: { open: 0 } });
    for (const letter of memory.dump('emergency_backup')) expect(letter['state']).toBe('redriven');
    // Its record stored, its hold closed; all else is asked for, and marked, together.
    expect(trips).toBeLessThan(2.1 * COUNT);
    expect(ONE_BY_ONE_MS / tookMs).toBeGreaterThan(10);
    console.log(`# recovery: 1,000 open calls with their letters in ${tookMs} ms and ${trips} trips`);
  });

  it('ends open holds that left nothing, without asking for the letter of each', async () => {
    const { run, memory } = await createScene('open', false);
    const { report, trips, tookMs } = await run();
    expect(report.phases.holds).toMatchObject({ done: COUNT, failed: [] });
    for (const work of memory.dump('works')) expect(work['status']).toBe('failed');
    for (const user of memory.dump('users')) expect(user).toMatchObject({ generateCount: 0, quota: { open: 0 } });
    // Its end stored, its hold closed; all else is asked for a hundred at a time.
    expect(trips).toBeLessThan(2.1 * COUNT);
    expect(ONE_BY_ONE_MS / tookMs).toBeGreaterThan(10);
    console.log(`# recovery: 1,000 open calls without any trace in ${tookMs} ms and ${trips} trips`);
  });

  it('goes on from its checkpoints, however short each run', async () => {
    const { run, memory } = await createScene('open', true, FEW);
    let from: RecoverCheckpoint | undefined;
    let runs = 0;
    do {
      from = (await run(900, from)).report.checkpoint;
      runs += 1;
    } while (from && runs < 500);
    expect(runs).toBeGreaterThan(2);
    expect(runs).toBeLessThan(100);
    expect(memory.dump('works')).toHaveLength(FEW);
    for (const user of memory.dump('users')) expect(user).toMatchObject({ generateCount: 1, quota: { open: 0 } });
    for (const letter of memory.dump('emergency_backup')) expect(letter['state']).toBe('redriven');
  });

  it('leaves everything right where it is killed at any moment, and the next run ends it', async () => {
    const { boot, clock, kind, memory, run } = await createScene('open', true, FEW);
    for (const killedAt of [1, 3, 4, 6, 9, 40, 150, 300, 500, 700, 900, 1_100]) {
      const parts = boot([...Array<Mishap>(killedAt).fill('ok'), ...Array<Mishap>(20_000).fill('hang')]);
      void createRecovery(parts, kind).recover({ deadline: createDeadline(clock, clock.now() + LONG_MS) });
      await clock.advance(TRIP_MS * 400);
    }
    expect((await run()).report.phases).toMatchObject({ holds: { failed: [] }, letters: { failed: [] } });
    for (const user of memory.dump('users')) expect(user).toMatchObject({ generateCount: 1, quota: { open: 0 } });
    expect(memory.dump('works')).toHaveLength(FEW);
    for (const work of memory.dump('works')) expect(work).toMatchObject({ status: 'completed', isRecovered: true });
    for (const letter of memory.dump('emergency_backup')) expect(letter['state']).toBe('redriven');
  });
});

describe('pruning of a thousand accounts', () => {
  const prune = async (limitMs = LONG_MS, from?: { id: string }) => {
    const scene = await createScene('done', false);
    for (let n = 0; n < COUNT; n += 1) await scene.memory.insert('works', recordOf(n));
    const pruning = createHoldPruning(scene.boot(), scene.kind);
    const within = (ms: number) => createDeadline(scene.clock, scene.clock.now() + ms);
    return {
      ...scene,
      first: await scene.clock.until(pruning.prune({ deadline: within(limitMs), from })),
      pruning,
      within,
    };
  };

  it('drops what is over, one update each, and then costs its pages alone', async () => {
    const { first, memory, boot, kind, clock, within } = await prune();
    expect(first).toEqual({ done: COUNT, skipped: 0, failed: [] });
    for (const user of memory.dump('users')) expect(user['quota']).toMatchObject({ holds: {}, prunedTo: 1 });
    const parts = boot();
    const again = createHoldPruning(parts, kind).prune({ deadline: within(LONG_MS) });
    expect(await clock.until(again)).toEqual({ done: 0, skipped: COUNT, failed: [] });
    expect(new Set(parts.store.names())).toEqual(new Set(['page users']));
    expect(parts.store.statements).toHaveLength(8);
  });

  it('stops at its deadline, and goes on from there', async () => {
    const { first, pruning, within, clock, memory } = await prune(900);
    expect(first.done).toBeGreaterThan(0);
    expect(first.checkpoint).toBeDefined();
    const rest = await clock.until(pruning.prune({ deadline: within(LONG_MS), from: first.checkpoint }));
    expect(first.done + rest.done).toBe(COUNT);
    for (const user of memory.dump('users')) expect(user['quota']).toMatchObject({ holds: {} });
  });
});
