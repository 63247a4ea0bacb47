import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { Clock, Hash, Random } from '../index.ts';

/** The machine's clock. */
export const nodeClock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/** The machine's randomness; tokens are cryptographically strong. */
export const nodeRandom: Random = {
  next: () => Math.random(),
  token: () => randomBytes(16).toString('hex'),
};

/** OpenSSL's SHA-256. */
export const nodeHash: Hash = {
  sha256: (text) => createHash('sha256').update(text).digest('hex'),
  hmacSha256: (key, text) => createHmac('sha256', key).update(text).digest('hex'),
};
