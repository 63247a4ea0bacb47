/** @typedef {import('./run-gate.mjs').Outcome} Outcome */

const HEAD = ['', 'what', 'figure', 'target', 'met'];

/**
 * The closing table: every figure of every step.
 * @param {readonly Outcome[]} outcomes
 */
export function tableOf(outcomes) {
  const rows = outcomes.flatMap(({ name, figures }) =>
    figures.map(({ what, figure, target, met }) => [name, what, figure, target, met ? 'yes' : 'NO']),
  );
  const lines = [HEAD, ...rows];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => (column === 2 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/**
 * A figure that is met has passed, any other has failed; a gate that looked at nothing has failed, too.
 * @param {readonly Outcome[]} outcomes
 * @returns {import('../test/closing-line.mjs').Counts}
 */
export function countsOf(outcomes) {
  const figures = outcomes.flatMap((outcome) => outcome.figures);
  const passed = figures.filter(({ met }) => met).length;
  return { passed, failed: figures.length === 0 ? 1 : figures.length - passed };
}
