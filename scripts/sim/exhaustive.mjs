// `npm run sim -- --exhaustive N`: every placement of at most N faults over every story.
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { bundle } from './bundle.mjs';
import { loadTypescript } from './load.mjs';
import { runOnWorkers } from './pool.mjs';

const WORKER = 'test/simulation/exhaustive-worker.ts';
const TASKS = 'test/simulation/exhaustive-tasks.ts';

/**
 * What a worker answers.
 * @typedef {Omit<import('../../test/simulation/exhaustive.ts').Report, 'endings'> & { endings: number, seconds: number }} Answer
 * @typedef {import('../../test/simulation/exhaustive-tasks.ts').Task} Task
 */

/**
 * Prints what was found; answers the exit code.
 * @param {{ faults: number, json: boolean, story?: string | undefined }} options
 */
export async function exhaustive({ faults, json, story }) {
  const { tasksFor } = /** @type {typeof import('../../test/simulation/exhaustive-tasks.ts')} */ (
    await loadTypescript(TASKS)
  );
  const tasks = tasksFor({ maxFaults: faults }).filter(({ name }) => !story || name === story);
  if (tasks.length === 0) throw new Error(`no story "${story}"`);
  const startedAtMs = performance.now();
  const answers = await explore('dist/simulation/exhaustive.mjs', tasks, (answer, task) => {
    if (!json) console.log(lineOf(answer, task));
  });
  const report = summed(tasks, answers, (performance.now() - startedAtMs) / 1_000);
  console.log(json ? JSON.stringify(report) : tableOf(report));
  for (const { failures } of answers) for (const failure of failures) console.error(JSON.stringify(failure));
  return report.violations === 0 ? 0 : 1;
}

/**
 * Explores the tasks on all cores, the longest first.
 * @param {string} outfile
 * @param {readonly Task[]} tasks
 * @param {(answer: Answer, task: Task) => void} [onDone]
 * @returns {Promise<Answer[]>}
 */
async function explore(outfile, tasks, onDone) {
  await bundle(WORKER, outfile);
  const jobs = tasks.map((task) => ({ file: resolve(outfile), task }));
  return runOnWorkers(jobs, { workers: availableParallelism(), ...(onDone ? { onDone } : {}) });
}

/**
 * @param {readonly Task[]} tasks
 * @param {readonly Answer[]} answers
 * @param {number} seconds
 */
function summed(tasks, answers, seconds) {
  /** @param {(answer: Answer, task: Task | undefined) => number} pick */
  const total = (pick) => answers.reduce((sum, answer, index) => sum + pick(answer, tasks[index]), 0);
  return {
    // Apart from those in every order, of which there are a thousand times more.
    plans: total(({ placements }, task) => (task?.anyOrder ? 0 : placements)),
    plansInAnyOrder: total(({ placements }, task) => (task?.anyOrder ? placements : 0)),
    runs: total(({ runs }) => runs),
    merged: total(({ merged }) => merged),
    states: total(({ states }) => states),
    functions: total(({ functions }) => functions),
    lost: total(({ by }) => by.lost),
    duplicated: total(({ by }) => by.duplicated),
    wrongCounters: total(({ by }) => by.wrongCounters),
    violations: total(({ wrong }) => wrong),
    seconds: round(seconds),
    stories: Object.fromEntries(
      tasks.map((task, index) => [nameOf(task), storyOf(/** @type {Answer} */ (answers[index]))]),
    ),
  };
}

/** @param {Answer} answer */
function storyOf({ placements, runs, merged, states, functions, wrong, seconds }) {
  return { plans: placements, runs, merged, states, functions, wrong, seconds: round(seconds) };
}

/** @param {Task} task */
function nameOf({ name, mood, maxAttempts, maxFaults, anyOrder }) {
  return `${name}, ${mood}, ${maxFaults} faults, ${maxAttempts} attempts${anyOrder ? ', any order' : ''}`;
}

/** @param {number} seconds */
const round = (seconds) => Math.round(seconds * 10) / 10;

/**
 * @param {Answer} answer
 * @param {Task} task
 */
function lineOf(answer, task) {
  const { plans, runs, merged, states, functions, wrong, seconds } = storyOf(answer);
  const how = `${runs} run, ${merged} merged, ${states} states, ${functions} functions begun`;
  return `${nameOf(task)}\n  ${plans} plans: ${wrong} wrong; ${how}; ${seconds} s`;
}

/** @param {ReturnType<typeof summed>} report */
function tableOf({
  plans,
  plansInAnyOrder,
  runs,
  merged,
  states,
  lost,
  duplicated,
  wrongCounters,
  violations,
  seconds,
}) {
  return [
    `# ${plans} plans (placements of faults), and ${plansInAnyOrder} with statements in any order; ${seconds} s`,
    `# ${runs} run, ${merged} of them merged, ${states} states`,
    `# lost ${lost}, duplicated ${duplicated}, wrong counters ${wrongCounters}, violations ${violations}`,
  ].join('\n');
}
