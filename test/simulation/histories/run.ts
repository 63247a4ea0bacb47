/** The command: many seeds on all cores, or one with its whole history. */
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { runHistory } from './history.ts';
import { addTally, createTally, summaryOf, tallyOf, type Tally } from './tally.ts';
import { renderSummary } from './render.ts';

/** Seeds handed to a worker at once. */
const CHUNK = 50;
const YOUNG_MB = 96;

interface Task {
  readonly calls: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      calls: { type: 'string', default: '20' },
      seed: { type: 'string' },
      workers: { type: 'string', default: String(cpus().length) },
      json: { type: 'boolean', default: false },
    },
  });
  const calls = numberIn(values.calls, 'calls');
  if (values.seed !== undefined) return replay(numberIn(values.seed, 'seed'), calls);
  const range = { from: numberIn(values.from, 'from'), count: numberIn(values.seeds, 'seeds') };
  const startedAtMs = performance.now();
  const tally = await runAll(range, { calls, workers: numberIn(values.workers, 'workers') });
  const summary = summaryOf(tally, (performance.now() - startedAtMs) / 1_000);
  console.log(values.json ? JSON.stringify(summary) : renderSummary(summary));
  process.exitCode = summary.violations > 0 || summary.neverSeen.length > 0 ? 1 : 0;
}

function numberIn(text: string, name: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`--${name} must be a whole number, not "${text}"`);
  process.exit(3);
}

async function replay(seed: number, calls: number): Promise<void> {
  const { lines, verdict, fingerprint } = await runHistory({ seed, calls, isTold: true });
  for (const line of lines) console.log(line);
  console.log(`fingerprint ${fingerprint}`);
  for (const { invariant, words, recordId } of verdict.violations) {
    console.log(`VIOLATED ${invariant}: ${words}${recordId === undefined ? '' : ` (${recordId})`}`);
  }
  if (verdict.violations.length === 0) console.log('no invariant was violated');
  process.exitCode = verdict.violations.length > 0 ? 1 : 0;
}

async function runAll(
  { from, count }: { readonly from: number; readonly count: number },
  { calls, workers }: { readonly calls: number; readonly workers: number },
): Promise<Tally> {
  const tally = createTally();
  let next = from;
  const end = from + count;
  const work = async (): Promise<void> => {
    const worker = new Worker(fileURLToPath(import.meta.url), {
      workerData: { calls } satisfies Task,
      // A world lives for milliseconds: with room for many of them, the collector finds nothing that it must copy.
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    while (next < end) {
      const seeds = { from: next, to: Math.min(next + CHUNK, end) };
      next = seeds.to;
      addTally(tally, await ask(worker, seeds));
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: Math.min(workers, Math.ceil(count / CHUNK)) }, work));
  return tally;
}

interface Seeds {
  readonly from: number;
  readonly to: number;
}

function ask(worker: Worker, seeds: Seeds): Promise<Tally> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (tally: Tally) => {
      worker.off('error', reject);
      resolve(tally);
    });
    worker.postMessage(seeds);
  });
}

function serve({ calls }: Task): void {
  // Nobody reads them here, and they cost more than what they are about.
  Error.stackTraceLimit = 0;
  parentPort?.on('message', ({ from, to }: Seeds) => {
    void runSeeds({ from, to }, calls).then((tally) => parentPort?.postMessage(tally));
  });
}

async function runSeeds({ from, to }: Seeds, calls: number): Promise<Tally> {
  const tally = createTally();
  for (let seed = from; seed < to; seed += 1) addTally(tally, tallyOf(await runHistory({ seed, calls })));
  return tally;
}

if (isMainThread) await main();
else serve(workerData as Task);
