import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { capture, runFile } from './commands.mjs';
import { doorScripts, localCloudScripts } from './user-scripts.mjs';

/** @typedef {import('./run-checks.mjs').Check} Check */
/** @typedef {import('./user-scripts.mjs').Installed} Installed */
/**
 * A packed package: its tarball, and the paths in it.
 * @typedef {{ root: string, tarball: string, paths: string[] }} Packed
 */

/** The only things that leave the house. */
const SHIPPED =
  /^(package\.json|LICENSE|README(\.zh-CN)?\.md|CHANGELOG\.md|docs\/[\w-]+\.md|examples\/[\w-]+\/(index\.js|config\.json)|dist\/(lib|cli|cloudfunctions)\/.+|dist\/(cloudbaserc|project\.config)\.json)$/;
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
 * Where the tarball will be installed, and what will be found there.
 * @param {Packed} packed
 * @param {string} scratch
 * @returns {Installed}
 */
export function installedPackage({ root }, scratch) {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const doors = Object.keys(manifest.exports).filter((door) => !door.endsWith('.json'));
  return {
    user: join(scratch, 'user'),
    doors: doors.map((door) => `wx-durable${door.slice(1)}`),
    version: manifest.version,
  };
}

/**
 * The checks of the packed tarball: its content, its manifest, its types, and every door from an empty folder.
 * @param {Packed} packed
 * @param {Installed} installed
 * @returns {Check[]}
 */
export function tarballChecks(packed, { user, doors, version }) {
  return [
    { title: 'the tarball holds what is shipped and no more', run: () => findStrayFiles(packed.paths) },
    { title: 'publint finds nothing', run: () => lintManifest(packed) },
    { title: 'the types resolve for every kind of importer', run: () => checkTypes(packed) },
    { title: 'the tarball installs in an empty folder', run: () => install(packed, user) },
    ...doors.flatMap((door) => doorChecks(door, user)),
    { title: 'the declarations compile for a strict user', run: () => compileUser(packed.root, { user, doors }) },
    { title: 'the installed command tells its version', run: () => askVersion(user, version) },
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
async function install({ root, tarball }, user) {
  mkdirSync(user, { recursive: true });
  writeFileSync(join(user, 'package.json'), '{ "name": "user", "private": true }\n');
  // Offline on purpose: the package must not need another one.
  const problems = await capture('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], user);
  // The peer that every user has beside it, as it is installed here.
  if (problems.length === 0) symlinkSync(join(root, 'node_modules/wx-server-sdk'), sdkFolder(user), 'dir');
  return problems;
}

/** @param {string} user */
const sdkFolder = (user) => join(user, 'node_modules/wx-server-sdk');

/**
 * @param {string} specifier
 * @param {string} user
 * @returns {Check[]}
 */
function doorChecks(specifier, user) {
  const { asCommonJs, asModule } = doorScripts([specifier]);
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
    `import * as door${index} from '${door}';`,
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

/** @param {string} user */
async function runLocalCloud(user) {
  const { asCommonJs, asModule } = localCloudScripts(user);
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
