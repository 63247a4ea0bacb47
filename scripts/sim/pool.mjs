// A few worker threads that take tasks one after the other.
import { Worker } from 'node:worker_threads';

/**
 * Runs each task in a worker made of `file`, which answers every message with one; answers are in the order of tasks.
 * @template Task, Answer
 * @param {readonly { readonly file: string, readonly task: Task }[]} jobs those of one file stand together
 * @param {{
 *   readonly workers: number,
 *   readonly onDone?: (answer: Answer, task: Task) => void,
 *   readonly isEnough?: (answer: Answer) => boolean,
 * }} options after an answer that is enough no further task is begun
 * @returns {Promise<Answer[]>}
 */
export async function runOnWorkers(jobs, { workers, onDone = () => undefined, isEnough = () => false }) {
  /** @type {Answer[]} */
  const answers = [];
  let next = 0;
  const work = async () => {
    /** @type {{ file: string, worker: Worker } | undefined} */
    let running;
    while (next < jobs.length) {
      const index = next++;
      const { file, task } = /** @type {{ file: string, task: Task }} */ (jobs[index]);
      if (running?.file !== file) {
        await running?.worker.terminate();
        const resourceLimits = { maxYoungGenerationSizeMb: 64, maxOldGenerationSizeMb: 6_000 };
        running = { file, worker: new Worker(file, { resourceLimits }) };
      }
      answers[index] = await ask(running.worker, task);
      onDone(/** @type {Answer} */ (answers[index]), task);
      if (isEnough(/** @type {Answer} */ (answers[index]))) next = jobs.length;
    }
    await running?.worker.terminate();
  };
  await Promise.all(Array.from({ length: workers }, work));
  return answers;
}

/**
 * @template Task, Answer
 * @param {Worker} worker
 * @param {Task} task
 * @returns {Promise<Answer>}
 */
function ask(worker, task) {
  return new Promise((resolve, reject) => {
    worker.removeAllListeners();
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.postMessage(task);
  });
}
