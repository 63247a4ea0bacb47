// A test runner for Stryker that keeps one Vitest worker with all modules loaded, and runs in it, for each mutant, the
// tests that reach it. Stryker's own starts a worker and loads everything again for each of the thousands of mutants;
// `--testRunner vitest` takes that one.
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { BroadcastChannel } from 'node:worker_threads';
import { declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { determineHitLimitReached, DryRunStatus, MutantRunStatus, TestStatus } from '@stryker-mutator/api/test-runner';
import { createVitest } from 'vitest/node';
import { CHANNEL } from './warm-channel.mjs';

/** @typedef {import('@stryker-mutator/api/test-runner').TestRunner} StrykerTestRunner */
/** @typedef {import('@stryker-mutator/api/test-runner').MutantRunOptions} MutantRunOptions */
/** @typedef {import('@stryker-mutator/api/test-runner').MutantRunResult} MutantRunResult */
/** @typedef {import('./warm-channel.mjs').TestReport} TestReport */

/** How long each test took in the first run, in the sandbox that all processes share. */
const TIMES = 'warm-times.json';
/** Tests of one round take less than this each. */
const LIMITS_MS = [30, 150, Infinity];
/** @type {Record<string, number> | undefined} */
let times;

createWarmRunner.inject = /** @type {const} */ ([]);

/** @returns {StrykerTestRunner} */
function createWarmRunner() {
  /** @type {Awaited<ReturnType<typeof startWorker>>} */
  let worker;
  return {
    capabilities: () => ({ reloadEnvironment: true }),
    async init() {
      worker = await startWorker();
    },
    async dryRun() {
      const files = await worker.testFiles();
      /** @type {{ tests: TestReport[], coverage: any }} */
      const { tests, coverage } = await worker.ask({ kind: 'dry', files });
      writeFileSync(TIMES, JSON.stringify(Object.fromEntries(tests.map(({ id, ms }) => [id, ms]))));
      return { status: DryRunStatus.Complete, tests: tests.map(resultOf), mutantCoverage: coverage };
    },
    async mutantRun(options) {
      if (options.mutantActivation === 'static') throw new Error('static mutants are not run: set ignoreStatic');
      const { activeMutant, hitLimit, testFilter = [] } = options;
      const rounds = roundsOf(testFilter);
      return outcomeOf(options, await worker.ask({ kind: 'mutant', mutantId: activeMutant.id, hitLimit, rounds }));
    },
    dispose: () => worker?.close(),
  };
}

async function startWorker() {
  const vitest = await createVitest('test', {
    config: 'scripts/mutation/vitest.config.ts',
    runner: './scripts/mutation/warm-worker.mjs',
    pool: 'threads',
    isolate: false,
    maxWorkers: 1,
    watch: false,
    reporters: [{}],
  });
  const channel = new BroadcastChannel(CHANNEL);
  /** @param {string} kind @returns {Promise<any>} */
  const next = (kind) =>
    new Promise((settle) => {
      channel.onmessage = ({ data }) => data.kind === kind && settle(data);
    });
  const specifications = await vitest.globTestSpecifications();
  const ready = next('ready');
  // The first file brings the worker up, which then serves; its run ends with us.
  const run = vitest.runTestSpecifications(specifications.slice(0, 1));
  run.catch(() => undefined);
  await ready;
  return {
    testFiles: async () => specifications.map(({ moduleId }) => moduleId).sort(),
    /** @param {import('./warm-channel.mjs').Ask} question */
    async ask(question) {
      const answer = next('answer');
      channel.postMessage(question);
      const { report, error } = await answer;
      if (error !== undefined) throw new Error(error);
      return report;
    },
    async close() {
      channel.postMessage({ kind: 'end' });
      channel.close();
      await run.catch(() => undefined);
      await vitest.close();
    },
  };
}

/** @param {TestReport} report @returns {import('@stryker-mutator/api/test-runner').TestResult} */
function resultOf({ id, name, file, line, column, ms, error }) {
  const position = line === undefined ? {} : { startPosition: { line: line - 1, column: (column ?? 1) - 1 } };
  const about = { id, name, fileName: resolve(file), timeSpentMs: ms, ...position };
  if (error === undefined) return { ...about, status: TestStatus.Success };
  return { ...about, status: TestStatus.Failed, failureMessage: error };
}

/** The quick tests first, since most mistakes are noticed by many. @param {readonly string[]} testIds */
function roundsOf(testIds) {
  times ??= /** @type {Record<string, number>} */ (JSON.parse(readFileSync(TIMES, 'utf8')));
  /** @param {number} index */
  const roundOf = (index) =>
    filesOf(testIds.filter((id) => LIMITS_MS.findIndex((ms) => (times?.[id] ?? 0) < ms) === index));
  return LIMITS_MS.map((_, index) => roundOf(index));
}

/** Names of tests by their file. @param {readonly string[]} testIds */
function filesOf(testIds) {
  /** @type {Record<string, string[]>} */
  const files = {};
  for (const id of testIds) {
    const at = id.indexOf('#');
    (files[resolve(id.slice(0, at))] ??= []).push(id.slice(at + 1));
  }
  return files;
}

/** @param {MutantRunOptions} options @param {any} report @returns {MutantRunResult} */
function outcomeOf({ hitLimit }, { killedBy, error, hitCount, count }) {
  const endless = determineHitLimitReached(hitCount, hitLimit);
  if (endless) return { status: MutantRunStatus.Timeout, reason: endless.reason ?? '' };
  if (killedBy === undefined) return { status: MutantRunStatus.Survived, nrOfTests: count };
  // Not told from a slow machine, so that it is counted by its own name.
  if (/timed out in \d+ms/.test(error)) return { status: MutantRunStatus.Timeout, reason: error };
  return { status: MutantRunStatus.Killed, killedBy: [killedBy], failureMessage: error, nrOfTests: count };
}

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'warm', createWarmRunner)];
