import { createHash } from 'node:crypto';

/** A few characters for a content: 96 bits, so that a million of them meet by chance once in 10^17 runs. */
export function digestOf(content: string | Uint8Array): string {
  return createHash('sha1').update(content).digest('base64').slice(0, 16);
}
