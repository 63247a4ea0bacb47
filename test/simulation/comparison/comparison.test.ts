import { describe, expect, it } from 'vitest';
import { createDraws } from '../histories/draws.ts';
import { drawOutages } from '../histories/outages.ts';
import { HEADLINE, type Assumptions } from './assumptions.ts';
import { playSlice } from './slice.ts';
import type { Contender } from './contender.ts';
import { idempotencyRecord } from './systems/idempotency-record.ts';
import { original, originalById } from './systems/original.ts';
import { ours } from './systems/ours.ts';
import type { Tally } from './tally.ts';

/** Worse than the headline, so that a few hundred calls meet everything. */
const ROUGH: Assumptions = { ...HEADLINE, outageShare: 0.05, killShare: 0.03 };
const CALLS = 600;

const played = new Map<string, Promise<Tally>>();
const play = (system: Contender, changes: Partial<Assumptions> = {}): Promise<Tally> => {
  const name = `${system.name} ${JSON.stringify(changes)}`;
  const slice = { assumptions: { ...ROUGH, ...changes }, seed: 3, calls: CALLS };
  const tally = played.get(name) ?? playSlice(system, slice);
  played.set(name, tally);
  return tally;
};

describe('the same six hundred calls, with the same faults', () => {
  it('leave each payment exactly one record with this library, and nobody pays twice', async () => {
    const { calls, lost, duplicated, paidTwice, violations } = await play(ours);
    expect({ calls, lost, duplicated, paidTwice, violations }).toEqual({
      ...{ calls: CALLS, lost: 0, duplicated: 0, paidTwice: 0, violations: 0 },
    });
  });

  it('lose records of the original algorithm, double others, and make people pay twice: the harness sees all three', async () => {
    const tally = await play(original);
    expect(tally.lost).toBeGreaterThan(0);
    expect(tally.lostAfterSuccess).toBeGreaterThan(0);
    expect(tally.duplicated).toBeGreaterThan(0);
    expect(tally.paidTwice).toBeGreaterThan(0);
    expect(tally.violations).toBeGreaterThanOrEqual(tally.lost + tally.duplicated);
  });

  it('double nothing once the original adds by its own id, and lose as much', async () => {
    const [mended, published] = await Promise.all([play(originalById), play(original)]);
    expect(mended.duplicated).toBe(0);
    expect(mended.lost).toBe(published.lost);
  });

  it('are paid for once behind an idempotency record more often than without, and still lost', async () => {
    const [recorded, published] = await Promise.all([play(idempotencyRecord), play(original)]);
    expect(recorded.paidTwice).toBeLessThan(published.paidTwice);
    expect(recorded.lost).toBeGreaterThan(0);
  });

  it('end as unknown at most as often as a function was killed', async () => {
    const { unknown, killedByChance, killedByTimeLimit } = await play(ours);
    expect(unknown).toBeGreaterThan(0);
    expect(unknown).toBeLessThanOrEqual(killedByChance + killedByTimeLimit);
  });

  it('take five requests, four of them in sequence, where nothing goes wrong', async () => {
    const { happy, happyRequests, happyInSequence } = await play(ours);
    expect(happy).toBeGreaterThan(CALLS / 2);
    expect({ happyRequests, happyInSequence }).toEqual({ happyRequests: 5, happyInSequence: 4 });
  });

  it('also hold where losses hang, functions have three seconds, and requests arrive late', async () => {
    const { lost, duplicated, paidTwice, violations } = await play(ours, {
      ...{ functionTimeoutMs: 3_000, loss: 'hang', zombieShare: 0.01 },
    });
    expect({ lost, duplicated, paidTwice, violations }).toEqual({
      lost: 0,
      duplicated: 0,
      paidTwice: 0,
      violations: 0,
    });
  });

  it('come out the same when they are played again', async () => {
    const slice = { assumptions: ROUGH, seed: 11, calls: 60 };
    expect(await playSlice(ours, slice)).toEqual(await playSlice(ours, slice));
  });
});

describe('what the comparison assumes', () => {
  const many = Array.from({ length: 20_000 }, (_, n) => n);

  it('is met by the draws: the share of losses, and the median of a latency', () => {
    const lost = many.filter((n) => createDraws(1, 'call', n).chance(0.02)).length / many.length;
    expect(Math.abs(lost - 0.02)).toBeLessThan(0.003);
    const times = many.map((n) => createDraws(1, 'trip', n).logNormal(20, 0.6)).sort((a, b) => a - b);
    expect(times[times.length / 2]).toBeCloseTo(20, 0);
    expect((times[Math.floor(times.length * 0.8413)] ?? 0) / 20).toBeCloseTo(Math.exp(0.6), 1);
  });

  it('is met by the outages of many slices: their share of the time, and what is down in them', () => {
    const hourMs = 3_600_000;
    const moments = many.slice(0, 5_000).flatMap((seed) => {
      const outages = drawOutages(HEADLINE, { fromMs: 0, toMs: hourMs }, createDraws(seed, 'outages'));
      return Array.from({ length: 60 }, (_, minute) => (place: string) => outages.at(minute * 60_000, place));
    });
    const share = (place: string): number => moments.filter((at) => at(place) !== undefined).length / moments.length;
    expect(Math.abs(share('works') - 0.008)).toBeLessThan(0.001);
    expect(Math.abs(share('users') - 0.006)).toBeLessThan(0.001);
    expect(Math.abs(share('another collection') - 0.005)).toBeLessThan(0.001);
  });
});
