import { describe, expect, it } from 'vitest';
import { createDeadline, isDurableError } from '../../src/core/index.ts';
import { createRetriedReads, createRetrier, oversize, readPhaseCheckpoint } from '../../src/durable/index.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { createFlakyStore } from '../support/flaky-store.ts';
import { memoryLog, seededRandom } from '../support/ports.ts';
import { createTestClock } from '../support/test-clock.ts';

describe('where a walk in phases stopped', () => {
  const phases = ['holds', 'letters'] as const;

  it.each([
    ['the beginning of a phase', { phase: 'letters' }],
    ['a place by id', { phase: 'holds', after: { id: 'w_1' } }],
    ['a place by value', { phase: 'holds', after: { id: 'w_1', value: 7 } }],
  ])('is understood as %s', (_what, stored) => {
    expect(readPhaseCheckpoint(stored, phases)).toEqual(stored);
  });

  it('keeps nothing that does not belong to it', () => {
    expect(readPhaseCheckpoint({ phase: 'holds', more: 1 }, phases)).toEqual({ phase: 'holds' });
    expect(readPhaseCheckpoint({ phase: 'holds', after: undefined }, phases)).not.toHaveProperty('after');
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'holds'],
    ['no phase', {}],
    ['a phase of another walk', { phase: 'pictures' }],
    ['a place without an id', { phase: 'holds', after: { value: 1 } }],
    ['a place that is a text', { phase: 'holds', after: 'w_1' }],
    ['a place that is null', { phase: 'holds', after: null }],
  ])('is none where %s is stored: the walk begins anew', (_what, stored) => {
    expect(readPhaseCheckpoint(stored, phases)).toBeUndefined();
  });
});

describe('a record of the size of a document', () => {
  const LIMIT = 16 * 1024 * 1024;
  /** `_id` takes 2 + 3 + 1, `t` 2 + 1. */
  const AROUND = 9;
  const withText = (text: string, more: object = {}) => ({ _id: 'w', t: text, ...more });
  const bytesOf = (document: { _id: string }) => oversize(document)?.details['bytes'];

  it('is let through as long as it may fit, and refused beyond that with both sizes', () => {
    expect(oversize(withText('x'.repeat(LIMIT - AROUND)))).toBeUndefined();
    const error = oversize(withText('x'.repeat(LIMIT - AROUND + 1)));
    expect(isDurableError(error, 'STORE_TOO_LARGE')).toBe(true);
    expect(error?.details).toEqual({ bytes: LIMIT + 1, mostBytes: LIMIT });
  });

  it('is measured in the bytes that its characters take', () => {
    const third = Math.floor(LIMIT / 3);
    expect(bytesOf(withText('猫'.repeat(third + 1)))).toBe(3 * (third + 1) + AROUND);
    expect(oversize(withText('猫'.repeat(third - 9)))).toBeUndefined();
  });

  it('is measured with all that stands beside and inside it', () => {
    const text = 'x'.repeat(LIMIT);
    const bare = Number(bytesOf(withText(text)));
    const sizeOf = (more: object) => Number(bytesOf(withText(text, more))) - bare;
    expect(sizeOf({ number: 1 })).toBe(2 + 6 + 8);
    expect(sizeOf({ date: new Date(0) })).toBe(2 + 4 + 8);
    expect(sizeOf({ nothing: null, yes: true })).toBe(2 + 7 + 2 + 3);
    expect(sizeOf({ list: ['ab', 'c'] })).toBe(2 + 4 + (2 + 1 + 2) + (2 + 1 + 1));
    expect(sizeOf({ in: { deep: 'abc' } })).toBe(2 + 2 + 2 + 4 + 3);
  });

  it('is not measured exactly where it is small: a text counts as one byte a character at least', () => {
    const parts = Array.from({ length: 10 }, () => '猫'.repeat(1_000_000));
    expect(oversize({ _id: 'w', parts })).toBeUndefined();
    expect(bytesOf({ _id: 'w', ...{ parts: Array.from({ length: 17 }, () => 'x'.repeat(1_000_000)) } })).toBe(
      17_000_000 + 6 + 7 + 10 * 3 + 7 * 4,
    );
  });
});

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
