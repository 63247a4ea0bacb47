/**
 * `npm run bench -- [NAME] [--json] [--quick]`: bundles bench/NAME.bench.ts and runs it. Without a name it runs all, one
 * after the other, and writes bench/RESULTS.md; with `--quick` in less than a minute, on less. `--json` ends with one line.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { build } from 'esbuild';
import { withResult } from './bench/results.mjs';
import { copyWorker } from './build/worker.mjs';

const RESULTS = 'bench/RESULTS.md';
/** Whose figures are of virtual time or counts, so that nothing beside them can change them. */
const VIRTUAL = ['outage', 'survival'];
const args = process.argv.slice(2);
const name = args[0]?.startsWith('--') ? undefined : args[0];
const options = name === undefined ? args : args.slice(1);
const names = readdirSync('bench')
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.slice(0, -'.bench.ts'.length));

if (name !== undefined && !names.includes(name)) {
  console.error(`usage: npm run bench -- [NAME] [--json] [--quick]\nbenchmarks: ${names.join(', ')}`);
  process.exit(3);
}
if (!existsSync('dist/cloudfunctions')) throw new Error('run `npm run build` first: a benchmark measures what ships');
mkdirSync('dist/bench', { recursive: true });
process.exitCode = name === undefined ? await runAll() : (await run(name, options, { isKept: false })).status;

async function runAll() {
  const startedAtMs = performance.now();
  const given = options.filter((option) => option !== '--json');
  const command = ['npm run bench', ...(given.length > 0 ? ['--', ...given] : [])].join(' ');
  const rows = [];
  let worst = 0;
  for (const together of [VIRTUAL, ...names.filter((each) => !VIRTUAL.includes(each)).map((each) => [each])]) {
    for (const { status, kept } of await Promise.all(together.map((each) => runAndTime(each, given)))) {
      worst = Math.max(worst, status);
      if (!kept) continue;
      const result = JSON.parse(kept);
      rows.push(...result.rows.map((/** @type {object} */ row) => ({ bench: result.name, ...row })));
      // After each: a run that is cut keeps what it has.
      const before = existsSync(RESULTS) ? readFileSync(RESULTS, 'utf8') : '';
      writeFileSync(RESULTS, withResult(before, result, { command, at: new Date() }));
    }
  }
  const seconds = secondsSince(startedAtMs);
  const met = rows.filter((row) => row.met).length;
  console.log(`${met} of ${rows.length} targets met in ${seconds} s; ${RESULTS} is written`);
  if (given.length < options.length) console.log(JSON.stringify({ rows, seconds: Number(seconds) }));
  return worst;
}

/**
 * @param {string} which
 * @param {readonly string[]} given
 */
async function runAndTime(which, given) {
  const startedAtMs = performance.now();
  const ended = await run(which, [...given, '--json'], { isKept: true });
  console.log(`${which} took ${secondsSince(startedAtMs)} s\n`);
  return ended;
}

/** @param {number} startedAtMs */
function secondsSince(startedAtMs) {
  return ((performance.now() - startedAtMs) / 1_000).toFixed(1);
}

/**
 * Runs one; with `isKept` its last line, the JSON, is kept and not shown.
 * @param {string} which
 * @param {readonly string[]} given
 * @param {{ isKept: boolean }} how
 * @returns {Promise<{ status: number, kept: string | undefined }>}
 */
async function run(which, given, { isKept }) {
  const outfile = await bundle(which);
  const child = spawn(process.execPath, [outfile, ...given], {
    stdio: ['inherit', isKept ? 'pipe' : 'inherit', 'inherit'],
  });
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (piece) => (text += piece));
  const status = await new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
  const lines = text.trimEnd().split('\n');
  const kept = isKept && status === 0 ? lines.pop() : undefined;
  if (isKept) console.log(lines.join('\n'));
  return { status, kept };
}

/** @param {string} which */
async function bundle(which) {
  const outfile = `dist/bench/${which}.mjs`;
  await build({
    entryPoints: [`bench/${which}.bench.ts`],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['wx-server-sdk', 'esbuild'],
    // Bundled CommonJS packages ask for Node's modules in their own way.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'warning',
  });
  copyWorker('.', 'dist/bench');
  return outfile;
}
