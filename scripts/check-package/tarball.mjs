import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

/** @typedef {import('./run-checks.mjs').Check} Check */
/**
 * A packed package: its tarball, and the paths in it.
 * @typedef {{ root: string, tarball: string, paths: string[] }} Packed
 */

const runFile = promisify(execFile);

/** The only things that leave the house. */
const SHIPPED =
  /^(package\.json|LICENSE|README(\.zh-CN)?\.md|CHANGELOG\.md|dist\/(lib|cli|cloudfunctions)\/.+|dist\/(cloudbaserc|project\.config)\.json)$/;
const RUBBISH = /\.map$|\.test\.|(^|\/)(test|node_modules|meta)\//;

/**
 * Packs the package as npm would publish it.
 * @param {string} root
 * @param {string} into
 * @returns {Promise<Packed>}
 */
export async function pack(root, into) {
  const { stdout } = await runFile('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', into], {
    cwd: root,
  });
  const [packed] = JSON.parse(stdout);
  const paths = packed.files.map((/** @type {{ path: string }} */ file) => file.path);
  return { root, tarball: join(into, packed.filename), paths };
}

/**
 * The checks of the packed tarball: its content, its manifest, its types, and every door from an empty folder.
 * @param {Packed} packed
 * @param {string} scratch
 * @returns {Check[]}
 */
export function tarballChecks(packed, scratch) {
  const manifest = JSON.parse(readFileSync(join(packed.root, 'package.json'), 'utf8'));
  const doors = Object.keys(manifest.exports).filter((door) => !door.endsWith('.json'));
  const user = join(scratch, 'user');
  return [
    { title: 'the tarball holds what is shipped and no more', run: () => findStrayFiles(packed.paths) },
    { title: 'publint finds nothing', run: () => lintManifest(packed) },
    { title: 'the types resolve for every kind of importer', run: () => checkTypes(packed) },
    { title: 'the tarball installs in an empty folder', run: () => install(packed, user) },
    ...doors.flatMap((door) => doorChecks(`wx-durable${door.slice(1)}`, user)),
    { title: 'the declarations compile for a strict user', run: () => compileUser(packed.root, { user, doors }) },
    { title: 'the installed command tells its version', run: () => askVersion(user, manifest.version) },
    { title: 'the installed local cloud runs a function', run: () => runLocalCloud(user) },
  ];
}

/** @param {readonly string[]} paths */
export function findStrayFiles(paths) {
  if (paths.length === 0) return ['the tarball is empty'];
  return paths.filter((path) => !SHIPPED.test(path) || RUBBISH.test(path)).map((path) => `ships ${path}`);
}

/** @param {Packed} packed */
async function lintManifest({ tarball }) {
  const bytes = readFileSync(tarball);
  const pack = { tarball: /** @type {ArrayBuffer} */ (new Uint8Array(bytes).buffer) };
  const { messages, pkg } = await publint({ pack, strict: true });
  return messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code);
}

/** @param {Packed} packed */
async function checkTypes({ root, tarball }) {
  const attw = join(root, 'node_modules/.bin/attw');
  return capture(attw, [tarball, '--no-color', '--no-emoji', '--format', 'ascii'], root);
}

/**
 * @param {Packed} packed
 * @param {string} user
 */
async function install({ tarball }, user) {
  mkdirSync(user, { recursive: true });
  writeFileSync(join(user, 'package.json'), '{ "name": "user", "private": true }\n');
  // Offline on purpose: the package must not need another one.
  return capture('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], user);
}

/**
 * @param {string} specifier
 * @param {string} user
 * @returns {Check[]}
 */
function doorChecks(specifier, user) {
  const failIfEmpty = `if (Object.keys(door).length === 0) throw new Error('the door is empty');`;
  const asCommonJs = `const door = require('${specifier}'); ${failIfEmpty}`;
  const asModule = `import * as door from '${specifier}'; ${failIfEmpty}`;
  return [
    // Node 20.19 and newer could `require` an ES module and hide what older ones refuse.
    { title: `require('${specifier}')`, run: () => node(user, ['--no-experimental-require-module', '-e', asCommonJs]) },
    { title: `import '${specifier}'`, run: () => node(user, ['--input-type=module', '-e', asModule]) },
  ];
}

/**
 * Compiles a user's file that imports every door, with the libraries' own declarations checked.
 * @param {string} root
 * @param {{ user: string, doors: readonly string[] }} what
 */
async function compileUser(root, { user, doors }) {
  const lines = doors.flatMap((door, index) => [
    `import * as door${index} from 'wx-durable${door.slice(1)}';`,
    `export const keys${index}: string[] = Object.keys(door${index});`,
  ]);
  for (const file of ['user.mts', 'user.cts']) writeFileSync(join(user, file), `${lines.join('\n')}\n`);
  const options = ['--strict', '--noEmit', '--skipLibCheck', 'false', '--module', 'nodenext', '--target', 'es2022'];
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')];
  return capture(join(root, 'node_modules/.bin/tsc'), [...options, ...types, 'user.mts', 'user.cts'], user);
}

/**
 * @param {string} user
 * @param {string} version
 */
async function askVersion(user, version) {
  const { stdout } = await runFile(join(user, 'node_modules/.bin/wx-durable'), ['--version'], { cwd: user });
  return stdout.trim() === version ? [] : [`answered ${stdout}`];
}

/**
 * Starts the local cloud through both module systems: its worker file must lie where the bundle looks for it,
 * and the query operators, which register themselves, must not have been shaken off.
 * @param {string} user
 */
async function runLocalCloud(user) {
  const folder = join(user, 'functions/echo');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'index.js'), 'exports.main = async (event) => ({ twice: event.n * 2 });\n');
  writeFileSync(join(folder, 'config.json'), '{ "timeout": 5 }\n');
  const script = (/** @type {string} */ load, /** @type {string} */ dir) => `${load}
    (async () => {
      const emulator = await createEmulator({ dir: '${dir}', functionsDir: 'functions' });
      const answer = await emulator.invoke('echo', { n: 21 });
      if (answer.result?.twice !== 42) throw new Error(JSON.stringify(answer));
      const address = emulator.url + '/_emulator/collections/works';
      await fetch(address, { method: 'PUT', body: '{"_id":"a","n":1}\\n{"_id":"b","n":2}\\n' });
      const query = { action: 'database.getDocument', collectionName: 'works', query: '{"n":{"$gt":1}}' };
      const found = await fetch(emulator.url + '/admin', { method: 'POST', body: JSON.stringify(query) });
      const text = await found.text();
      if (!text.includes('"b') || text.includes('"a')) throw new Error(text);
      await emulator.close();
    })();`;
  const asCommonJs = script("const { createEmulator } = require('wx-durable/emulator');", 'data-cjs');
  const asModule = script("import { createEmulator } from 'wx-durable/emulator';", 'data-esm');
  return [
    ...(await node(user, ['--no-experimental-require-module', '-e', asCommonJs])),
    ...(await node(user, ['--input-type=module', '-e', asModule])),
  ];
}

/**
 * @param {string} cwd
 * @param {string[]} args
 */
function node(cwd, args) {
  return capture(process.execPath, args, cwd);
}

/**
 * Nothing when the command succeeds, else what it printed.
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 */
async function capture(command, args, cwd) {
  try {
    await runFile(command, args, { cwd, timeout: 120_000 });
    return [];
  } catch (error) {
    const { stdout = '', stderr = '', message } = /** @type {Error & { stdout?: string, stderr?: string }} */ (error);
    return [`${stdout}${stderr}`.trim() || message];
  }
}
