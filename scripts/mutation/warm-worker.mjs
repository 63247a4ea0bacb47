// Vitest's side of the warm runner (see warm-runner.mjs): a worker that keeps everything loaded and runs tests on demand.
import { relative } from 'node:path';
import { BroadcastChannel } from 'node:worker_threads';
import { INSTRUMENTER_CONSTANTS } from '@stryker-mutator/api/core';
import { startTests } from '@vitest/runner';
import { TestRunner } from 'vitest';
import { CHANNEL } from './warm-channel.mjs';

// Loaded now, and never inside a test: what a module computes once is the same for every mutant.
// @ts-expect-error Vite replaces it.
import.meta.glob(['../../src/durable/**/*.ts', '../../src/generation/**/*.ts'], { eager: true });

const scope = /** @type {any} */ (globalThis);
/**
 * What the instrumented code reads and writes.
 * @type {{ activeMutant?: string | undefined, currentTestId?: string | undefined, hitCount?: number | undefined, hitLimit?: number | undefined, mutantCoverage?: { static: object, perTest: object } }}
 */
const stryker = (scope[INSTRUMENTER_CONSTANTS.NAMESPACE] ??= {});

/** @typedef {import('./warm-channel.mjs').Ask} Ask */
/** @typedef {import('./warm-channel.mjs').TestReport} TestReport */
/** @typedef {Extract<Ask, { kind: 'mutant' }>} MutantAsk */

/** Vitest makes it for the first file of a run; from then on it serves, and that run never ends. */
export default class WarmWorker extends TestRunner {
  #isServing = false;
  /** Whether the first failure ends a run. */
  #bails = false;
  /** @type {string | undefined} */
  #mutantId;

  async onBeforeCollect() {
    if (this.#isServing) return;
    this.#isServing = true;
    // Vitest put its own reporting around these; nobody reads it.
    Object.assign(this, { onTaskUpdate: nothing, onCollected: nothing, onCollectStart: nothing });
    const channel = new BroadcastChannel(CHANNEL);
    await new Promise((resolve) => {
      channel.onmessage = ({ data }) => {
        if (data.kind === 'end') resolve(undefined);
        if (data.kind === 'dry' || data.kind === 'mutant') void this.#answer(channel, data);
      };
      channel.postMessage({ kind: 'ready' });
    });
    channel.close();
    throw new Error('served');
  }

  /** @param {BroadcastChannel} channel @param {Exclude<Ask, { kind: 'end' }>} ask */
  async #answer(channel, ask) {
    try {
      const report = ask.kind === 'dry' ? await this.#dryRun(ask.files) : await this.#mutantRun(ask);
      channel.postMessage({ kind: 'answer', report });
    } catch (error) {
      channel.postMessage({ kind: 'answer', error: String(error) });
    }
  }

  /** @param {readonly string[]} files */
  async #dryRun(files) {
    stryker.activeMutant = undefined;
    /** @type {TestReport[]} */
    const tests = [];
    for (const file of files) tests.push(...(await this.#runFile(file)));
    return { tests, coverage: stryker.mutantCoverage ?? { static: {}, perTest: {} } };
  }

  /** @param {MutantAsk} ask */
  async #mutantRun({ mutantId, hitLimit, rounds }) {
    Object.assign(stryker, { hitCount: 0, hitLimit });
    let count = 0;
    for (const [file, names] of rounds.flatMap((files) => Object.entries(files))) {
      const ran = await this.#runFile(file, { names, mutantId });
      count += ran.length;
      const failed = ran.find(({ error }) => error !== undefined);
      if (failed) return { ...(await this.#confirmed(file, failed)), hitCount: stryker.hitCount, count };
    }
    return { hitCount: stryker.hitCount, count };
  }

  // A failure counts only where the same test passes without the mistake right after: else something else is broken.
  /** @param {string} file @param {TestReport} failed */
  async #confirmed(file, failed) {
    const { hitCount } = stryker;
    const [again] = await this.#runFile(file, { names: [failed.name] });
    stryker.hitCount = hitCount;
    if (again && again.error === undefined) return { killedBy: failed.id, error: failed.error };
    throw new Error(`"${failed.id}" fails without the mutant too: ${again?.error ?? 'it did not run'}`);
  }

  /** @param {string} file @param {{ names?: readonly string[] | undefined, mutantId?: string }} [what] */
  async #runFile(file, { names, mutantId } = {}) {
    this.#bails = mutantId !== undefined;
    this.#mutantId = mutantId;
    /** @type {any} */ (this).cancelRun = false;
    try {
      const spec = { filepath: file, ...(names ? { testNamePattern: exactly(names) } : {}) };
      const [task] = await startTests([/** @type {any} */ (spec)], /** @type {any} */ (this));
      return reportsOf(task);
    } finally {
      stryker.activeMutant = undefined;
    }
  }

  /** @override @param {string} file @param {string} source */
  importFile(file, source) {
    const { evaluatedModules } = /** @type {any} */ (this).workerState;
    const known = evaluatedModules.getModuleById(file);
    // A test's own file anew, so that its tests are found again; what it imports stays.
    if (known) evaluatedModules.invalidateModule(known);
    return super.importFile(file, /** @type {any} */ (source));
  }

  onBeforeRunFiles() {
    stryker.activeMutant = this.#mutantId;
  }

  /** @override @param {any} test */
  async onBeforeRunTask(test) {
    await super.onBeforeRunTask(test);
    if (this.#mutantId === undefined) stryker.currentTestId = idOf(test);
  }

  /** @override @param {any} test */
  onAfterRunTask(test) {
    stryker.currentTestId = undefined;
    if (this.#bails && test.result?.state === 'fail') /** @type {any} */ (this).cancelRun = true;
    super.onAfterRunTask(test);
  }
}

async function nothing() {}

/** @param {readonly string[]} names */
function exactly(names) {
  return new RegExp(`^(?:${names.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})$`);
}

/** @param {any} task @returns {string} */
function nameOf({ name, suite }) {
  return suite ? `${nameOf(suite)} ${name}` : name;
}

/** @param {any} test */
function idOf(test) {
  return `${relative(process.cwd(), test.file.filepath)}#${nameOf(test)}`;
}

/** What ran in a file or a suite; where a suite itself failed, its tests failed with it. @param {any} suite @param {string} [why] @returns {TestReport[]} */
function reportsOf(suite, why) {
  const error = suite.result?.errors?.[0]?.message ?? why;
  if (error !== undefined && suite.tasks.length === 0) throw new Error(error);
  return suite.tasks.flatMap((/** @type {any} */ task) => {
    if (task.type === 'suite') return reportsOf(task, error);
    if (error === undefined && (task.mode === 'skip' || !task.result)) return [];
    return reportOf(task, error);
  });
}

/** @param {any} task @param {string | undefined} why @returns {TestReport} */
function reportOf(task, why) {
  const isFailed = task.result?.state === 'fail';
  const error = isFailed ? (task.result.errors?.[0]?.message ?? 'it failed') : why;
  const { line, column } = task.location ?? {};
  const { filepath: file } = task.file;
  return { id: idOf(task), name: nameOf(task), file, line, column, ms: task.result?.duration ?? 0, error };
}
