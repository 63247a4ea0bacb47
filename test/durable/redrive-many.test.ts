import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSeal } from '../../src/core/node/index.ts';
import { createDurableWriter, redrive as redriveLetters, type WalkReport } from '../../src/durable/index.ts';
import type { PageKey } from '../../src/store/index.ts';
import type { Mishap } from '../support/flaky-store.ts';
import { seededRandom, testHash } from '../support/ports.ts';
import { KEY } from './bench.ts';
import { createScene, letterOf, work } from './redrive-scene.ts';

describe('a redrive of many letters', () => {
  it('has at most 16 statements under way, reads copies back together, and reads no page twice', async () => {
    const letters = Array.from({ length: 1_000 }, (_, number) => letterOf(work(number)));
    const { redrive, store, clock } = await createScene(letters, { latencyMs: 20 });
    const startedAtMs = clock.now();
    expect(await redrive()).toMatchObject({ done: 1_000, failed: [] });
    const times = store.statements.map(({ startedAtMs }) => startedAtMs);
    const atOnce = times.map((at) => times.filter((other) => other <= at && other > at - 20).length);
    expect(Math.max(...atOnce)).toBeLessThanOrEqual(16);
    expect(Math.max(...atOnce)).toBeGreaterThan(14);
    expect(store.names().filter((name) => name.startsWith('page'))).toHaveLength(9 + 34);
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
    const letters = Array.from({ length: 120 }, (_, number) => letterOf(work(number)));
    const { redrive, store, clock, within } = await createScene(letters);
    const { updateMany } = store;
    store.updateMany = async (...request) => {
      const changed = await updateMany(...request);
      if (request[1].ids.includes('w_0119_1')) await clock.advance(10_000);
      return changed;
    };
    const report = await redrive(within(5_000));
    expect(report).toEqual({ done: 120, skipped: 0, failed: [], checkpoint: { id: 'w_0119_1' } });
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
