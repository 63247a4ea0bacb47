import { cpSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * The unmodified SDK in one file, in `folder/node_modules`: it loads in half of the time, which counts where every
 * command and every instance that is killed loads it anew.
 * @param {{ root: string, folder: string }} where
 */
export async function gatherSdk({ root, folder }) {
  const installed = join(root, 'node_modules/wx-server-sdk');
  const gathered = join(folder, 'node_modules/wx-server-sdk');
  mkdirSync(gathered, { recursive: true });
  await build({
    entryPoints: [join(installed, 'index.js')],
    outfile: join(gathered, 'index.js'),
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'warning',
  });
  cpSync(join(installed, 'package.json'), join(gathered, 'package.json'));
}

// As a step of `npm test`.
if (process.argv[1] === fileURLToPath(import.meta.url))
  await gatherSdk({ root: resolve('.'), folder: resolve('dist/sdk') });
