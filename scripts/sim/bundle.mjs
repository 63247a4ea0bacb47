// Bundles a part of the simulation, if need be with one line of the sources replaced.
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { build } from 'esbuild';

/** @typedef {import('../../test/simulation/mutations/mutation.ts').Edit} Edit */

/**
 * Bundles `entry` for Node as one ES module; with edits, each is made on the way. Throws where one no longer matches its
 * source exactly once: then nothing would be tested.
 * @param {string} entry
 * @param {string} outfile
 * @param {readonly Edit[]} [edits]
 */
export async function bundle(entry, outfile, edits = []) {
  const made = new Set();
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    plugins: [{ name: 'edits', setup: (hooks) => plant(hooks, edits, made) }],
  });
  const missed = edits.find((edit) => !made.has(edit));
  if (missed) throw new Error(`${missed.file} is no part of ${entry}`);
}

/**
 * @param {import('esbuild').PluginBuild} hooks
 * @param {readonly Edit[]} edits
 * @param {Set<Edit>} made
 */
function plant(hooks, edits, made) {
  if (edits.length === 0) return;
  hooks.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
    const file = relative('.', path).replaceAll('\\', '/');
    const here = edits.filter((edit) => edit.file === file);
    if (here.length === 0) return undefined;
    const source = await readFile(path, 'utf8');
    for (const edit of here) made.add(edit);
    return { contents: here.reduce(edited, source), loader: 'ts' };
  });
}

/**
 * The source with the mistake in it.
 * @param {string} source
 * @param {Edit} edit
 */
export function edited(source, { file, find, replace }) {
  const parts = source.split(find);
  if (parts.length !== 2) throw new Error(`found ${parts.length - 1} times in ${file}, not once: ${find}`);
  return parts.join(replace);
}
