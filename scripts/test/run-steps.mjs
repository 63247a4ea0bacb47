import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closingLine, sumCounts } from './closing-line.mjs';
import { runChild } from './run-child.mjs';

/** @typedef {import('./closing-line.mjs').Counts} Counts */
/**
 * `shown`: the output belongs to the report; otherwise only a failure shows it.
 * `counts`: the step counts its own checks, into the file named by WX_DURABLE_COUNTS_FILE.
 * @typedef {{ title: string, command: string, args: string[], env?: Record<string, string>, shown?: boolean, counts?: boolean }} Step
 */

/** Steps of one phase that run side by side: more would only wait for one another. */
const LANES = 2;

/**
 * Runs the phases in order up to the first failure, prints the closing line and answers the exit code. The steps of a
 * phase do not need one another: two run at a time, in order.
 * @param {readonly (readonly Step[])[]} phases
 * @param {{ json?: boolean }} [options] with `json` the last line is the counts as JSON
 */
export async function runSteps(phases, { json = false } = {}) {
  const scratch = mkdtempSync(join(tmpdir(), 'wx-durable-test-'));
  /** @type {Counts[]} */
  const parts = [];
  try {
    for (const [index, phase] of phases.entries()) {
      const counts = await runPhase(phase, join(scratch, String(index)));
      parts.push(...counts);
      if (sumCounts(counts).failed > 0) break;
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const total = sumCounts(parts);
  console.log(`\n${json ? JSON.stringify(total) : closingLine(total)}`);
  return total.failed === 0 ? 0 : 1;
}

/**
 * @param {readonly Step[]} steps
 * @param {string} scratch
 */
async function runPhase(steps, scratch) {
  /** @type {Counts[]} */
  const parts = [];
  const waiting = [...steps.entries()];
  const isAlone = steps.length === 1;
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, step] = next;
      const counts = await runStep(step, { countsFile: `${scratch}-${index}.json`, isAlone });
      parts.push(counts);
      if (counts.failed > 0) waiting.length = 0;
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return parts;
}

/**
 * @param {Step} step
 * @param {{ countsFile: string, isAlone: boolean }} how alone, its output is shown as it comes, else when it has ended
 * @returns {Promise<Counts>}
 */
async function runStep({ title, shown, counts, ...command }, { countsFile, isAlone }) {
  if (shown && isAlone) console.log(`\n> ${title}`);
  const pipe = shown && isAlone ? 'shown' : 'kept';
  const env = { ...command.env, WX_DURABLE_COUNTS_FILE: countsFile };
  const { code, output, seconds } = await runChild({ ...command, env, stdout: pipe, stderr: pipe });
  const took = `${seconds.toFixed(1)} s`;
  if (code !== 0) console.log(`${output}\nFAILED  ${title} (exit ${code}, ${took})`);
  else console.log(`ok  ${title} (${took})${shown && !isAlone ? `\n${output.trimEnd()}` : ''}`);
  return counts ? readCounts(countsFile, code) : { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 };
}

/**
 * The step's own counts. A step that fails without a failed check to show for it, or that checked nothing,
 * is one failure: silence never passes.
 * @param {string} file
 * @param {number} code
 * @returns {Counts}
 */
function readCounts(file, code) {
  /** @type {Counts} */
  let counts = { passed: 0, failed: 0 };
  try {
    counts = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // No file: the step died before it could count.
  }
  const silent = counts.failed === 0 && (code !== 0 || counts.passed === 0);
  return silent ? { ...counts, failed: 1 } : counts;
}
