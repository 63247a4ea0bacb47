/** What is lost and doubled under faults: the comparison of the simulation, on fewer calls. */
import { HEADLINE } from '../test/simulation/comparison/assumptions.ts';
import { planJobs, runJob } from '../test/simulation/comparison/compare.ts';
import { besideRow, report, type Row } from './harness.ts';
import type { Tally } from '../test/simulation/comparison/tally.ts';

const SLICES = process.argv.includes('--quick') ? 2 : 7;
const PER = 100_000;

const tallies = new Map<string, Tally[]>();
for (const job of planJobs('', { ...HEADLINE, calls: SLICES * 1_000 }, 1)) {
  tallies.set(job.system, [...(tallies.get(job.system) ?? []), await runJob(job)]);
}
const figures = (system: string, of: (tally: Tally) => number): readonly number[] =>
  (tallies.get(system) ?? []).map((tally) => (of(tally) / tally.calls) * PER);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const WHAT: Readonly<Record<string, (tally: Tally) => number>> = {
  'lost and doubled': ({ lost, duplicated }) => lost + duplicated,
  'paid twice': ({ paidTwice }) => paidTwice,
};
const rows: Row[] = [];
for (const [what, of] of Object.entries(WHAT)) {
  for (const peer of [...tallies.keys()].filter((system) => system !== 'wx-durable')) {
    const pair = { ours: figures('wx-durable', of), peer: [mean(figures(peer, of))] };
    rows.push(besideRow(`${what}, per 100k calls, simulated; ${peer}`, 'calls', pair, '= 0'));
  }
}
report('survival', rows);
