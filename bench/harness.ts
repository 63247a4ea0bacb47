import { cpus, loadavg, totalmem } from 'node:os';
import { meets } from '../scripts/bench/targets.mjs';

/** The middle half of what was measured: a quarter lies below the first figure, a quarter above the second. */
export type Quartiles = readonly [low: number, high: number];

/** One line of a benchmark: ours beside the peer, in the same unit; each figure is a median. */
export interface Row {
  readonly what: string;
  readonly unit: string;
  readonly ours: number;
  /** Null where there is nothing to compare with. */
  readonly peer: number | null;
  readonly ratio: number | null;
  /** For example `<= 1.05`, … */
  readonly target: string;
  /** … and which of the figures it is about. */
  readonly about: 'ratio' | 'ours';
  readonly met: boolean;
  /** How far what the target is about was spread; null for what was counted once. */
  readonly spread: Quartiles | null;
  /** The smallest and the largest of it. */
  readonly range: readonly [min: number, max: number] | null;
  /** How often it was measured. */
  readonly rounds: number;
}

/** The middle value; of an even number, the mean of the middle two. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value that this share of the others lies below, between two of them in proportion. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? NaN;
  const above = sorted[Math.ceil(place)] ?? NaN;
  return below + (above - below) * (place - Math.floor(place));
}

function spreadOf(values: readonly number[]): Pick<Row, 'spread' | 'range' | 'rounds'> {
  const between = (low: number, high: number) => [quantile(values, low), quantile(values, high)].map(round);
  const [first, third, min, max] = [...between(0.25, 0.75), ...between(0, 1)] as [number, number, number, number];
  const isOnce = values.length === 1;
  return { spread: isOnce ? null : [first, third], range: isOnce ? null : [min, max], rounds: values.length };
}

/** Milliseconds that `run` takes. */
export async function timed(run: () => Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await run();
  return performance.now() - startedAtMs;
}

/** What two things took, round by round. */
export interface Pair {
  readonly ours: readonly number[];
  readonly peer: readonly number[];
}

/** Runs the two alternately, so that what else the machine does meets both; the first round of each only warms up. */
export async function alternate(
  rounds: number,
  ours: (round: number) => Promise<number>,
  peer: (round: number) => Promise<number>,
): Promise<Pair> {
  return alternateAll(rounds, { ours, peer });
}

/** The same with any number of them. */
export async function alternateAll<K extends string>(
  rounds: number,
  runs: Readonly<Record<K, (round: number) => Promise<number>>>,
): Promise<Readonly<Record<K, readonly number[]>>> {
  const names = Object.keys(runs) as K[];
  const values = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<K, number[]>;
  for (let round = 0; round <= rounds; round += 1) {
    // Who begins changes each round.
    const first = round % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const value = await runs[name](round);
      if (round > 0) values[name].push(value);
    }
  }
  return values;
}

/**
 * A row whose target is about the ratio of ours to the peer. The ratio is the median of the rounds' own ratios: what
 * slows the machine down for a while slows both sides of a round, and so leaves it alone.
 */
export function compareRow(what: string, unit: string, { ours, peer }: Pair, target: string): Row {
  const ratios = ours.map((value, index) => value / (peer[index] ?? NaN));
  const ratio = median(ratios);
  return {
    what,
    unit,
    ours: round(median(ours)),
    peer: round(median(peer)),
    ratio: round(ratio),
    target,
    about: 'ratio',
    met: meets(ratio, target),
    ...spreadOf(ratios),
  };
}

/** A row whose target is about our own figure, measured once or often. */
export function figureRow(what: string, unit: string, ours: number | readonly number[], target: string): Row {
  const values = typeof ours === 'number' ? [ours] : ours;
  const figure = median(values);
  const beside = { peer: null, ratio: null, about: 'ours' } as const;
  return { what, unit, ours: round(figure), ...beside, target, met: meets(figure, target), ...spreadOf(values) };
}

/** A row whose target is about our own figure, with a peer's beside it. */
export function besideRow(what: string, unit: string, { ours, peer }: Pair, target: string): Row {
  const beside = median(peer);
  return {
    ...figureRow(what, unit, ours, target),
    peer: round(beside),
    ratio: beside === 0 ? null : round(median(ours) / beside),
  };
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

/** Prints the table and, with `--json`, ends with one line of JSON. */
export function report(name: string, rows: readonly Row[]): void {
  console.log(`${name} on ${machine()}\n`);
  const lines = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((cells) => (cells[column] ?? '').length)));
  for (const cells of lines) {
    const padded = cells.map((cell, column) =>
      column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    console.log(`  ${padded.join('  ')}`);
  }
  console.log('');
  if (process.argv.includes('--json')) console.log(JSON.stringify({ name, machine: machine(), rows }));
}

const HEAD = ['met', 'what', 'ours', 'peer', 'ratio', 'target', 'min … max'];

function cellsOf({ met, what, ours, peer, ratio, unit, target, about, range, rounds }: Row): readonly string[] {
  const between = range === null ? '' : `${range.join(' … ')} × ${rounds}`;
  const beside = [peer === null ? '' : `${peer} ${unit}`, ratio === null ? '' : String(ratio)];
  return [met ? 'met' : 'MISSED', what, `${ours} ${unit}`, ...beside, `${about} ${target}`, between];
}

/** What the figures depend on; the load tells whether something else wanted the processors too. */
function machine(): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${memory} GiB, Node ${process.versions.node}, load ${(loadavg()[0] ?? 0).toFixed(1)}`;
}
