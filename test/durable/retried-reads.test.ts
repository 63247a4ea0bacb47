import { describe, expect, it } from 'vitest';
import { createDeadline } from '../../src/core/index.ts';
import { createRetriedReads, createRetrier } from '../../src/durable/index.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { createFlakyStore } from '../support/flaky-store.ts';
import { memoryLog, seededRandom } from '../support/ports.ts';
import { createTestClock } from '../support/test-clock.ts';

describe('the reads of a check', () => {
  function createReads(timeoutMs?: number) {
    const clock = createTestClock();
    const memory = createMemoryStore(['works']);
    const always = ['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE'] as const;
    const fates = Object.fromEntries(['page', 'count', 'group', 'twins'].map((name) => [`${name} works`, always]));
    const store = createFlakyStore(memory, { clock, fates });
    const retrier = createRetrier(
      { clock, random: seededRandom(1), log: memoryLog() },
      { breaker: { failuresToOpen: 99 } },
    );
    const deadline = createDeadline(clock, clock.now() + 60_000);
    const options = timeoutMs === undefined ? { deadline } : { deadline, attemptTimeoutMs: timeoutMs };
    return { clock, memory, store, reads: createRetriedReads(store, retrier, options) };
  }

  it('are each repeated, and answer what the database does', async () => {
    const { clock, memory, store, reads } = createReads();
    for (const [_id, owner] of [
      ['a', 'anna'],
      ['b', 'anna'],
      ['c', 'bert'],
    ] as const)
      await memory.insert('works', { _id, owner });
    expect((await clock.until(reads.page('works', { limit: 2 }))).items).toHaveLength(2);
    expect(await clock.until(reads.count('works', { owner: 'anna' }))).toBe(2);
    expect(await clock.until(reads.group('works', { by: 'owner' }))).toEqual([
      { key: 'anna', count: 2 },
      { key: 'bert', count: 1 },
    ]);
    expect(await clock.until(reads.twins('works', { by: ['owner'] }))).toEqual([{ count: 2, firstId: 'a' }]);
    expect(store.names()).toEqual(
      ['page', 'count', 'group', 'twins'].flatMap((name) => Array<string>(3).fill(`${name} works`)),
    );
    expect(new Set(store.statements.map(({ call }) => call.timeoutMs))).toEqual(new Set([10_000]));
  });

  it('have the time that they are given', async () => {
    const { clock, store, reads } = createReads(2_000);
    await clock.until(reads.count('works', {}));
    expect(store.statements[0]?.call.timeoutMs).toBe(2_000);
  });
});
