import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildFunctions } from '../build/functions.mjs';
import { copyWorker } from '../build/worker.mjs';
import { gatherSdk } from '../test/one-file-sdk.mjs';

/** Seconds. As short as leaves time for everything: whoever waits for a picture that never comes waits so long. */
const TIME_LIMITS = /** @type {Record<string, number>} */ ({ generateImage: 20 });

/**
 * What chaos runs on, below `outDir`: the functions as they are uploaded (`built/`), shells around them that live in the
 * time of a history (`shells/cloud/functions/`), and the local cloud as a program (`cloud-process.mjs`).
 * @param {{ root: string, outDir: string }} where
 */
export async function buildChaos({ root, outDir }) {
  rmSync(outDir, { recursive: true, force: true });
  await buildFunctions({ root, outDir: join(outDir, 'built') });
  await gatherSdk({ root, folder: join(outDir, 'built') });
  writeShells({ root, outDir });
  await bundle({ root, outDir }, 'cloud-process');
  copyWorker(root, outDir);
}

/**
 * One program of `test/chaos`, as a file that plain Node can run.
 * @param {{ root: string, outDir: string }} where
 * @param {string} name
 * @returns {Promise<string>}
 */
export async function bundle({ root, outDir }, name) {
  const outfile = join(outDir, `${name}.mjs`);
  await build({
    entryPoints: [join(root, 'test/chaos', `${name}.ts`)],
    outfile,
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    // Bundled CommonJS asks for Node's modules in its own way.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'warning',
  });
  return outfile;
}

/** @param {{ root: string, outDir: string }} where */
function writeShells({ root, outDir }) {
  for (const name of readdirSync(join(outDir, 'built/cloudfunctions'))) {
    const folder = join(outDir, 'shells/functions', name);
    mkdirSync(folder, { recursive: true });
    copyFileSync(join(root, 'test/chaos/function-shell.cjs'), join(folder, 'index.js'));
    copyFileSync(join(root, 'test/chaos/world-time.cjs'), join(folder, 'world-time.cjs'));
    const config = JSON.parse(readFileSync(join(outDir, 'built/cloudfunctions', name, 'config.json'), 'utf8'));
    const timeout = TIME_LIMITS[name] ?? config.timeout;
    writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, timeout }));
  }
}
