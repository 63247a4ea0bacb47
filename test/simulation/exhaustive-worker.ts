/** A worker thread that explores one story after the other; see `scripts/sim/exhaustive.mjs`. */
import { parentPort } from 'node:worker_threads';
import { exhaust } from './exhaustive.ts';
import type { Task } from './exhaustive-tasks.ts';

// Stacks of errors that are planned, and looked at by nobody, would take a tenth of the time.
Error.stackTraceLimit = 0;

parentPort?.on('message', (task: Task) => {
  const startedAtMs = performance.now();
  void exhaust(task).then((report) => {
    const seconds = (performance.now() - startedAtMs) / 1_000;
    parentPort?.postMessage({ ...report, endings: report.endings.size, seconds });
  });
});
