import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'tsdown';
import { writeNotices } from './licences.mjs';
import { copyWorker } from './worker.mjs';

/** @typedef {import('./report.mjs').Output} Output */
/**
 * One file of the library: what it loads at once and when asked (files beside it, and what it leaves to be
 * installed), and the source files in it.
 * @typedef {{ fileName: string, bytes: number, imports: string[], lazyImports: string[], inputs: string[] }} Chunk
 */
/**
 * @typedef {{
 *   fileName: string, code?: string, imports?: string[], dynamicImports?: string[],
 *   modules?: Record<string, { renderedLength?: number }>,
 * }} RolldownChunk
 */

/** The library's doors: name of the output, and the room it opens. package.json `exports` names the same. */
export const DOORS = {
  index: 'src/index.ts',
  'store/memory': 'src/store/memory/index.ts',
  'store/cloudbase': 'src/store/cloudbase/index.ts',
  emulator: 'src/emulator/index.ts',
  'emulator/wx': 'src/emulator/wx/index.ts',
};

/** Installed by the user, or part of Node; all else is bundled, because much of it is ESM only and users `require` us. */
const EXTERNAL = [/^wx-server-sdk$/, /^node:/];

/**
 * Builds the library's doors as ES modules, CommonJS and type declarations.
 * @param {{ root: string, outDir: string }} where
 * @returns {Promise<Output[]>}
 */
export async function buildLibrary({ root, outDir }) {
  const folder = join(outDir, 'lib');
  const entry = Object.fromEntries(Object.entries(DOORS).filter(([, file]) => existsSync(join(root, file))));
  rmSync(folder, { recursive: true, force: true });
  if (Object.keys(entry).length === 0) return [];
  /** @type {Chunk[]} */
  const chunks = [];
  await build({
    config: false,
    cwd: root,
    entry,
    outDir: folder,
    format: ['esm', 'cjs'],
    platform: 'node',
    target: 'node18',
    dts: true,
    fixedExtension: false,
    clean: false,
    logLevel: 'warn',
    deps: { alwaysBundle: (id) => !EXTERNAL.some((pattern) => pattern.test(id)), onlyBundle: false },
    // How long its own plugins took is no news of ours.
    checks: { pluginTimings: false },
    plugins: [collectChunks(chunks)],
  });
  restoreDirectives(folder);
  copyWorker(root, folder);
  writeNotices(folder, { root, inputs: chunks.flatMap((chunk) => chunk.inputs) });
  mkdirSync(join(outDir, 'meta'), { recursive: true });
  writeFileSync(join(outDir, 'meta/library.json'), `${JSON.stringify(chunks, null, 2)}\n`);
  return Object.keys(entry).map((name) => weigh(name, chunks));
}

/**
 * Notes every chunk that is written, with the modules it holds and the chunks it needs.
 * @param {Chunk[]} chunks
 */
function collectChunks(chunks) {
  return {
    name: 'collect-chunks',
    /**
     * @param {unknown} _options
     * @param {Record<string, unknown>} bundle
     */
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) {
        const { code, fileName, imports = [], dynamicImports = [], modules = {} } = /** @type {RolldownChunk} */ (file);
        const bytes = Buffer.byteLength(code ?? '');
        const held = Object.entries(modules).filter(([, module]) => module.renderedLength !== 0);
        chunks.push({
          fileName,
          bytes,
          imports,
          lazyImports: dynamicImports,
          inputs: held.map(([path]) => path),
        });
      }
    },
  };
}

/**
 * Gives `@ts-ignore` comments of bundled declarations their own line again: such a comment speaks for the line
 * after it, the bundler's printer joins the two, and then zod's types no longer compile for a user who checks
 * the declarations of libraries.
 * @param {string} folder
 */
function restoreDirectives(folder) {
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!/\.d\.c?ts$/.test(file)) continue;
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replaceAll(/\/\*\* @ts-ignore [^*\n]*\*\/(?!\n)/g, '$&\n'));
  }
}

/**
 * What a user of this door loads: its own file and the shared ones it needs at once.
 * @param {string} door
 * @param {readonly Chunk[]} chunks
 * @returns {Output}
 */
function weigh(door, chunks) {
  const wanted = [`${door}.js`];
  let bytes = 0;
  let inputs = 0;
  for (let next = 0; next < wanted.length; next += 1) {
    const chunk = chunks.find(({ fileName }) => fileName === wanted[next]);
    if (chunk === undefined) continue;
    bytes += chunk.bytes;
    inputs += chunk.inputs.length;
    wanted.push(...chunk.imports.filter((file) => !wanted.includes(file)));
  }
  return { what: `lib/${door}`, bytes, inputs };
}
