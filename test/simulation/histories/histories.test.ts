import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runHistory, type History } from './history.ts';
import { addTally, createTally, summaryOf, tallyOf, type Summary, type Tally } from './tally.ts';
import { forgetting, losing, notCounting, sabotages, type Sabotage } from '../sabotages.ts';

const SEEDS = 1_000;
const CALLS = 20;

const limit = Error.stackTraceLimit;
beforeAll(() => void (Error.stackTraceLimit = 0));
afterAll(() => void (Error.stackTraceLimit = limit));

async function runSeeds(from: number, count: number, sabotage?: Sabotage): Promise<Tally> {
  const tally = createTally();
  for (let seed = from; seed < from + count; seed += 1) {
    addTally(tally, tallyOf(await runHistory({ seed, calls: CALLS, sabotage })));
  }
  return tally;
}

// As a bundle and a process of its own: that is how people run it, and twice as fast as in here.
describe('a thousand worlds with troubles of all kinds', () => {
  let summary: Summary;
  beforeAll(async () => {
    const options = ['--seeds', String(SEEDS), '--calls', String(CALLS), '--workers', '1', '--json'];
    const run = promisify(execFile)(process.execPath, ['scripts/sim.mjs', ...options]);
    // It ends with 1 where something is wrong, and tells what all the same.
    const { stdout } = await run.catch((error: { readonly stdout: string }) => error);
    summary = JSON.parse(stdout) as Summary;
    console.log(`# histories: ${SEEDS} of ${CALLS} calls, ${summary.seedsPerSecond} a second on one core`);
  });

  it('lose nothing, double nothing, and break no invariant', () => {
    expect(summary.failures).toEqual([]);
    expect(summary).toMatchObject({ seeds: SEEDS, lost: 0, duplicated: 0, paidTwice: 0, violations: 0 });
    expect(summary.calls).toBeGreaterThanOrEqual(SEEDS * CALLS);
  });

  it('come through every situation that they are there for', () => {
    expect(summary.neverSeen).toEqual([]);
  });

  it('serve many people in spite of it', () => {
    const { delivered, refused, unknown, onlyInLog } = summary;
    expect(delivered).toBeGreaterThan((delivered + refused + unknown + onlyInLog) / 3);
  });
});

describe('the summary of many histories', () => {
  it('names what was never seen, where there were enough of them to see it', async () => {
    const tally = await runSeeds(1, 3);
    expect(summaryOf(tally, 1).neverSeen).toEqual([]);
    expect(summaryOf({ ...tally, seeds: 1_000 }, 1).neverSeen).toContain('replayed from: storage');
  });
});

describe('a seed', () => {
  const facts = ({ fingerprint, verdict, stored, truth, seen }: History) => ({
    ...{ fingerprint, verdict, stored, paid: truth.paid, answers: truth.answers, seen: [...seen] },
  });

  it('is the same history every time, told or not', async () => {
    for (let seed = 1; seed <= 15; seed += 1) {
      const first = facts(await runHistory({ seed, calls: CALLS }));
      expect(facts(await runHistory({ seed, calls: CALLS, isTold: true }))).toEqual(first);
    }
  });

  it('is another history than every other', async () => {
    const prints = new Set<string>();
    for (let seed = 1; seed <= 30; seed += 1) prints.add((await runHistory({ seed, calls: 5 })).fingerprint);
    expect(prints.size).toBe(30);
  });

  it('tells its story to the letter', async () => {
    const [one, two] = await Promise.all([7, 7].map((seed) => runHistory({ seed, calls: CALLS, isTold: true })));
    expect(one?.lines.length).toBeGreaterThan(CALLS);
    expect(two?.lines).toEqual(one?.lines);
  });
});

const MOST_WORLDS = 300;

async function firstNoticed(sabotage: Sabotage): Promise<number> {
  let seed = 1;
  while (seed <= MOST_WORLDS && (await runSeeds(seed, 1, sabotage)).violations === 0) seed += 1;
  return seed;
}

// Controls: a store that breaks one promise the protocol stands on must be noticed.
describe('the judge', () => {
  const further = {
    'acknowledges records without keeping them': losing('works'),
    'forgets the limits of accounts': forgetting(/credits|used|tries/),
    'does not count the uses of a day': notCounting(/^quota\.used/),
    'does not count the tries of a day': notCounting(/^quota\.tries/),
  };
  for (const [name, sabotage] of Object.entries({ ...sabotages, ...further })) {
    it(`notices a store that ${name}`, async () => {
      expect(await firstNoticed(sabotage)).toBeLessThanOrEqual(MOST_WORLDS);
    });
  }
});
