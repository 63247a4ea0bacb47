// `npm run chaos [-- --histories N] [--seed N] [--json]`: random histories of the functions as they are uploaded, through
// the real SDK, over a wire that breaks at drawn places. See test/chaos.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { buildChaos, bundle } from './chaos/build.mjs';

const where = { root: resolve('.'), outDir: resolve('dist/chaos') };
await buildChaos(where);
const { status } = spawnSync(process.execPath, [await bundle(where, 'main'), ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exit(status ?? 1);
