/** `npm run sim -- --compare`: the comparison on all processors; this file is also each worker. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { HEADLINE, VARIANTS, type Assumptions } from './assumptions.ts';
import { gather, planJobs, runJob, type Job } from './compare.ts';
import { figuresOf, targetsOf, type Comparison, type Figures } from './figures.ts';
import { renderComparison } from './markdown.ts';
import { writeReadmes } from './readme.ts';
import { openKept, type Done } from './kept.ts';

function beWorker(): void {
  parentPort?.on('message', (job: Job) => {
    // What it rejects with ends the worker, and with it the run.
    void runJob(job).then((tally) => parentPort?.postMessage({ job, tally } satisfies Done));
  });
}

function runAll(jobs: readonly Job[], { workers, keep }: Pick<Options, 'workers' | 'keep'>): Promise<readonly Done[]> {
  const kept = openKept(fileURLToPath(import.meta.url), keep);
  const done: Done[] = [...kept.of(jobs)];
  const before = new Set(done.map(({ job }) => JSON.stringify(job)));
  const waiting = jobs.filter((job) => !before.has(JSON.stringify(job)));
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(fileURLToPath(import.meta.url));
      const next = (): void => {
        const job = waiting.shift();
        if (job) worker.postMessage(job);
        else void worker.terminate().then(() => resolve());
      };
      worker.on('message', (one: Done) => {
        done.push(one);
        kept.add(one);
        tellProgress(done.length, jobs.length);
        next();
      });
      worker.on('error', reject);
      next();
    });
  return Promise.all(Array.from({ length: Math.min(workers, waiting.length) }, work)).then(() => done);
}

function tellProgress(done: number, of: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${of} slices${done === of ? '\n' : ''}`);
}

interface Options {
  readonly calls: number;
  readonly seed: number;
  readonly variantCalls: number;
  readonly workers: number;
  /** Slices that are done are kept there, so that a run that was cut goes on. */
  readonly keep: string | undefined;
}

const BESIDE = ['original', 'wx-durable'];

async function compare(options: Options): Promise<Comparison> {
  const { calls, seed, variantCalls } = options;
  const assumptions: Assumptions = { ...HEADLINE, calls };
  const variants = variantCalls > 0 ? Object.entries(VARIANTS) : [];
  const jobs = [
    ...planJobs('', assumptions, seed),
    ...variants.flatMap(([name, changes]) =>
      planJobs(name, { ...assumptions, ...changes, calls: variantCalls }, seed).filter(({ system }) =>
        BESIDE.includes(system),
      ),
    ),
  ];
  const sums = gather(await runAll(jobs, options));
  const figures = (name: string): readonly Figures[] =>
    [...(sums.get(name) ?? [])].map(([system, tally]) => figuresOf(system, tally)).sort(inOrder);
  const systems = figures('');
  const beside = BESIDE.map((name) => systems.find((one) => one.name === name));
  const [original, ours] = beside;
  if (!original || !ours) throw new Error('a system is missing');
  return {
    command: commandOf(options),
    seed,
    assumptions,
    systems,
    targets: targetsOf(ours, original),
    variants: variants.map(([name, changes]) => ({ name, changes, systems: figures(name) })),
  };
}

const ORDER = planJobs('', { ...HEADLINE, calls: 1 }, 1).map(({ system }) => system);
const inOrder = (one: Figures, other: Figures): number => ORDER.indexOf(one.name) - ORDER.indexOf(other.name);

function commandOf({ calls, seed, variantCalls }: Options): string {
  const variants = variantCalls > 0 ? ` --variants ${variantCalls}` : '';
  return `npm run sim -- --compare --calls ${calls}${variants}${seed === 1 ? '' : ` --seed ${seed}`}`;
}

function say({ targets, ...rest }: Comparison): void {
  console.log(renderComparison({ targets, ...rest }, 'en'));
  for (const { what, value, atMost, met } of targets) {
    console.log(`${met ? 'met   ' : 'MISSED'} ${what}: ${value} (at most ${atMost})`);
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      compare: { type: 'boolean' },
      json: { type: 'boolean' },
      calls: { type: 'string', default: '100000' },
      variants: { type: 'string', default: '0' },
      seed: { type: 'string', default: '1' },
      workers: { type: 'string', default: String(availableParallelism()) },
      readme: { type: 'boolean', default: false },
      keep: { type: 'string' },
      from: { type: 'string' },
    },
  });
  const { calls, variants: variantCalls, seed, workers, keep } = values;
  const options = {
    ...{ calls: Number(calls), variantCalls: Number(variantCalls), seed: Number(seed), workers: Number(workers), keep },
  };
  // Written anew from a run that was kept, or played.
  const comparison =
    values.from === undefined ? await compare(options) : (JSON.parse(readFileSync(values.from, 'utf8')) as Comparison);
  if (values.readme) writeReadmes(comparison);
  if (values.json) console.log(JSON.stringify(comparison));
  else say(comparison);
  const ours = comparison.systems.find(({ name }) => name === 'wx-durable');
  if (!ours || ours.lost + ours.duplicated + ours.paidTwice + ours.violations > 0) process.exitCode = 1;
}

if (isMainThread) await main();
else beWorker();
