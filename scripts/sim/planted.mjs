// `npm run sim -- --planted`: plants each mistake, and runs random histories until one of them goes wrong.
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { bundle } from './bundle.mjs';
import { loadTypescript } from './load.mjs';
import { runOnWorkers } from './pool.mjs';

const WORKER = 'test/simulation/mutations/bug-worker.ts';
/** Seeds that a worker takes at once. */
const CHUNK = 25;

/**
 * @typedef {import('../../test/simulation/mutations/bug-worker.ts').Find} Find
 * @typedef {import('../../test/simulation/mutations/bug-worker.ts').Hunt} Hunt
 * @typedef {{ name: string, seeds: number | null, invariant: string | null, words: string | null }} Row
 */

/**
 * Prints after how many seeds each mistake was found, and by which invariant; answers 1 where one was not.
 * @param {{ json: boolean, seeds: number, calls: number, names?: readonly string[] | undefined }} options these mistakes only
 */
export async function planted({ json, seeds, calls, names }) {
  const { bugs } = /** @type {typeof import('../../test/simulation/mutations/bugs.ts')} */ (
    await loadTypescript('test/simulation/mutations/bugs.ts')
  );
  const sound = await huntsOf('sound', [], { seeds, calls, except: [], findsAll: true });
  const except = sound.map(({ seed }) => seed);
  /** @type {Row[]} */
  const rows = [];
  for (const [index, bug] of bugs.entries()) {
    if (names && !names.includes(bug.name)) continue;
    const first = await firstOf(String(index), bug.edits, { seeds, calls, except });
    const row = {
      name: bug.name,
      seeds: first?.seed ?? null,
      invariant: first?.invariant ?? null,
      words: first?.words ?? null,
    };
    rows.push(row);
    if (!json) console.log(lineOf(row));
  }
  const missed = rows.filter((row) => row.seeds === null).map((row) => row.name);
  if (json) console.log(JSON.stringify({ rows, missed, wrongWithoutAny: except }));
  else
    console.log(
      `# ${rows.length - missed.length} of ${rows.length} found in ${seeds} seeds; ${except.length} seeds wrong without any`,
    );
  return missed.length === 0 ? 0 : 1;
}

/**
 * @param {string} name
 * @param {readonly import('./bundle.mjs').Edit[]} edits
 * @param {{ seeds: number, calls: number, except: readonly number[], findsAll?: boolean }} extent
 */
async function huntsOf(name, edits, { seeds, ...hunt }) {
  const file = resolve(`dist/simulation/bug-${name}.mjs`);
  await bundle(WORKER, file, edits);
  const starts = Array.from({ length: Math.ceil(seeds / CHUNK) }, (_, index) => 1 + index * CHUNK);
  const jobs = starts.map((from) => ({ file, task: { from, to: Math.min(from + CHUNK, seeds + 1), ...hunt } }));
  /** @type {Find[][]} */
  const found = await runOnWorkers(jobs, {
    workers: availableParallelism(),
    isEnough: (/** @type {Find[]} */ finds) => !hunt.findsAll && finds.length > 0,
  });
  return found.flat().sort((a, b) => a.seed - b.seed);
}

/**
 * @param {string} name
 * @param {readonly import('./bundle.mjs').Edit[]} edits
 * @param {{ seeds: number, calls: number, except: readonly number[] }} extent
 */
async function firstOf(name, edits, extent) {
  return (await huntsOf(name, edits, extent))[0];
}

/** @param {Row} row */
function lineOf({ name, seeds, invariant, words }) {
  if (seeds === null) return `! ${name}: not found`;
  return `  ${name}: after ${seeds} seeds by ${invariant}\n    ${words}`;
}
