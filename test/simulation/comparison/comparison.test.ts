import { describe, expect, it } from 'vitest';
import { HEADLINE, type Assumptions } from './assumptions.ts';
import { createChance } from './chance.ts';
import { planOutages } from './outages.ts';
import { playSlice } from './slice.ts';
import type { System } from './system.ts';
import { idempotencyRecord } from './systems/idempotency-record.ts';
import { original, originalById } from './systems/original.ts';
import { ours } from './systems/ours.ts';
import type { Tally } from './tally.ts';

/** Worse than the headline, so that a few hundred calls meet everything. */
const ROUGH: Assumptions = { ...HEADLINE, outageShare: 0.05, killShare: 0.03 };
const CALLS = 600;

const played = new Map<string, Promise<Tally>>();
const play = (system: System, changes: Partial<Assumptions> = {}): Promise<Tally> => {
  const name = `${system.name} ${JSON.stringify(changes)}`;
  const slice = { assumptions: { ...ROUGH, ...changes }, seed: 7, calls: CALLS };
  const tally = played.get(name) ?? playSlice(system, slice);
  played.set(name, tally);
  return tally;
};

describe('the same six hundred calls, with the same faults', () => {
  it('leave each payment exactly one record with this library, and nobody pays twice', async () => {
    const { calls, lost, duplicated, paidTwice, untrue } = await play(ours);
    expect({ calls, lost, duplicated, paidTwice, untrue }).toEqual({
      ...{ calls: CALLS, lost: 0, duplicated: 0, paidTwice: 0, untrue: 0 },
    });
  });

  it('lose records of the original algorithm, double others, and make people pay twice: the harness sees all three', async () => {
    const tally = await play(original);
    expect(tally.lost).toBeGreaterThan(0);
    expect(tally.lostAfterSuccess).toBeGreaterThan(0);
    expect(tally.duplicated).toBeGreaterThan(0);
    expect(tally.paidTwice).toBeGreaterThan(0);
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
    const { lost, duplicated, paidTwice, untrue } = await play(ours, {
      ...{ functionTimeoutMs: 3_000, loss: 'hang', zombieShare: 0.01 },
    });
    expect({ lost, duplicated, paidTwice, untrue }).toEqual({ lost: 0, duplicated: 0, paidTwice: 0, untrue: 0 });
  });

  it('come out the same when they are played again', async () => {
    const slice = { assumptions: ROUGH, seed: 11, calls: 60 };
    expect(await playSlice(ours, slice)).toEqual(await playSlice(ours, slice));
  });
});

describe('what the comparison assumes', () => {
  const chance = createChance(1);
  const many = Array.from({ length: 20_000 }, (_, n) => n);

  it('is met by the draws: the share of losses, and the median of a latency', () => {
    const lost = many.filter((n) => chance.share('lost', n) < 0.02).length / many.length;
    expect(Math.abs(lost - 0.02)).toBeLessThan(0.003);
    const times = many.map((n) => chance.durationMs(20, 0.6, 'trip', n)).sort((a, b) => a - b);
    expect(times[times.length / 2]).toBe(20);
    expect((times[Math.floor(times.length * 0.8413)] ?? 0) / 20).toBeCloseTo(Math.exp(0.6), 1);
  });

  it('is met by the outages: their share of the time, and what is down in them', () => {
    const dayMs = 86_400_000;
    const outages = planOutages(chance, HEADLINE, [0, 300 * dayMs]);
    const moments = many.map((n) => chance.share('moment', n) * 300 * dayMs);
    const share = (collection: string): number =>
      moments.filter((atMs) => outages.isDown(collection, atMs)).length / moments.length;
    expect(Math.abs(share('works') - 0.008)).toBeLessThan(0.002);
    expect(Math.abs(share('users') - 0.006)).toBeLessThan(0.002);
    expect(Math.abs(share('any other collection') - 0.005)).toBeLessThan(0.002);
    expect(outages.touches(0, 300 * dayMs)).toBe(true);
    expect(planOutages(chance, { ...HEADLINE, outageShare: 0 }, [0, 300 * dayMs]).touches(0, 300 * dayMs)).toBe(false);
  });
});
