import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Names of the built functions in a folder: its folders with an `index.js`. None when the folder is missing. */
export function findFunctions(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'index.js')))
    .sort();
}
