// `npm run sim -- --rules`: takes each rule of the protocol away, alone, and counts the plans that then go wrong.
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { bundle } from './bundle.mjs';
import { loadTypescript } from './load.mjs';
import { runOnWorkers } from './pool.mjs';

/**
 * @typedef {import('./exhaustive.mjs').Answer} Answer
 * @typedef {import('./bundle.mjs').Edit} Edit
 * @typedef {import('../../test/simulation/exhaustive-tasks.ts').Task} Task
 * @typedef {import('../../test/simulation/mutations/rules.ts').RuleMutation} RuleMutation
 * @typedef {{ wrong: number, held: number, plans: number }} Count
 * @typedef {{ withoutCover: number, withoutBoth: number, why: string }} Covered
 * @typedef {{
 *   rule: number, name: string, wrong: number, plans: number, held: number, heldWithIt: number,
 *   inModel: number | null, covered?: Covered, shown: boolean,
 * }} Row
 */

/**
 * Prints a row for each rule; answers 1 where one can be taken away and nothing shows it.
 * @param {{ json: boolean, rule?: number | undefined }} options one rule only
 */
export async function rules({ json, rule }) {
  const { ruleMutations } = /** @type {typeof import('../../test/simulation/mutations/rules.ts')} */ (
    await loadTypescript('test/simulation/mutations/rules.ts')
  );
  const { rulesTasks } = /** @type {typeof import('../../test/simulation/exhaustive-tasks.ts')} */ (
    await loadTypescript('test/simulation/exhaustive-tasks.ts')
  );
  const chosen = ruleMutations.filter((mutation) => rule === undefined || mutation.rule === rule);
  /** @type {Row[]} */
  const rows = [];
  /** @type {Map<string, Count>} */
  const sound = new Map();
  for (const mutation of chosen) {
    const tasks = rulesTasks(mutation.stories, mutation.faults);
    const key = JSON.stringify(tasks);
    const known = sound.get(key);
    const { edits, covered: cover } = mutation;
    const covers = cover ? [cover.edits, [...edits, ...cover.edits]] : [];
    const counts = await countAll([edits, ...covers, ...(known ? [] : [[]])], tasks);
    const kept = known ?? /** @type {Count} */ (counts.at(-1));
    sound.set(key, kept);
    const row = rowOf(mutation, kept, counts);
    rows.push(row);
    if (!json) console.log(lineOf(row));
  }
  const missed = rows.filter(({ shown }) => !shown);
  const wrongWithAll = [...sound.values()].reduce((sum, { wrong }) => sum + wrong, 0);
  const summary = { wrongWithAll, rows, missed: missed.map(({ name }) => name) };
  console.log(json ? JSON.stringify(summary) : closingOf(wrongWithAll, rows));
  return missed.length === 0 && wrongWithAll === 0 ? 0 : 1;
}

/**
 * @param {RuleMutation} mutation
 * @param {Count} kept
 * @param {readonly Count[]} counts without the rule; and where it is covered, without the cover, and without both
 * @returns {Row}
 */
function rowOf({ rule, name, shows, inModel, covered: cover }, kept, [without = kept, withoutCover, withoutBoth]) {
  const { wrong, held, plans } = without;
  // Without a rule, functions take another number of steps: shares are compared.
  const alone = shows === 'held' ? held / plans > kept.held / kept.plans : wrong > 0;
  const counts = { wrong, plans, held, heldWithIt: kept.held, inModel: inModel ?? null };
  if (!cover || !withoutCover || !withoutBoth) return { rule, name, ...counts, shown: alone };
  const covered = { withoutCover: withoutCover.wrong, withoutBoth: withoutBoth.wrong, why: cover.why };
  // One that is covered must be so: where it shows alone, its reason no longer holds.
  return { rule, name, ...counts, covered, shown: !alone && covered.withoutBoth > covered.withoutCover };
}

let bundles = 0;

/**
 * Counts what goes wrong in these tasks, for each of these sets of edits in the sources.
 * @param {readonly (readonly Edit[])[]} variants
 * @param {readonly Task[]} tasks
 * @returns {Promise<readonly Count[]>}
 */
async function countAll(variants, tasks) {
  const files = await Promise.all(variants.map(bundled));
  const jobs = files.flatMap((file) => tasks.map((task) => ({ file, task })));
  /** @type {Answer[]} */
  const answers = await runOnWorkers(jobs, { workers: availableParallelism() });
  return files.map((_, index) => countOf(answers.slice(index * tasks.length, (index + 1) * tasks.length)));
}

/** @param {readonly Edit[]} edits */
async function bundled(edits) {
  const file = resolve(`dist/simulation/rule-${bundles++}.mjs`);
  await bundle('test/simulation/exhaustive-worker.ts', file, edits);
  return file;
}

/**
 * @param {readonly Answer[]} answers
 * @returns {Count}
 */
function countOf(answers) {
  /** @param {(answer: Answer) => number} pick */
  const total = (pick) => answers.reduce((sum, answer) => sum + pick(answer), 0);
  return {
    wrong: total((answer) => answer.wrong),
    held: total((answer) => answer.held),
    plans: total(({ placements }) => placements),
  };
}

/** @param {Row} row */
function lineOf({ rule, name, wrong, plans, held, heldWithIt, inModel, covered: cover, shown }) {
  const model = inModel === null ? '' : `; in the model ${inModel}`;
  const holds = held === heldWithIt ? '' : `; a credit held for a day in ${held}, with it ${heldWithIt}`;
  const by = cover
    ? `\n     covered: ${cover.why}; without that ${cover.withoutCover} wrong, without both ${cover.withoutBoth}`
    : '';
  return `${shown ? ' ' : '!'} ${String(rule).padStart(2)} ${name}\n     ${wrong} wrong of ${plans}${model}${holds}${by}`;
}

/**
 * @param {number} wrongWithAll
 * @param {readonly Row[]} rows
 */
function closingOf(wrongWithAll, rows) {
  return `# with every rule ${wrongWithAll} wrong; ${rows.filter(({ shown }) => shown).length} of ${rows.length} shown`;
}
