import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { heldInputs } from '../build/report.mjs';

/** @typedef {import('./run-checks.mjs').Check} Check */

/** What a function may weigh that people wait for: its first file is loaded anew at every cold start. */
export const MAX_BUNDLE_BYTES = 65_000;
/** The same with what it loads when it is first needed. */
export const MAX_FOLDER_BYTES = 101_000;
/** Nobody waits for a timer's. */
const MAX_TIMER_BUNDLE_BYTES = 120_000;

/** What no function may carry, and why. */
const FORBIDDEN = [
  { input: /^src\/(emulator|cli)\//, why: 'belongs to a developer machine' },
  { input: /(^|\/)node_modules\/(mingo|bson|pureimage)\//, why: 'belongs to the local cloud' },
  { input: /(^|\/)node_modules\/zod\/(v3|v4\/classic)\//, why: "is all of zod; import `* as z from 'zod/mini'`" },
  { input: /(^|\/)node_modules\/wx-server-sdk\//, why: 'is installed in the cloud' },
];

/**
 * The checks of the built functions below `dist`: what each holds, weighs, installs and is deployed with.
 * @param {string} root
 * @returns {Check[]}
 */
export function functionChecks(root) {
  const dist = join(root, 'dist');
  const names = readdirSync(join(dist, 'cloudfunctions')).sort();
  return [
    { title: 'there is a function to upload', run: () => (names.length > 0 ? [] : ['dist/cloudfunctions is empty']) },
    ...names.flatMap((name) => [
      { title: `${name} holds nothing it must not`, run: () => findForbidden(readMeta(dist, name)) },
      { title: `${name} is at most ${mostBytes(dist, name) / 1000} kB`, run: () => findExcess(dist, name) },
      { title: `${name} is at most ${mostInAll(dist, name) / 1000} kB in all`, run: () => findExcessInAll(dist, name) },
      { title: `${name} installs the pinned SDK and nothing else`, run: () => findManifestFaults(root, name) },
      { title: `${name} is deployed alike by both tools`, run: () => findDeployFaults(dist, name) },
      { title: `${name} loads and exports main`, run: () => findLoadFaults(dist, name) },
    ]),
  ];
}

/**
 * Inputs with bytes in the output that no function may carry.
 * @param {import('esbuild').Metafile} metafile
 */
export function findForbidden(metafile) {
  const held = heldInputs(metafile);
  if (held.length === 0) return ['the metafile names no input'];
  return held.flatMap((path) => {
    const rule = FORBIDDEN.find(({ input }) => input.test(path));
    return rule ? [`holds ${path}, which ${rule.why}`] : [];
  });
}

/**
 * @param {string} dist
 * @param {string} name
 */
function mostBytes(dist, name) {
  const { triggers = [] } = readJson(join(dist, 'cloudfunctions', name, 'config.json'));
  return triggers.length > 0 ? MAX_TIMER_BUNDLE_BYTES : MAX_BUNDLE_BYTES;
}

/**
 * @param {string} dist
 * @param {string} name
 */
function mostInAll(dist, name) {
  return Math.max(mostBytes(dist, name), MAX_FOLDER_BYTES);
}

/**
 * @param {string} dist
 * @param {string} name
 */
function findExcess(dist, name) {
  const size = weigh(dist, name, 'index.js');
  return size <= mostBytes(dist, name) ? [] : [`weighs ${size} bytes`, ...weighParts(readMeta(dist, name))];
}

/**
 * @param {string} dist
 * @param {string} name
 */
function findExcessInAll(dist, name) {
  const files = listCode(dist, name);
  const size = files.reduce((sum, file) => sum + weigh(dist, name, file), 0);
  return size <= mostInAll(dist, name) ? [] : [`weighs ${size} bytes: ${files.join(', ')}`];
}

/**
 * The files of code in a function's folder: the one that is loaded first, and what that loads later.
 * @param {string} dist
 * @param {string} name
 */
function listCode(dist, name) {
  return readdirSync(join(dist, 'cloudfunctions', name)).filter((file) => file.endsWith('.js'));
}

/**
 * @param {string} dist
 * @param {string} name
 * @param {string} file
 */
function weigh(dist, name, file) {
  return statSync(join(dist, 'cloudfunctions', name, file)).size;
}

/**
 * Where the bytes of the first file are: one line per room and per package, heaviest first.
 * @param {import('esbuild').Metafile} metafile
 */
function weighParts(metafile) {
  /** @type {Map<string, number>} */
  const parts = new Map();
  const first = Object.entries(metafile.outputs).filter(([path]) => path.endsWith('/index.js'));
  for (const [, { inputs }] of first) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const part = /node_modules\/((?:@[^/]+\/)?[^/]+)|^(?:src\/)?([^/]+)/.exec(path)?.[0] ?? path;
      parts.set(part, (parts.get(part) ?? 0) + bytesInOutput);
    }
  }
  return [...parts].sort(([, a], [, b]) => b - a).map(([part, bytes]) => `${bytes} in ${part}`);
}

/**
 * @param {string} root
 * @param {string} name
 */
function findManifestFaults(root, name) {
  const own = readJson(join(root, 'package.json'));
  const { main, dependencies } = readJson(join(root, 'dist/cloudfunctions', name, 'package.json'));
  const wanted = JSON.stringify({ 'wx-server-sdk': own.devDependencies['wx-server-sdk'] });
  return [
    ...(main === 'index.js' ? [] : [`"main" is ${main}`]),
    ...(JSON.stringify(dependencies) === wanted ? [] : [`"dependencies" is ${JSON.stringify(dependencies)}`]),
  ];
}

/**
 * Compares what DevTools reads (config.json) with what the CloudBase CLI reads (cloudbaserc.json).
 * @param {string} dist
 * @param {string} name
 */
export function findDeployFaults(dist, name) {
  const config = readJson(join(dist, 'cloudfunctions', name, 'config.json'));
  const { functions } = readJson(join(dist, 'cloudbaserc.json'));
  const deployed = functions.find((/** @type {{ name: string }} */ entry) => entry.name === name);
  if (deployed === undefined) return ['cloudbaserc.json does not name it'];
  const differs = (/** @type {string} */ key, /** @type {unknown} */ wanted) =>
    JSON.stringify(deployed[key]) === JSON.stringify(wanted)
      ? []
      : [`${key} is ${JSON.stringify(deployed[key])} in cloudbaserc.json, ${JSON.stringify(wanted)} in config.json`];
  return [...differs('timeout', config.timeout), ...differs('triggers', config.triggers ?? [])];
}

/**
 * @param {string} dist
 * @param {string} name
 */
function findLoadFaults(dist, name) {
  const path = join(dist, 'cloudfunctions', name, 'index.js');
  const require = createRequire(path);
  for (const file of listCode(dist, name)) require(`./${file}`);
  const loaded = /** @type {unknown} */ (require(path));
  const main = typeof loaded === 'object' && loaded !== null && 'main' in loaded ? loaded.main : undefined;
  return typeof main === 'function' ? [] : ['exports no function main'];
}

/**
 * @param {string} dist
 * @param {string} name
 * @returns {import('esbuild').Metafile}
 */
function readMeta(dist, name) {
  return readJson(join(dist, 'meta/cloudfunctions', `${name}.json`));
}

/** @param {string} path */
function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}
