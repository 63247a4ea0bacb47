import { DurableError } from '../core/index.ts';
import type { Document } from '../store/index.ts';

/** The database's limit for one document, in bytes. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Each field has its type, its name's end and, of a text, its length. */
const FIELD_BYTES = 2;
const SCALAR_BYTES = 8;
/** Of a UTF-16 unit in UTF-8, at most. */
const MOST_PER_UNIT = 3;

/**
 * `STORE_TOO_LARGE` for a document that surely exceeds what the database takes, before its bytes are sent for nothing:
 * an insert of that size may also run out of time, which would not say that it can never succeed.
 */
export function oversize(document: Document): DurableError | undefined {
  const bytes = leastBytes(document);
  if (bytes <= MAX_BYTES) return undefined;
  return new DurableError('STORE_TOO_LARGE', 'the record is larger than a document may be; it was not sent', {
    details: { bytes, mostBytes: MAX_BYTES },
  });
}

/** As many bytes as the value takes at least. */
function leastBytes(value: unknown): number {
  if (typeof value === 'string') return textBytes(value);
  if (typeof value === 'number' || value instanceof Date) return SCALAR_BYTES;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce((sum, [name, item]) => sum + FIELD_BYTES + name.length + leastBytes(item), 0);
}

// Counted exactly only where it matters.
function textBytes(text: string): number {
  return text.length * MOST_PER_UNIT < MAX_BYTES / 2 ? text.length : new TextEncoder().encode(text).length;
}
