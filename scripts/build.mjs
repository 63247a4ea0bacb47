// Builds what is shipped into dist/: cloud functions, the command line, the library.
// `--only functions,cli,library` builds a part; `--report stderr` keeps standard output free for who runs next.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildCli } from './build/cli.mjs';
import { buildFunctions } from './build/functions.mjs';
import { buildLibrary } from './build/library.mjs';
import { sizeTable } from './build/report.mjs';

/** @typedef {(where: { root: string, outDir: string }) => Promise<import('./build/report.mjs').Output[]>} Builder */

/** @type {Record<string, Builder>} */
const BUILDERS = { functions: buildFunctions, cli: buildCli, library: buildLibrary };

const { values } = parseArgs({
  options: { only: { type: 'string' }, report: { type: 'string' }, root: { type: 'string', default: '.' } },
});
const root = resolve(values.root);
const parts = values.only?.split(',') ?? Object.keys(BUILDERS);
const unknown = parts.filter((part) => !Object.hasOwn(BUILDERS, part));
if (unknown.length > 0)
  throw new Error(`cannot build ${unknown.join(', ')}; known: ${Object.keys(BUILDERS).join(', ')}`);

const print = values.report === 'stderr' ? console.error : console.log;
try {
  print(sizeTable(await buildParts()));
} catch (error) {
  // What esbuild found it has printed already, with the place; its error only repeats it.
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function buildParts() {
  const outputs = [];
  for (const part of parts) outputs.push(...((await BUILDERS[part]?.({ root, outDir: resolve(root, 'dist') })) ?? []));
  return outputs;
}
