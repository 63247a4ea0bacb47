'use strict';
// The time of a history, in every process that takes part: real time, run faster, and put forward as the history goes.
// It lies in a small file, because functions run in threads whose only way in from outside is the disk.
const { readFileSync, renameSync, writeFileSync } = require('node:fs');

/**
 * @typedef {object} Settings
 * @property {number} baseMs real moment from which time runs faster
 * @property {number} rate how many milliseconds pass in one
 * @property {number} offsetMs by how much it was put forward
 * @property {number} boot functions that were loaded under another number begin anew
 */

// As they were before anybody put them forward.
const realNow = Date.now.bind(Date);
const realAfter = setTimeout;

/** So long what was read is taken for what stands there: a program asks for the time all the time. */
const FRESH_MS = 2;

/**
 * The time that stands in the file at `path`.
 * @param {string} path
 */
function openTime(path) {
  /** @type {Settings} */
  let settings = { baseMs: 0, rate: 1, offsetMs: 0, boot: 0 };
  let readAt = -1;
  const current = () => {
    if (Math.abs(realNow() - readAt) <= FRESH_MS) return settings;
    settings = JSON.parse(readFileSync(path, 'utf8'));
    readAt = realNow();
    return settings;
  };
  return {
    now() {
      const { baseMs, rate, offsetMs } = current();
      return Math.floor(baseMs + (realNow() - baseMs) * rate + offsetMs);
    },
    /** @param {number} [delayMs] milliseconds of this time, as real ones */
    realMs: (delayMs = 0) => delayMs / current().rate,
    boot: () => current().boot,
  };
}

/**
 * Writes the file at `path`, in one step.
 * @param {string} path
 * @param {Settings} settings
 */
function writeTime(path, settings) {
  writeFileSync(`${path}.next`, JSON.stringify(settings));
  renameSync(`${path}.next`, path);
}

/**
 * The machine's time becomes that of `time` for all code of this thread: `Date` and `setTimeout`.
 * @param {ReturnType<typeof openTime>} time
 */
function moveInto(time) {
  const RealDate = Date;
  const WorldDate = new Proxy(RealDate, {
    construct(target, parts, newTarget) {
      return Reflect.construct(target, parts.length === 0 ? [time.now()] : parts, newTarget);
    },
    get: (target, name, receiver) => (name === 'now' ? time.now : Reflect.get(target, name, receiver)),
  });
  Object.assign(globalThis, {
    Date: WorldDate,
    /** @type {(run: (...rest: unknown[]) => void, delayMs?: number, ...rest: unknown[]) => unknown} */
    setTimeout: (run, delayMs, ...rest) => realAfter(() => run(...rest), time.realMs(delayMs)),
  });
}

module.exports = { openTime, writeTime, moveInto, realAfter };
