// `npm run sim -- --rules`: takes each rule of the protocol away, alone, and counts the plans that then go wrong.
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { bundle } from './bundle.mjs';
import { loadTypescript } from './load.mjs';
import { runOnWorkers } from './pool.mjs';

/**
 * @typedef {import('./exhaustive.mjs').Answer} Answer
 * @typedef {import('../../test/simulation/mutations/rules.ts').RuleMutation} RuleMutation
 * @typedef {{ rule: number, name: string, wrong: number, held: number, plans: number, inModel: number | null, caught: boolean }} Row
 */

/**
 * Prints a row for each rule; answers 1 where one can be taken away and nothing shows it.
 * @param {{ json: boolean, every: number, rule?: number | undefined }} options one rule only; of two faults every n-th placement
 */
export async function rules({ json, every, rule }) {
  const { ruleMutations } = /** @type {typeof import('../../test/simulation/mutations/rules.ts')} */ (
    await loadTypescript('test/simulation/mutations/rules.ts')
  );
  const chosen = ruleMutations.filter((mutation) => rule === undefined || mutation.rule === rule);
  const kept = await count('none', [], every);
  /** @type {Row[]} */
  const rows = [];
  for (const [index, mutation] of chosen.entries()) {
    const { wrong, held, plans } = await count(String(index), mutation.edits, every);
    const caught = mutation.shows === 'held' ? held > kept.held : wrong > 0;
    const row = {
      rule: mutation.rule,
      name: mutation.name,
      wrong,
      held,
      plans,
      inModel: mutation.inModel ?? null,
      caught,
    };
    rows.push(row);
    if (!json) console.log(lineOf(row));
  }
  const missed = rows.filter(({ caught }) => !caught);
  const summary = { kept, rows, missed: missed.map(({ name }) => name) };
  console.log(json ? JSON.stringify(summary) : closingOf(kept, rows));
  return missed.length === 0 && kept.wrong === 0 ? 0 : 1;
}

/**
 * Counts the wrong plans of the sample with these edits in the sources.
 * @param {string} name
 * @param {readonly import('./bundle.mjs').Edit[]} edits
 * @param {number} every
 */
async function count(name, edits, every) {
  const { sampleTasks } = /** @type {typeof import('../../test/simulation/exhaustive-tasks.ts')} */ (
    await loadTypescript('test/simulation/exhaustive-tasks.ts')
  );
  const file = resolve(`dist/simulation/rule-${name}.mjs`);
  await bundle('test/simulation/exhaustive-worker.ts', file, edits);
  const jobs = sampleTasks(every).map((task) => ({ file, task }));
  /** @type {Answer[]} */
  const answers = await runOnWorkers(jobs, { workers: availableParallelism() });
  /** @param {(answer: Answer) => number} pick */
  const total = (pick) => answers.reduce((sum, answer) => sum + pick(answer), 0);
  return {
    wrong: total((answer) => answer.wrong),
    held: total((answer) => answer.held),
    plans: total(({ placements }) => placements),
  };
}

/** @param {Row} row */
function lineOf({ rule, name, wrong, held, inModel, caught }) {
  const model = inModel === null ? '' : `, ${inModel} in the model`;
  return `${caught ? ' ' : '!'} ${String(rule).padStart(2)} ${name}\n     ${wrong} wrong${model}; a credit held for a day in ${held}`;
}

/**
 * @param {{ wrong: number, held: number, plans: number }} kept
 * @param {readonly Row[]} rows
 */
function closingOf(kept, rows) {
  const caught = rows.filter((row) => row.caught).length;
  return `# with every rule: ${kept.wrong} wrong of ${kept.plans}, a credit held in ${kept.held}\n# ${caught} of ${rows.length} shown`;
}
