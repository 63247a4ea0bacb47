/** Bundles the comparison and runs it. */
import { spawnSync } from 'node:child_process';
import { build } from 'esbuild';

const outfile = 'dist/sim/compare.mjs';
await build({
  entryPoints: ['test/simulation/comparison/run.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
});
const { status } = spawnSync(process.execPath, [outfile, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exit(status ?? 1);
