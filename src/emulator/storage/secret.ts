import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The data folder's own secret, made on first use: file addresses stay valid when the local cloud is restarted. */
export function readOrCreateSecret(dir: string): string {
  const path = join(dir, 'secret');
  try {
    const known = readFileSync(path, 'utf8');
    if (known.length >= 64) return known;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const secret = randomBytes(32).toString('hex');
  writeFileSync(path, secret, { mode: 0o600 });
  return secret;
}
