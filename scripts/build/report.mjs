import { statSync } from 'node:fs';

/**
 * One thing that was built; `inputs` is how many source files it holds, `laterBytes` what lies beside it and is loaded
 * when it is first needed.
 * @typedef {{ what: string, bytes: number, laterBytes?: number, inputs: number }} Output
 */

/**
 * Bytes of a file.
 * @param {string} path
 */
export function sizeOf(path) {
  return statSync(path).size;
}

/**
 * A small table of what was built; a kB is 1,000 bytes.
 * @param {readonly Output[]} outputs
 */
export function sizeTable(outputs) {
  const rows = outputs.map(({ what, bytes, laterBytes, inputs }) => [
    what,
    kilobytes(bytes),
    `${inputs} files`,
    laterBytes === undefined ? '' : `and ${kilobytes(laterBytes)} loaded when needed`,
  ]);
  const width = (/** @type {number} */ column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0));
  const widths = [width(0), width(1), width(2)];
  return rows
    .map(([what = '', size = '', from = '', later = '']) =>
      ['', what.padEnd(widths[0] ?? 0), size.padStart(widths[1] ?? 0), from.padStart(widths[2] ?? 0), later]
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/**
 * The source files that have bytes in an output; a metafile also names those that were read and shaken off.
 * @param {import('esbuild').Metafile} metafile
 */
export function heldInputs({ outputs }) {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  return inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
