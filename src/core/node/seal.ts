import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { DurableError, type Seal } from '../index.ts';

const VERSION = 'v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * AES-256-GCM and HMAC-SHA-256 under keys derived (HKDF, RFC 5869) from one secret of 32 bytes, given as
 * 64 hexadecimal characters or as base64. Throws `CONFIG_INVALID` for anything else, so that a mistyped key
 * is noticed at start and not at the first outage.
 */
export function createSeal(secret: string): Seal {
  const master = decodeKey(secret);
  const sealKey = derive(master, 'seal');
  const macKey = derive(master, 'mac');
  return {
    close(text) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', sealKey, nonce);
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return `${VERSION}.${Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64url')}`;
    },
    open: (token) => openToken(sealKey, token),
    mac: (text) => createHmac('sha256', macKey).update(text).digest('hex'),
  };
}

function openToken(key: Buffer, token: string): string {
  try {
    const [version, body] = token.split('.');
    if (version !== VERSION || body === undefined) throw new Error('not a sealed token');
    const bytes = Buffer.from(body, 'base64url');
    // The last character may hold bits that decoding ignores: one token has one spelling.
    if (bytes.toString('base64url') !== body) throw new Error('not a sealed token');
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
    const text = decipher.update(bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES));
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch (cause) {
    throw new DurableError('LETTER_INVALID', 'a sealed record was altered or belongs to another WX_DURABLE_KEY', {
      cause,
    });
  }
}

function derive(master: Buffer, label: string): Buffer {
  return Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), `wx-durable/${label}`, 32));
}

function decodeKey(secret: string): Buffer {
  const bytes = /^[0-9a-f]{64}$/i.test(secret) ? Buffer.from(secret, 'hex') : Buffer.from(secret, 'base64');
  if (bytes.length === 32) return bytes;
  throw new DurableError('CONFIG_INVALID', 'WX_DURABLE_KEY must be 32 bytes, as 64 hex characters or base64', {
    details: { bytes: bytes.length },
  });
}
