import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closingLine, sumCounts } from './closing-line.mjs';

/** @typedef {import('./closing-line.mjs').Counts} Counts */
/**
 * `shown`: the output belongs to the report and is shown as it comes; otherwise only a failure shows it.
 * `counts`: the step counts its own checks, into the file named by WX_DURABLE_COUNTS_FILE.
 * @typedef {{ title: string, command: string, args: string[], shown?: boolean, counts?: boolean }} Step
 */

/**
 * Runs the steps in order up to the first failure, prints the closing line and answers the exit code.
 * @param {readonly Step[]} steps
 */
export async function runSteps(steps) {
  const scratch = mkdtempSync(join(tmpdir(), 'wx-durable-test-'));
  /** @type {Counts[]} */
  const parts = [];
  try {
    for (const [index, step] of steps.entries()) {
      const counts = await runStep(step, join(scratch, `${index}.json`));
      parts.push(counts);
      if (counts.failed > 0) break;
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const total = sumCounts(parts);
  console.log(`\n${closingLine(total)}`);
  return total.failed === 0 ? 0 : 1;
}

/**
 * @param {Step} step
 * @param {string} countsFile
 * @returns {Promise<Counts>}
 */
async function runStep(step, countsFile) {
  if (step.shown) console.log(`\n> ${step.title}`);
  const startedAt = performance.now();
  const { code, output } = await run(step, countsFile);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  if (code !== 0) console.log(`${output}\nFAILED  ${step.title} (exit ${code}, ${seconds} s)`);
  else if (!step.shown) console.log(`ok  ${step.title} (${seconds} s)`);
  return step.counts ? readCounts(countsFile, code) : { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 };
}

/**
 * @param {Step} step
 * @param {string} countsFile
 * @returns {Promise<{ code: number, output: string }>}
 */
function run(step, countsFile) {
  return new Promise((resolve) => {
    const child = spawn(step.command, step.args, {
      stdio: ['ignore', step.shown ? 'inherit' : 'pipe', step.shown ? 'inherit' : 'pipe'],
      env: { ...process.env, WX_DURABLE_COUNTS_FILE: countsFile },
    });
    let output = '';
    const keep = (/** @type {Buffer} */ chunk) => void (output += chunk.toString());
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.on('error', (error) => resolve({ code: 1, output: String(error) }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
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
