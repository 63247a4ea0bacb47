import { describe, expect, it } from 'vitest';
import { createBreaker } from '../../src/durable/breaker.ts';
import { createTestClock } from '../support/test-clock.ts';

function createScene() {
  const clock = createTestClock();
  const breaker = createBreaker(clock);
  const fail = (times: number): void => {
    for (let time = 0; time < times; time += 1) breaker.failed();
  };
  /** How long the breaker lets nothing through, to 10 ms; the probe is then on its way. */
  const closedForMs = async (): Promise<number> => {
    const startedAtMs = clock.now();
    while (!breaker.allows()) await clock.advance(10);
    return clock.now() - startedAtMs;
  };
  return { clock, breaker, fail, closedForMs };
}

describe('createBreaker', () => {
  it('opens at the fifth failure in a row', () => {
    const { breaker, fail } = createScene();
    fail(4);
    expect(breaker.allows()).toBe(true);
    fail(1);
    expect(breaker.allows()).toBe(false);
  });

  it('forgets the failures before a success', () => {
    const { breaker, fail } = createScene();
    fail(4);
    breaker.succeeded();
    fail(4);
    expect(breaker.allows()).toBe(true);
  });

  it('lets one probe through after 1 s, and nobody else until it is reported', async () => {
    const { breaker, fail, closedForMs } = createScene();
    fail(5);
    expect(await closedForMs()).toBe(1_000);
    expect([breaker.allows(), breaker.allows()]).toEqual([false, false]);
  });

  it('doubles its opening with each probe that fails, up to 5 s', async () => {
    const { fail, closedForMs } = createScene();
    fail(5);
    const openings: number[] = [];
    for (let probe = 0; probe < 8; probe += 1) {
      openings.push(await closedForMs());
      fail(1);
    }
    expect(openings).toEqual([1_000, 2_000, 4_000, 5_000, 5_000, 5_000, 5_000, 5_000]);
  });

  it('closes when a probe succeeds, and the next opening is 1 s again', async () => {
    const { breaker, fail, closedForMs } = createScene();
    fail(5);
    await closedForMs();
    fail(1);
    expect(await closedForMs()).toBe(2_000);
    breaker.succeeded();
    expect([breaker.allows(), breaker.allows()]).toEqual([true, true]);
    fail(5);
    expect(await closedForMs()).toBe(1_000);
  });

  it('is not opened longer by calls that began before it opened', async () => {
    const { fail, closedForMs } = createScene();
    fail(50);
    expect(await closedForMs()).toBe(1_000);
  });

  it('lets the next one be the probe where the first could say nothing, and stays open until one can', async () => {
    const { breaker, fail, closedForMs } = createScene();
    fail(5);
    await closedForMs();
    breaker.released();
    expect([breaker.allows(), breaker.allows()]).toEqual([true, false]);
    fail(1);
    expect(await closedForMs()).toBe(2_000);
  });

  it('is not opened, closed or made to forget by calls that could say nothing', () => {
    const { breaker, fail } = createScene();
    fail(4);
    breaker.released();
    fail(1);
    expect(breaker.allows()).toBe(false);
    breaker.released();
    expect(breaker.allows()).toBe(false);
  });

  it('stays closed where a call that could say nothing comes first, or after a success', async () => {
    const { breaker, fail, closedForMs } = createScene();
    breaker.released();
    expect([breaker.allows(), breaker.allows()]).toEqual([true, true]);
    fail(5);
    await closedForMs();
    breaker.succeeded();
    breaker.released();
    expect([breaker.allows(), breaker.allows()]).toEqual([true, true]);
  });

  it('is not opened longer by a call that fails late, after a probe that could say nothing', async () => {
    const { breaker, fail, closedForMs } = createScene();
    fail(5);
    await closedForMs();
    breaker.released();
    fail(1);
    expect(breaker.allows()).toBe(true);
  });

  it('tells whether a call could go out after a wait: at the end of its opening, and not a moment before', async () => {
    const { breaker, clock, fail } = createScene();
    expect(breaker.allowsIn(0)).toBe(true);
    fail(5);
    expect([999, 1_000, 1_001].map((delayMs) => breaker.allowsIn(delayMs))).toEqual([false, true, true]);
    await clock.advance(400);
    expect([599, 600].map((delayMs) => breaker.allowsIn(delayMs))).toEqual([false, true]);
  });

  it('lets another probe through after 5 s where the first was never heard of again', async () => {
    const { fail, closedForMs } = createScene();
    fail(5);
    await closedForMs();
    expect(await closedForMs()).toBe(5_000);
  });
});
