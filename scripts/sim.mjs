/**
 * `npm run sim -- [--seeds N] [--calls N] [--seed N] [--json]`: bundles a simulation and runs it. Without a mode these are
 * the random histories; a mode is the first option that the table names.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { build } from 'esbuild';

const HISTORIES = 'test/simulation/histories/run.ts';
/** @type {Readonly<Record<string, string>>} */
const MODES = { compare: 'test/simulation/comparison/run.ts' };

const options = process.argv.slice(2);
const mode = options.map((option) => option.replace(/^--/, '').replace(/=.*/, '')).find((name) => name in MODES);
const outfile = `dist/sim/${mode ?? 'histories'}.mjs`;
mkdirSync('dist/sim', { recursive: true });
await build({
  entryPoints: [mode === undefined ? HISTORIES : (MODES[mode] ?? HISTORIES)],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
});
const { status } = spawnSync(process.execPath, [outfile, ...options], { stdio: 'inherit' });
process.exit(status ?? 1);
