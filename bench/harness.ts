import { cpus, loadavg, totalmem } from 'node:os';

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
  /** For example `<= 1.05`; it is about the ratio, or about `ours` where there is no peer. */
  readonly target: string;
  readonly met: boolean;
  /** How far what the target is about was spread; null for what was counted once. */
  readonly spread: Quartiles | null;
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

const quartiles = (values: readonly number[]): Quartiles => [
  round(quantile(values, 0.25)),
  round(quantile(values, 0.75)),
];

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
  const values = { ours: [] as number[], peer: [] as number[] };
  for (let round = 0; round <= rounds; round += 1) {
    // Who begins changes each round.
    for (const who of round % 2 === 0 ? (['ours', 'peer'] as const) : (['peer', 'ours'] as const)) {
      const value = await (who === 'ours' ? ours : peer)(round);
      if (round > 0) values[who].push(value);
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
    met: meets(ratio, target),
    spread: quartiles(ratios),
    rounds: ours.length,
  };
}

/** A row whose target is about our own figure, measured once or often. */
export function figureRow(what: string, unit: string, ours: number | readonly number[], target: string): Row {
  const values = typeof ours === 'number' ? [ours] : ours;
  const figure = median(values);
  return {
    what,
    unit,
    ours: round(figure),
    peer: null,
    ratio: null,
    target,
    met: meets(figure, target),
    spread: values.length > 1 ? quartiles(values) : null,
    rounds: values.length,
  };
}

function meets(value: number, target: string): boolean {
  const [, sign, bound] = /^(<=|>=|=) ([\d.]+)$/.exec(target) ?? [];
  if (bound === undefined) throw new Error(`"${target}" is no target`);
  if (sign === '<=') return value <= Number(bound);
  return sign === '>=' ? value >= Number(bound) : value === Number(bound);
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

/** Prints the table and, with `--json`, ends with one line of JSON. */
export function report(name: string, rows: readonly Row[]): void {
  console.log(`${name} on ${machine()}\n`);
  const width = Math.max(...rows.map((row) => row.what.length));
  for (const row of rows) console.log(`  ${row.met ? 'met   ' : 'MISSED'} ${row.what.padEnd(width)}  ${figures(row)}`);
  if (process.argv.includes('--json')) console.log(JSON.stringify({ name, machine: machine(), rows }));
}

function figures({ ours, peer, ratio, unit, target, spread, rounds }: Row): string {
  const beside = peer === null ? '' : `  peer ${peer} ${unit}  ratio ${ratio}`;
  const between = spread === null ? '' : `  [${spread.join(' … ')}] × ${rounds}`;
  return `${ours} ${unit}${beside}${between}  (target ${target})`;
}

/** What the figures depend on; the load tells whether something else wanted the processors too. */
function machine(): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${memory} GiB, Node ${process.versions.node}, load ${(loadavg()[0] ?? 0).toFixed(1)}`;
}
