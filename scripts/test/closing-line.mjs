/**
 * What a run amounts to.
 * @typedef {{ passed: number, failed: number }} Counts
 */

/**
 * The last line of every test run, alone on its line and without colour, so that whatever reads the log
 * sees that tests ran.
 * @param {Counts} counts
 */
export function closingLine({ passed, failed }) {
  return `${passed} passed, ${failed} failed`;
}

/**
 * Adds up counts of several parts of a run.
 * @param {readonly Counts[]} parts
 * @returns {Counts}
 */
export function sumCounts(parts) {
  return parts.reduce((sum, part) => ({ passed: sum.passed + part.passed, failed: sum.failed + part.failed }), {
    passed: 0,
    failed: 0,
  });
}
