// Bundles a part of the simulation, if need be with one line of the sources replaced.
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { build } from 'esbuild';

/**
 * One planted mistake: `find` stands in `file` exactly once, and is replaced.
 * @typedef {{ readonly name: string, readonly file: string, readonly find: string, readonly replace: string }} Mutation
 */

/**
 * Bundles `entry` for Node as one ES module; with mutations, each is applied on the way. Throws where one no longer
 * matches its source exactly once: then nothing would be tested.
 * @param {string} entry
 * @param {string} outfile
 * @param {readonly Mutation[]} mutations
 */
export async function bundle(entry, outfile, mutations = []) {
  const applied = new Set();
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    plugins: [{ name: 'mutations', setup: (hooks) => plant(hooks, mutations, applied) }],
  });
  const missed = mutations.find((mutation) => !applied.has(mutation));
  if (missed) throw new Error(`"${missed.name}": ${missed.file} is no part of ${entry}`);
}

/**
 * @param {import('esbuild').PluginBuild} hooks
 * @param {readonly Mutation[]} mutations
 * @param {Set<Mutation>} applied
 */
function plant(hooks, mutations, applied) {
  if (mutations.length === 0) return;
  hooks.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
    const file = relative('.', path).replaceAll('\\', '/');
    const here = mutations.filter((mutation) => mutation.file === file);
    if (here.length === 0) return undefined;
    const source = await readFile(path, 'utf8');
    for (const mutation of here) applied.add(mutation);
    return { contents: here.reduce(replaced, source), loader: 'ts' };
  });
}

/**
 * The source with the mistake in it.
 * @param {string} source
 * @param {Mutation} mutation
 */
export function replaced(source, { name, file, find, replace }) {
  const parts = source.split(find);
  if (parts.length !== 2) throw new Error(`"${name}": found ${parts.length - 1} times in ${file}, not once: ${find}`);
  return parts.join(replace);
}
