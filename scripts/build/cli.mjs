import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { writeNotices } from './licences.mjs';
import { heldInputs, sizeOf } from './report.mjs';
import { copyWorker } from './worker.mjs';

/** @typedef {import('./report.mjs').Output} Output */

/** Some bundled packages are CommonJS and call `require`, which an ES module has to make for itself. */
const BANNER = [
  '#!/usr/bin/env node',
  "import { createRequire as createRequireOfBundle } from 'node:module';",
  'const require = createRequireOfBundle(import.meta.url);',
].join('\n');

/**
 * Bundles the command line into one executable file.
 * @param {{ root: string, outDir: string }} where
 * @returns {Promise<Output[]>}
 */
export async function buildCli({ root, outDir }) {
  const entry = join(root, 'src/cli/index.ts');
  if (!existsSync(entry)) return [];
  const folder = join(outDir, 'cli');
  const outfile = join(folder, 'index.js');
  rmSync(folder, { recursive: true, force: true });
  const { metafile } = await build({
    entryPoints: [entry],
    outfile,
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node18',
    charset: 'utf8',
    legalComments: 'none',
    banner: { js: BANNER },
    external: ['wx-server-sdk'],
    metafile: true,
    logLevel: 'warning',
  });
  chmodSync(outfile, 0o755);
  copyWorker(root, folder);
  const inputs = heldInputs(metafile);
  writeNotices(folder, { root, inputs });
  mkdirSync(join(outDir, 'meta'), { recursive: true });
  writeFileSync(join(outDir, 'meta/cli.json'), `${JSON.stringify(metafile)}\n`);
  return [{ what: 'cli', bytes: sizeOf(outfile), inputs: inputs.length }];
}
