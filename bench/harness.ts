import { cpus, totalmem } from 'node:os';

/** One line of a benchmark: ours beside the peer, in the same unit. */
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
}

/** The middle value; of an even number, the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** Milliseconds that `run` takes. */
export async function timed(run: () => Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await run();
  return performance.now() - startedAtMs;
}

/** Runs the two alternately, so that what else the machine does meets both; answers the median of each. */
export async function alternate(
  rounds: number,
  ours: (round: number) => Promise<number>,
  peer: (round: number) => Promise<number>,
): Promise<{ ours: number; peer: number }> {
  const values = { ours: [] as number[], peer: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    // Who begins changes each round.
    for (const who of round % 2 === 0 ? (['ours', 'peer'] as const) : (['peer', 'ours'] as const)) {
      values[who].push(await (who === 'ours' ? ours : peer)(round));
    }
  }
  return { ours: median(values.ours), peer: median(values.peer) };
}

/** A row whose target is about the ratio of ours to the peer. */
export function compareRow(what: string, unit: string, pair: { ours: number; peer: number }, target: string): Row {
  const ratio = pair.ours / pair.peer;
  return {
    what,
    unit,
    ours: round(pair.ours),
    peer: round(pair.peer),
    ratio: round(ratio),
    target,
    met: meets(ratio, target),
  };
}

/** A row whose target is about our own figure. */
export function figureRow(what: string, unit: string, ours: number, target: string): Row {
  return { what, unit, ours: round(ours), peer: null, ratio: null, target, met: meets(ours, target) };
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
  for (const row of rows) {
    const peer = row.peer === null ? '' : `  peer ${row.peer} ${row.unit}  ratio ${row.ratio}`;
    console.log(
      `  ${row.met ? 'met   ' : 'MISSED'} ${row.what.padEnd(width)}  ${row.ours} ${row.unit}${peer}  (target ${row.target})`,
    );
  }
  if (process.argv.includes('--json')) console.log(JSON.stringify({ name, machine: machine(), rows }));
}

function machine(): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${memory} GiB, Node ${process.versions.node}`;
}
