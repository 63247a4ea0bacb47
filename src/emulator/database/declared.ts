import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DurableError } from '../../core/index.ts';
import type { Database } from './database.ts';
import { isFields } from './document.ts';

/**
 * Declares what `database.json` beside the functions says:
 * `{ "indexes": { "works": [{ "keys": { "userId": 1, "createdAt": -1 } }] } }`. Collections are created when missing.
 * Without the file nothing happens; `CONFIG_INVALID` for one that cannot be read.
 */
export function declareFromFile(database: Database, functionsDir: string): void {
  const path = join(functionsDir, 'database.json');
  if (!existsSync(path)) return;
  try {
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const indexes = isFields(content) ? content['indexes'] : undefined;
    if (!isFields(indexes)) throw new Error('"indexes" is missing');
    for (const [name, list] of Object.entries(indexes)) database.declareIndexes(name, list);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DurableError('CONFIG_INVALID', `${path} cannot be used: ${why}`, { cause });
  }
}
