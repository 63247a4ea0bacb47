import { describe, expect, it } from 'vitest';
import { createDeadline } from '../../../src/core/index.ts';
import { createMemoryBlobs, createMemoryStore } from '../../../src/store/memory/index.ts';
import { nodeHash } from '../../../src/core/node/index.ts';
import { memoryLog, seededRandom } from '../../support/ports.ts';
import { createPainter } from '../../support/scripted-provider.ts';
import { createTestClock } from '../../support/test-clock.ts';
import { runHistory } from './history.ts';
import { ourSystem } from './our-system.ts';

/** Seeds that the judge once took for wrong; those of the library's own defects are in `mutations/defects.ts`. */
const SEEDS: readonly (readonly [seed: number, words: string])[] = [
  [129, 'a letter read back from the log after its record had been given up'],
  [13_497, 'a function that froze just as it answered was given the next call'],
  [16_383, 'the same, of an account that was repaired meanwhile'],
];

describe('seeds that once went wrong', () => {
  it.each(SEEDS)('%i: %s', async (seed) => {
    expect((await runHistory({ seed, calls: 20 })).verdict.violations).toEqual([]);
  });
});

describe('an account that is removed between being read and being held', () => {
  it('is not taken for opened: nothing is paid, and the call may be made again', async () => {
    const clock = createTestClock();
    const memory = createMemoryStore(['users', 'works', 'emergency_backup']);
    await memory.insert('users', { _id: 'u_1', openid: 'o-1', credits: 3, generateCount: 0 });
    const provider = createPainter();
    const booted = ourSystem.boot({
      clock,
      random: seededRandom(1),
      hash: nodeHash,
      log: memoryLog(),
      store: {
        ...memory,
        async update(collection, target, change) {
          await memory.remove('users', { id: 'u_1' });
          return memory.update(collection, target, change);
        },
      },
      blobs: createMemoryBlobs(),
      provider,
      download: () => Promise.resolve({ kind: 'failed', why: 'not needed' }),
      seal: undefined,
      maxAttempts: 3,
    });
    const request = { openid: 'o-1', requestId: 'r1', wish: '猫', retryUnknown: false };
    const told = await clock.until(booted.call(request, createDeadline(clock, clock.now() + 20_000)));
    expect(told).toEqual({ kind: 'error', code: 'STORE_CONFLICT' });
    expect(provider.orders).toEqual([]);
  });
});
