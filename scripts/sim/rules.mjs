// `npm run sim -- --rules`: takes each rule of the protocol away, alone, and counts the plans that then go wrong.
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { bundle } from './bundle.mjs';
import { loadTypescript } from './load.mjs';
import { runOnWorkers } from './pool.mjs';

/**
 * @typedef {import('./exhaustive.mjs').Answer} Answer
 * @typedef {import('../../test/simulation/mutations/rules.ts').RuleMutation} RuleMutation
 * @typedef {{ rule: number, name: string, wrong: number, plans: number, held: number, heldWithIt: number, inModel: number | null, caught: boolean }} Row
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
  /** @type {Map<string, Awaited<ReturnType<typeof count>>>} */
  const sound = new Map();
  for (const [index, mutation] of chosen.entries()) {
    const tasks = rulesTasks(mutation.stories);
    const key = JSON.stringify(tasks);
    const kept = sound.get(key) ?? (await count('none', [], tasks));
    sound.set(key, kept);
    const without = await count(String(index), mutation.edits, tasks);
    const row = rowOf(mutation, kept, without);
    rows.push(row);
    if (!json) console.log(lineOf(row));
  }
  const missed = rows.filter(({ caught }) => !caught);
  const wrongWithAll = [...sound.values()].reduce((sum, { wrong }) => sum + wrong, 0);
  const summary = { wrongWithAll, rows, missed: missed.map(({ name }) => name) };
  console.log(json ? JSON.stringify(summary) : closingOf(wrongWithAll, rows));
  return missed.length === 0 && wrongWithAll === 0 ? 0 : 1;
}

/**
 * @param {RuleMutation} mutation
 * @param {Awaited<ReturnType<typeof count>>} kept
 * @param {Awaited<ReturnType<typeof count>>} without
 * @returns {Row}
 */
function rowOf({ rule, name, shows, inModel }, kept, { wrong, held, plans }) {
  const caught = shows === 'held' ? held > kept.held : wrong > 0;
  return { rule, name, wrong, plans, held, heldWithIt: kept.held, inModel: inModel ?? null, caught };
}

/**
 * Counts what goes wrong in these tasks with these edits in the sources.
 * @param {string} name
 * @param {readonly import('./bundle.mjs').Edit[]} edits
 * @param {readonly import('../../test/simulation/exhaustive-tasks.ts').Task[]} tasks
 */
async function count(name, edits, tasks) {
  const file = resolve(`dist/simulation/rule-${name}.mjs`);
  await bundle('test/simulation/exhaustive-worker.ts', file, edits);
  const jobs = tasks.map((task) => ({ file, task }));
  /** @type {Answer[]} */
  const answers = await runOnWorkers(jobs, { workers: availableParallelism() });
  /** @param {(answer: Answer) => number} pick */
  const total = (pick) => answers.reduce((sum, answer) => sum + pick(answer), 0);
  return {
    wrong: total((answer) => answer.wrong),
    // Of one fault every placement is run, so that these can be compared.
    held: total((answer) => answer.heldByOne),
    plans: total(({ placements }) => placements),
  };
}

/** @param {Row} row */
function lineOf({ rule, name, wrong, plans, held, heldWithIt, inModel, caught }) {
  const model = inModel === null ? '' : `; in the model ${inModel}`;
  const holds = held === heldWithIt ? '' : `; a credit held for a day in ${held}, with it ${heldWithIt}`;
  return `${caught ? ' ' : '!'} ${String(rule).padStart(2)} ${name}\n     ${wrong} wrong of ${plans}${model}${holds}`;
}

/**
 * @param {number} wrongWithAll
 * @param {readonly Row[]} rows
 */
function closingOf(wrongWithAll, rows) {
  return `# with every rule ${wrongWithAll} wrong; ${rows.filter(({ caught }) => caught).length} of ${rows.length} shown`;
}
