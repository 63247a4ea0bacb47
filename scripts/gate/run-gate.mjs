import { rmSync } from 'node:fs';
import { runChild } from '../test/run-child.mjs';
import { resultOf } from './figures.mjs';

/** @typedef {import('./figures.mjs').Figure} Figure */
/** @typedef {import('./steps.mjs').Step} Step */
/** @typedef {{ name: string, about: string, command: string, code: number, seconds: number, figures: readonly Figure[] }} Outcome */

/** Lines of a failing step's output that are shown: its end tells most. */
const LAST_LINES = 60;

/**
 * Runs every step to its end, whatever the others came to, and tells of each as it ends.
 * @param {readonly Step[]} steps
 * @param {(line: string) => void} say
 * @returns {Promise<readonly Outcome[]>}
 */
export async function runGate(steps, say) {
  /** @type {Outcome[]} */
  const outcomes = [];
  for (const step of steps) {
    say(`\n> ${step.name}: ${commandOf(step)}`);
    outcomes.push(await runStep(step, say));
  }
  return outcomes;
}

/** @param {Step} step */
export const commandOf = ({ command, args }) => [command, ...args].filter((word) => word !== '--silent').join(' ');

/**
 * @param {Step} step
 * @param {(line: string) => void} say
 * @returns {Promise<Outcome>}
 */
async function runStep(step, say) {
  const { name, about, command, args, file } = step;
  // What an earlier run left would pass for this one's.
  if (file !== undefined) rmSync(file, { force: true });
  const { code, stdout, output, seconds } = await runChild({ command, args, stderr: 'shown' });
  const { figures, isRead } = figuresOf(step, stdout, code);
  if (!isRead || code !== 0) say(output.trimEnd().split('\n').slice(-LAST_LINES).join('\n'));
  say(`${figures.every(({ met }) => met) ? 'ok' : 'FAILED'}  ${name}: ${lineOf(figures)} (${Math.round(seconds)} s)`);
  return { name, about, command: commandOf(step), code, seconds, figures };
}

/**
 * What a step came to. Figures that cannot be read are one that is not met, and so is an exit code other than 0: what
 * broke half-way may have told good figures before.
 * @param {Step} step
 * @param {string} stdout
 * @param {number} code
 * @returns {{ figures: readonly Figure[], isRead: boolean }}
 */
function figuresOf({ figures: read, file }, stdout, code) {
  const ended = code === 0 ? [] : [{ what: 'ended', figure: `exit ${code}`, target: 'exit 0', met: false }];
  try {
    const figures = read(resultOf(stdout, file));
    if (figures.length === 0) throw new Error('there are none');
    return { figures: [...figures, ...ended], isRead: true };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { figures: [{ what: 'figures', figure: why, target: 'read', met: false }, ...ended], isRead: false };
  }
}

/** More figures than that are no line. */
const MOST_IN_LINE = 10;

/** @param {readonly Figure[]} figures */
function lineOf(figures) {
  if (figures.length > MOST_IN_LINE)
    return `${figures.filter(({ met }) => met).length} of ${figures.length} targets met`;
  return figures.map(({ what, figure, met }) => `${met ? '' : '! '}${what} ${figure}`).join('; ');
}
