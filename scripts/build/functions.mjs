import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { cloudbaserc, functionManifest, projectConfig, readFunctionConfig } from './function-config.mjs';
import { writeNotices } from './licences.mjs';
import { heldInputs, sizeOf } from './report.mjs';

/** @typedef {import('./report.mjs').Output} Output */

/**
 * Bundles each folder of `cloudfunctions/` into a folder that can be uploaded as it is, and writes what the
 * two deployment tools read. The metafiles go to `meta/`, for the check of what a bundle holds.
 * @param {{ root: string, outDir: string }} where
 * @returns {Promise<Output[]>}
 */
export async function buildFunctions({ root, outDir }) {
  const names = listFunctions(root);
  rmSync(join(outDir, 'cloudfunctions'), { recursive: true, force: true });
  mkdirSync(join(outDir, 'cloudfunctions'), { recursive: true });
  const outputs = await Promise.all(names.map((name) => buildFunction(name, { root, outDir })));
  const functions = names.map((name) => ({ name, config: readFunctionConfig(join(root, 'cloudfunctions', name)) }));
  writeJson(join(outDir, 'cloudbaserc.json'), cloudbaserc(functions));
  writeJson(join(outDir, 'project.config.json'), projectConfig());
  return outputs;
}

/**
 * The functions of the project: the folders of `cloudfunctions/` that have an `index.ts`.
 * @param {string} root
 */
export function listFunctions(root) {
  const folder = join(root, 'cloudfunctions');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'index.ts')))
    .sort();
}

/**
 * @param {string} name
 * @param {{ root: string, outDir: string }} where
 * @returns {Promise<Output>}
 */
async function buildFunction(name, { root, outDir }) {
  const source = join(root, 'cloudfunctions', name);
  const folder = join(outDir, 'cloudfunctions', name);
  const { metafile } = await build({
    entryPoints: entriesOf(source),
    outdir: folder,
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node18',
    minify: true,
    keepNames: false,
    charset: 'utf8',
    legalComments: 'none',
    // The SDK brings packages without a licence, so it is installed in the cloud and never bundled.
    external: ['wx-server-sdk'],
    plugins: [laterFiles],
    // A file of CommonJS is loaded by `require`, which does not start Node's other loader.
    supported: { 'dynamic-import': false },
    metafile: true,
    logLevel: 'warning',
  });
  const inputs = heldInputs(metafile);
  writeNotices(folder, { root, inputs });
  writeJson(join(folder, 'package.json'), functionManifest(name, readVersions(root)));
  copyFileSync(join(source, 'config.json'), join(folder, 'config.json'));
  writeJson(join(outDir, 'meta', 'cloudfunctions', `${name}.json`), metafile);
  const bytes = entriesOf(source).map((entry) => sizeOf(join(folder, `${basename(entry, '.ts')}.js`)));
  return {
    what: `cloudfunctions/${name}`,
    bytes: bytes[0] ?? NaN,
    ...(bytes.length > 1 ? { laterBytes: bytes.slice(1).reduce((sum, each) => sum + each, 0) } : {}),
    inputs: inputs.length,
  };
}

/**
 * `index.ts`, and beside it what that loads later: each becomes a file of its own that stands alone, so what both
 * need is in both.
 * @param {string} source
 */
function entriesOf(source) {
  const later = readdirSync(source).filter((file) => file.endsWith('.ts') && file !== 'index.ts');
  return ['index.ts', ...later.sort()].map((file) => join(source, file));
}

/**
 * Leaves `import('./later.ts')` to the time when it runs.
 * @type {import('esbuild').Plugin}
 */
const laterFiles = {
  name: 'later-files',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/[^/]+\.ts$/ }, ({ path, kind }) =>
      kind === 'dynamic-import' ? { path: path.replace(/ts$/, 'js'), external: true } : undefined,
    );
  },
};

/** @param {string} root */
function readVersions(root) {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return { version: String(manifest.version), sdk: String(manifest.devDependencies['wx-server-sdk']) };
}

/**
 * @param {string} path
 * @param {unknown} value
 */
function writeJson(path, value) {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}
