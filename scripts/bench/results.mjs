/**
 * One benchmark, as it reports itself with `--json`.
 * @typedef {{
 *   what: string, unit: string, ours: number, peer: number | null, ratio: number | null, target: string,
 *   about: string, met: boolean, range: readonly [number, number] | null, rounds: number,
 * }} Row
 * @typedef {{ name: string, machine: string, rows: readonly Row[] }} Result
 */

const TITLE = `# Results of the benchmarks

Written by \`npm run bench\`; nobody edits it. Each figure is a median; the last column is the smallest and the largest of
what the target is about, and how often it was measured. Where something else wanted the processors too, the load says so.
`;

/**
 * The page with this result in place of the same benchmark's earlier one.
 * @param {string} before
 * @param {Result} result
 * @param {{ command: string, at: Date }} run
 */
export function withResult(before, { name, machine, rows }, { command, at }) {
  const [, ...sections] = before.split(/^(?=## )/m);
  const others = sections.map((section) => section.trimEnd()).filter((section) => !section.startsWith(`## ${name}\n`));
  const said = `\`${command}\`, ${at.toISOString().slice(0, 10)}, ${machine}`;
  const section = `## ${name}\n\n${said}\n\n${tableOf(rows)}`;
  return `${[TITLE.trimEnd(), ...[...others, section].sort()].join('\n\n')}\n`;
}

const HEAD = ['what', 'ours', 'peer', 'ratio', 'target', 'met', 'min … max'];

/** @param {readonly Row[]} rows */
function tableOf(rows) {
  const lines = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(3, ...lines.map((cells) => cells[column]?.length ?? 0)));
  const line = (/** @type {readonly string[]} */ cells) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(HEAD), `| ${rule.join(' | ')} |`, ...lines.slice(1).map(line)].join('\n');
}

/** @param {Row} row */
function cellsOf({ what, unit, ours, peer, ratio, target, about, met, range, rounds }) {
  const shown = (/** @type {number | null} */ value, /** @type {string} */ of) =>
    value === null ? '' : `${value} ${of}`.trim();
  const between = range === null ? '' : `${range.join(' … ')} × ${rounds}`;
  return [
    what,
    shown(ours, unit),
    shown(peer, unit),
    shown(ratio, ''),
    `${about} ${target}`,
    met ? 'yes' : '**no**',
    between,
  ];
}
