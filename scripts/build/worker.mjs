import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** The file a worker thread of the local cloud starts from; it is found beside the code that starts it. */
const WORKER = 'src/emulator/functions/worker.cjs';

/**
 * Puts the worker's file beside the outputs of `folder` that name it.
 * @param {string} root
 * @param {string} folder
 */
export function copyWorker(root, folder) {
  const source = join(root, WORKER);
  const scripts = readdirSync(folder).filter((file) => /\.(js|cjs|mjs)$/.test(file));
  const needed = scripts.some((file) => readFileSync(join(folder, file), 'utf8').includes(basename(WORKER)));
  if (needed && existsSync(source)) copyFileSync(source, join(folder, basename(WORKER)));
}
