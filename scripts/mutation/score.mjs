// `npm run mutation:score`: what the runs so far say of every file, and what was not run since it was last changed.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import config from '../../stryker.config.js';

/** @typedef {{ readonly status: string }} Mutant */
/** @typedef {{ readonly files: Readonly<Record<string, { readonly source: string, readonly mutants: readonly Mutant[] }>> }} Report */
/** @typedef {'killed' | 'timeout' | 'survived' | 'no coverage' | 'error' | 'ignored'} Verdict */
/** @typedef {Record<Verdict, number>} Counts */

const ROOMS = ['src/durable', 'src/generation'];
/** @type {Readonly<Record<string, Verdict>>} */
const VERDICTS = {
  ...{ Killed: 'killed', Timeout: 'timeout', Survived: 'survived', NoCoverage: 'no coverage', Ignored: 'ignored' },
};

/** @returns {readonly string[]} */
function sources() {
  const names = ROOMS.flatMap((room) => readdirSync(room, { recursive: true }).map((name) => join(room, String(name))));
  return names.filter((name) => name.endsWith('.ts') && !name.endsWith('index.ts')).sort();
}

/** @param {readonly Mutant[]} mutants */
function countsOf(mutants) {
  /** @type {Counts} */
  const counts = { killed: 0, timeout: 0, survived: 0, 'no coverage': 0, error: 0, ignored: 0 };
  for (const { status } of mutants) counts[VERDICTS[status] ?? 'error'] += 1;
  return counts;
}

/** The share of mistakes noticed, in per cent, among those that count; Stryker's own definition. @param {Counts} counts */
function scoreOf({ killed, timeout, survived, 'no coverage': uncovered }) {
  const all = killed + timeout + survived + uncovered;
  return all === 0 ? 100 : (100 * (killed + timeout)) / all;
}

/** @param {string} name @param {Counts} counts */
function lineOf(name, counts) {
  const numbers = Object.values(counts).map((count) => String(count).padStart(12));
  return `${name.padEnd(44)}${scoreOf(counts).toFixed(1).padStart(7)} %${numbers.join('')}`;
}

/** @type {Report} */
const report = existsSync(config.incrementalFile)
  ? JSON.parse(readFileSync(config.incrementalFile, 'utf8'))
  : { files: {} };
const names = sources();
/** @param {string} name */
const isRun = (name) => report.files[name]?.source === readFileSync(name, 'utf8');
const run = names.filter(isRun);
// Types alone have nothing to mistake.
const missing = names.filter((name) => !isRun(name) && name !== 'src/generation/providers/provider.ts');
const mutants = run.flatMap((name) => report.files[name]?.mutants ?? []);
const total = countsOf(mutants);

console.log(
  `${'file'.padEnd(44)}    score${Object.keys(total)
    .map((verdict) => verdict.padStart(12))
    .join('')}`,
);
for (const name of run) console.log(lineOf(name, countsOf(report.files[name]?.mutants ?? [])));
for (const room of ROOMS) {
  const those = run.filter((name) => name.startsWith(`${room}/`)).flatMap((name) => report.files[name]?.mutants ?? []);
  console.log(lineOf(`all of ${room}`, countsOf(those)));
}
console.log(lineOf(`all ${run.length} files`, total));
for (const name of missing) console.log(`not run since it was last changed: ${name}`);
process.exitCode = missing.length === 0 && scoreOf(total) >= config.thresholds.break ? 0 : 1;
