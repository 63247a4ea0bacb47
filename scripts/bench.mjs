/** `npm run bench -- NAME [--json]`: bundles bench/NAME.ts and runs it; without a name lists what there is. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { build } from 'esbuild';
import { copyWorker } from './build/worker.mjs';

const [name, ...options] = process.argv.slice(2);
const names = readdirSync('bench')
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.slice(0, -'.bench.ts'.length));

if (name === undefined || !names.includes(name)) {
  console.error(`usage: npm run bench -- NAME [--json]\nbenchmarks: ${names.join(', ')}`);
  process.exit(3);
}
if (!existsSync('dist/cloudfunctions')) throw new Error('run `npm run build` first: a benchmark measures what ships');
mkdirSync('dist/bench', { recursive: true });
const outfile = `dist/bench/${name}.mjs`;
await build({
  entryPoints: [`bench/${name}.bench.ts`],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: ['wx-server-sdk', 'esbuild'],
  // Bundled CommonJS packages ask for Node's modules in their own way.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  logLevel: 'warning',
});
copyWorker('.', 'dist/bench');
const { status } = spawnSync(process.execPath, [outfile, ...options], { stdio: 'inherit' });
process.exit(status ?? 1);
