import { writeFileSync } from 'node:fs';
import { closingLine } from '../test/closing-line.mjs';

/**
 * One thing that must hold; `run` answers what is wrong, or an empty list.
 * @typedef {{ title: string, run: () => string[] | Promise<string[]> }} Check
 */

/**
 * Runs the checks in order, one line each, and ends as vitest's reporter does: with the closing line, or with
 * the counts in the file named by WX_DURABLE_COUNTS_FILE.
 * @param {readonly Check[]} checks
 */
export async function runChecks(checks) {
  const counts = { passed: 0, failed: 0 };
  for (const { title, run } of checks) {
    const problems = await attempt(run);
    counts[problems.length === 0 ? 'passed' : 'failed'] += 1;
    console.log(`${problems.length === 0 ? 'ok' : 'FAILED'}  ${title}`);
    for (const problem of problems) console.log(`    ${problem.replaceAll('\n', '\n    ')}`);
  }
  const file = process.env['WX_DURABLE_COUNTS_FILE'];
  if (file) writeFileSync(file, JSON.stringify(counts));
  else console.log(`\n${closingLine(counts)}`);
  return counts;
}

/** @param {Check['run']} run */
async function attempt(run) {
  try {
    return await run();
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
}
