import { readFileSync } from 'node:fs';
import { meets } from '../bench/targets.mjs';

/**
 * One line of the closing table.
 * @typedef {{ what: string, figure: string, target: string, met: boolean }} Figure
 */

/**
 * A figure and what it must be; throws where it is no number, because a figure that is not there proves nothing.
 * @param {string} what
 * @param {unknown} value
 * @param {string} target
 * @param {string} [unit]
 * @returns {Figure}
 */
export function figure(what, value, target, unit = '') {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error(`"${what}" is ${JSON.stringify(value)}`);
  const shown = value.toLocaleString('en-US', { maximumFractionDigits: 3 });
  return { what, figure: `${shown} ${unit}`.trimEnd(), target, met: meets(value, target) };
}

/**
 * A figure that its command has judged itself.
 * @param {Figure} judged
 * @returns {Figure}
 */
export function judgedFigure({ what, figure: shown, target, met }) {
  if (typeof met !== 'boolean') throw new Error(`whether "${what}" is met is ${JSON.stringify(met)}`);
  return { what, figure: shown, target, met };
}

/**
 * The object that a command ended with: its last line, or where one is named, a file.
 * @param {string} stdout
 * @param {string} [file]
 * @returns {unknown}
 */
export function resultOf(stdout, file) {
  const text = file === undefined ? stdout.trimEnd().split('\n').at(-1) : readFileSync(file, 'utf8');
  const result = JSON.parse(text ?? '');
  if (typeof result !== 'object' || result === null) throw new Error(`the result is ${JSON.stringify(result)}`);
  return result;
}
