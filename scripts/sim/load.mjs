import { build } from 'esbuild';

/**
 * Imports a TypeScript module into a script.
 * @param {string} file
 * @returns {Promise<unknown>}
 */
export async function loadTypescript(file) {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  });
  const text = outputFiles[0]?.text ?? '';
  return import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`);
}
