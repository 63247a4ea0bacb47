import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, join } from 'node:path';
import { DOORS } from '../build/library.mjs';
import { NOTICE_FILE, packageFolders } from '../build/licences.mjs';
import { heldInputs, sizeOf } from '../build/report.mjs';

/** @typedef {import('./run-checks.mjs').Check} Check */
/** @typedef {import('./user-scripts.mjs').Installed} Installed */
/** @typedef {import('../build/library.mjs').Chunk} Chunk */
/**
 * One output: the source files in it, and what it leaves to be installed.
 * @typedef {{ what: string, folder: string, inputs: string[], externals: string[] }} Bundle
 */

const SDK = 'wx-server-sdk';

/** What belongs to a developer's machine: the local cloud, and the command line, which starts one. */
const MACHINE_ONLY = /\/node_modules\/(mingo|bson|pureimage|commander|cli-table3)\//;
const MACHINE_OUTPUTS = ['lib/emulator', 'cli'];

/** What a web page loads, too. */
const BROWSER_OUTPUTS = ['lib/emulator/wx'];

/**
 * The checks of what our outputs hold and need, from what the builds wrote down.
 * @param {string} root
 * @param {Installed} installed
 * @returns {Check[]}
 */
export function contentChecks(root, { user }) {
  const manifest = readJson(join(root, 'package.json'));
  const shipped = join(user, 'node_modules/wx-durable/dist');
  return [
    { title: 'the package installs no other at run time', run: () => findDependencies(manifest) },
    { title: 'only the local cloud and the command hold its parts', run: () => findMisplaced(readBundles(root)) },
    { title: 'no output holds the SDK, and nothing else is left out', run: () => findExternals(readBundles(root)) },
    { title: 'the licences of what is bundled are shipped', run: () => findUnlicensed(readBundles(root), shipped) },
  ];
}

/**
 * Ways of a manifest to make npm install something: only the SDK may be named, as a peer that may be absent.
 * @param {Record<string, Record<string, unknown> | undefined>} manifest
 */
export function findDependencies(manifest) {
  const forbidden = ['dependencies', 'optionalDependencies', 'bundleDependencies', 'bundledDependencies'];
  const found = forbidden.filter((field) => manifest[field] !== undefined).map((field) => `"${field}" is there`);
  const { [SDK]: sdk, ...peers } = manifest['peerDependencies'] ?? {};
  const meta = /** @type {{ optional?: boolean } | undefined} */ (manifest['peerDependenciesMeta']?.[SDK]);
  if (sdk === undefined || meta?.optional !== true) found.push(`${SDK} is no optional peer`);
  return [...found, ...Object.keys(peers).map((peer) => `${peer} is a peer`)];
}

/** @param {readonly Bundle[]} bundles */
export function findMisplaced(bundles) {
  if (bundles.every(({ inputs }) => inputs.length === 0)) return ['nothing was built'];
  return bundles
    .filter(({ what }) => !MACHINE_OUTPUTS.includes(what))
    .flatMap(({ what, inputs }) =>
      packageFolders(inputs)
        .filter((folder) => MACHINE_ONLY.test(`/${folder}/`))
        .map((folder) => `${what} holds ${folder}`),
    );
}

/** @param {readonly Bundle[]} bundles */
export function findExternals(bundles) {
  return bundles.flatMap(({ what, inputs, externals }) => [
    ...inputs.filter((path) => path.includes(`node_modules/${SDK}/`)).map((path) => `${what} holds ${path}`),
    // The library is handed the SDK; what imports it by itself are the functions and the command.
    ...externals
      .filter((name) => !isBuiltin(name) || BROWSER_OUTPUTS.includes(what))
      .filter((name) => name !== SDK || what.startsWith('lib/'))
      .map((name) => `${what} needs ${name}`),
  ]);
}

/** @param {string} name */
const isBuiltin = (name) => name.startsWith('node:') || builtinModules.includes(name);

/**
 * @param {readonly Bundle[]} bundles
 * @param {string} dist the `dist` of the installed package
 */
export function findUnlicensed(bundles, dist) {
  return bundles.flatMap(({ what, folder, inputs }) => {
    const path = join(dist, folder, NOTICE_FILE);
    const notices = existsSync(path) ? readFileSync(path, 'utf8') : '';
    return packageFolders(inputs)
      .map((one) => readJson(join(one, 'package.json')))
      .map(({ name, version }) => `${name} ${version}`)
      .filter((title) => !notices.includes(`${title} (`))
      .map((title) => `${folder}/${NOTICE_FILE} does not name ${title}, which ${what} holds`);
  });
}

/**
 * Every output with a list of what it holds.
 * @param {string} root
 * @returns {Bundle[]}
 */
function readBundles(root) {
  const meta = join(root, 'dist/meta');
  const chunks = /** @type {Chunk[]} */ (readJson(join(meta, 'library.json')));
  const functions = readdirSync(join(root, 'dist/cloudfunctions'));
  return [
    ...Object.keys(DOORS).flatMap((door) =>
      ['.js', '.cjs'].map((ending) => readDoor(door, `${door}${ending}`, chunks)),
    ),
    readMetafile(root, { what: 'cli', folder: 'cli', path: join(meta, 'cli.json') }),
    ...functions.map((name) => {
      const folder = `cloudfunctions/${name}`;
      return readMetafile(root, { what: folder, folder, path: join(meta, `${folder}.json`) });
    }),
  ];
}

/**
 * A door with all the files it may load.
 * @param {string} door
 * @param {string} file
 * @param {readonly Chunk[]} chunks
 * @returns {Bundle}
 */
function readDoor(door, file, chunks) {
  const wanted = new Set([file]);
  const held = [];
  const externals = [];
  for (const name of wanted) {
    const chunk = chunks.find(({ fileName }) => fileName === name);
    if (chunk === undefined) externals.push(name);
    else held.push(chunk);
    for (const next of [...(chunk?.imports ?? []), ...(chunk?.lazyImports ?? [])]) wanted.add(next);
  }
  return { what: `lib/${door}`, folder: 'lib', inputs: held.flatMap((chunk) => chunk.inputs), externals };
}

/**
 * @param {string} root
 * @param {{ what: string, folder: string, path: string }} output
 * @returns {Bundle}
 */
function readMetafile(root, { what, folder, path }) {
  const metafile = /** @type {import('esbuild').Metafile} */ (readJson(path));
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  // What a function loads when it is first needed lies beside it, built in the same run.
  const own = new Set(Object.keys(metafile.outputs).map((file) => `./${basename(file)}`));
  return {
    what,
    folder,
    inputs: heldInputs(metafile).map((input) => join(root, input)),
    externals: imports.filter(({ external, path: name }) => external && !own.has(name)).map((one) => one.path),
  };
}

/**
 * What everything weighs that leaves the house, for the report.
 * @param {string} root
 * @param {string} tarball
 */
export function listWeights(root, tarball) {
  const dist = join(root, 'dist');
  const functions = readdirSync(join(dist, 'cloudfunctions')).map((name) => `cloudfunctions/${name}/index.js`);
  const doors = Object.keys(DOORS).map((door) => `lib/${door}.cjs`);
  const files = [...functions, ...doors, 'cli/index.js'].map((file) => ({
    what: file,
    bytes: sizeOf(join(dist, file)),
  }));
  return [...files, { what: 'the tarball', bytes: statSync(tarball).size }]
    .map(({ what, bytes }) => `# ${`${(bytes / 1000).toFixed(1)} kB`.padStart(10)}  ${what}`)
    .join('\n');
}

/** @param {string} path */
function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}
