'use strict';
// One instance of a cloud function, in a worker thread. It serves one invocation at a time and, as on the
// platform, is frozen in between: work that was not awaited goes on only when the next event arrives.
const { getHeapStatistics } = require('node:v8');
const { parentPort, workerData, receiveMessageOnPort } = require('node:worker_threads');

/** @typedef {{ event: string, context: unknown, env: Record<string, string> }} Invocation */
/** @typedef {(event: unknown, context: unknown) => unknown} Main */

const { entry, gate: gateMemory, memoryBytes, port } = workerData;
const gate = new Int32Array(gateMemory);

const MEMORY_LOOK_MS = 50;

/** @type {Main | undefined} */
let main;
/** @type {readonly string[]} */
let variables = [];
let reported = 0;

// A function that waits for something that never comes runs into its timeout; it does not end by itself.
setInterval(() => undefined, 2 ** 30);
captureOutput('stdout');
captureOutput('stderr');
if (memoryBytes !== Infinity) watchMemory();
serve();

/**
 * The heap ends by itself; Buffers lie outside of it, and are looked at now and then. Twice in a row too much: what
 * nobody holds any more may be on its way out. Work that never yields is not seen.
 */
function watchMemory() {
  let excesses = 0;
  setInterval(() => {
    const { used_heap_size: heapBytes, external_memory: outsideBytes } = getHeapStatistics();
    excesses = heapBytes + outsideBytes > memoryBytes ? excesses + 1 : 0;
    if (excesses === 2) post({ type: 'out-of-memory' });
  }, MEMORY_LOOK_MS);
}

/** Blocks the thread until an invocation is there, and runs it. */
function serve() {
  Atomics.wait(gate, 0, 0);
  Atomics.store(gate, 0, 0);
  /** @type {Invocation} */
  const invocation = receiveMessageOnPort(port)?.message;
  void run(invocation).then((outcome) => {
    post(outcome);
    // Nothing may run between the answer and the freeze.
    serve();
  });
}

/** @param {Invocation} invocation */
async function run({ event, context, env }) {
  applyEnvironment(env);
  try {
    main ??= load();
    reportFiles();
    post({ type: 'started' });
    const result = await main(JSON.parse(event), context);
    reportFiles();
    return { type: 'done', result: JSON.stringify(result === undefined ? null : result) ?? 'null' };
  } catch (error) {
    return { type: 'failed', message: describe(error), stack: explain(error) };
  }
}

/** @returns {Main} */
function load() {
  const exported = require(entry);
  if (typeof exported?.main !== 'function') throw new Error(`${entry} does not export a function named main`);
  return exported.main;
}

/** Tells which of the developer's files this instance holds in memory: when one is changed, it must not be used again. */
function reportFiles() {
  const loaded = Object.keys(require.cache);
  if (loaded.length === reported) return;
  reported = loaded.length;
  post({ type: 'files', files: loaded.filter((path) => path !== __filename && !/[\\/]node_modules[\\/]/.test(path)) });
}

/** @param {Record<string, string>} env */
function applyEnvironment(env) {
  for (const name of variables) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
  variables = Object.keys(env);
}

/**
 * Lines go out as messages, in order with the result, so that what was printed before a kill is not lost.
 * @param {'stdout' | 'stderr'} stream
 */
function captureOutput(stream) {
  /**
   * @param {string | Uint8Array} chunk
   * @param {unknown} [encoding]
   * @param {unknown} [done]
   */
  const write = (chunk, encoding, done) => {
    post({ type: 'output', stream, text: typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8') });
    const callback = typeof encoding === 'function' ? encoding : done;
    if (typeof callback === 'function') queueMicrotask(() => callback());
    return true;
  };
  process[stream].write = write;
}

/** @param {unknown} error */
function describe(error) {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/**
 * For its developer: the stack, and what to do about a package that is nowhere.
 * @param {unknown} error
 */
function explain(error) {
  if (!(error instanceof Error)) return '';
  const missing = /^Cannot find (?:module|package) '([^'./][^']*)'/.exec(error.message)?.[1];
  const advice = `${missing} is not installed: run npm i ${missing} in the function's folder or in one above it`;
  return missing === undefined ? (error.stack ?? '') : `${error.stack}\n${advice}`;
}

/** @param {unknown} message */
function post(message) {
  parentPort?.postMessage(message);
}
