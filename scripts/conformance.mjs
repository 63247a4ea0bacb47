// `npm run test:conformance`: the database suite that the vendor ships inside @cloudbase/node-sdk@2.10.0, run from
// node_modules against the local cloud, with two versions of the SDK. `--json` ends with one line of counts.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closingLine } from './test/closing-line.mjs';

/** What the suite holds: fewer cases that run would be a loss that no failure shows. */
const EXECUTED = 196;
const SKIPPED = 9;

const SDKS = [
  { key: 'sdk210', version: '2.10.0' },
  { key: 'sdk317', version: '3.17.2' },
];

/**
 * `listed`: cases that cannot pass with this SDK, by name and reason, in test/conformance/listed.json.
 * @typedef {{ passed: number, failed: number, skipped: number, listed: number }} Tally
 * @typedef {{ fullName: string, status: string, failureMessages: string[] }} Case
 * @typedef {{ sdk: string, case: string, reason: string }} Listed
 */

/** @type {Listed[]} */
const LISTED = JSON.parse(readFileSync('test/conformance/listed.json', 'utf8'));

/** @type {Record<string, Tally>} */
const tallies = {};
/** @type {string[]} */
const problems = [];
const scratch = mkdtempSync(join(tmpdir(), 'wx-durable-conformance-'));
try {
  for (const { key, version } of SDKS) {
    const cases = await runSuite(version, join(scratch, `${key}.json`));
    const listed = LISTED.filter(({ sdk }) => sdk === version);
    tallies[key] = tally(cases, listed);
    problems.push(...judge(cases, listed).map((problem) => `${version}: ${problem}`));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
report();

/**
 * @param {string} version
 * @param {string} file
 * @returns {Promise<Case[]>}
 */
async function runSuite(version, file) {
  const args = ['run', '--config', 'test/conformance/vitest.config.ts', '--reporter=json', `--outputFile=${file}`];
  const output = await run(join('node_modules', '.bin', 'vitest'), args, { WX_DURABLE_SDK: version });
  try {
    const { testResults } = JSON.parse(readFileSync(file, 'utf8'));
    return testResults.flatMap((/** @type {{ assertionResults: Case[] }} */ module) => module.assertionResults);
  } catch (cause) {
    throw new Error(`the suite did not report:\n${output}`, { cause });
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {Record<string, string>} variables
 * @returns {Promise<string>}
 */
function run(command, args, variables) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...variables } });
    let output = '';
    const keep = (/** @type {Buffer} */ chunk) => void (output += chunk.toString());
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('close', () => resolve(output));
  });
}

/**
 * @param {readonly Case[]} cases
 * @param {readonly Listed[]} listed
 * @returns {Tally}
 */
function tally(cases, listed) {
  const passed = cases.filter(({ status }) => status === 'passed').length;
  const broken = cases.filter(({ status }) => status === 'failed');
  const excused = broken.filter(({ fullName }) => listed.some((one) => one.case === fullName)).length;
  const failed = broken.length - excused;
  return { passed, failed, skipped: cases.length - passed - broken.length, listed: excused };
}

/**
 * What is wrong: a case that fails, one that is listed and passes, and a case that has gone.
 * @param {readonly Case[]} cases
 * @param {readonly Listed[]} listed
 */
function judge(cases, listed) {
  const names = new Set(listed.map((one) => one.case));
  const wrong = cases
    .filter(({ status, fullName }) => status === 'failed' && !names.has(fullName))
    .map(({ fullName, failureMessages }) => `${fullName}\n${failureMessages.join('\n')}`);
  for (const name of names) {
    if (cases.some(({ fullName, status }) => fullName === name && status === 'failed')) continue;
    wrong.push(`${name} is listed as one that cannot pass, and did not fail: take it from the list`);
  }
  const { skipped } = tally(cases, listed);
  if (cases.length !== EXECUTED + SKIPPED) wrong.push(`${cases.length} cases were found, ${EXECUTED + SKIPPED} should`);
  if (skipped > SKIPPED) wrong.push(`${skipped} cases were skipped, the suite itself skips ${SKIPPED}`);
  return wrong;
}

function report() {
  console.log('node-sdk   passed  failed  skipped  listed');
  for (const { key, version } of SDKS) {
    const { passed = 0, failed = 0, skipped = 0, listed = 0 } = tallies[key] ?? {};
    const columns = [passed, failed, skipped, listed].map((count, place) =>
      String(count).padStart([6, 8, 9, 8][place] ?? 8),
    );
    console.log(`${version.padEnd(11)}${columns.join('')}`);
  }
  for (const { sdk, case: name, reason } of LISTED) console.log(`listed for ${sdk}: ${name}: ${reason}`);
  for (const problem of problems) console.log(`FAILED  ${problem}`);
  const counts = {
    passed: Object.values(tallies).reduce((sum, { passed }) => sum + passed, 0),
    failed: problems.length,
  };
  const file = process.env['WX_DURABLE_COUNTS_FILE'];
  if (file) writeFileSync(file, JSON.stringify(counts));
  else if (process.argv.includes('--json')) console.log(JSON.stringify(tallies));
  else console.log(`\n${closingLine(counts)}`);
  if (problems.length > 0) process.exitCode = 1;
}
