import { writeFileSync } from 'node:fs';
import { closingLine } from './closing-line.mjs';

/** @typedef {import('vitest/node').Reporter} Reporter */
/** @typedef {import('vitest/node').TestModule} TestModule */

/** A console line of a test that starts so is a measurement, and shown; all else of a passing test is silent. */
const FIGURE = '# ';

/**
 * A vitest reporter that shows the figures the tests measured and ends with `N passed, N failed`; where
 * WX_DURABLE_COUNTS_FILE names a file the counts go there instead, for the run that adds them up.
 * @implements {Reporter}
 */
export default class CountsReporter {
  /** @type {string[]} */
  #figures = [];

  /** @param {{ content: string }} log */
  onUserConsoleLog(log) {
    for (const line of log.content.split('\n')) if (line.startsWith(FIGURE)) this.#figures.push(line);
  }

  /**
   * @param {readonly TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const counts = countTests(modules, unhandledErrors.length);
    if (this.#figures.length > 0) console.log(`${this.#figures.join('\n')}\n`);
    const file = process.env['WX_DURABLE_COUNTS_FILE'];
    if (file) writeFileSync(file, JSON.stringify(counts));
    else console.log(closingLine(counts));
  }
}

/**
 * Tests that passed, and everything that did not: failed and unfinished tests, modules and suites whose own
 * code threw, and errors that belong to no test.
 * @param {readonly TestModule[]} modules
 * @param {number} strayErrors
 */
function countTests(modules, strayErrors) {
  let passed = 0;
  let failed = strayErrors;
  for (const module of modules) {
    failed += module.errors().length;
    for (const suite of module.children.allSuites()) failed += suite.errors().length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') passed += 1;
      else if (state !== 'skipped') failed += 1;
    }
  }
  return { passed, failed };
}
