import { composeLetter, createAuthenticator } from '../../src/durable/letter.ts';
import type { Document } from '../../src/store/index.ts';
import { testHash } from './ports.ts';

/** The letter that waits for a record's attempt, as the writer leaves it where there is no key. */
export function composeLetterFor(record: Document, attempt = 1): Document {
  const { deletedAt, ...rest } = record;
  // A person's deletion stands beside the payload, which stays as it was written.
  const payload = rest;
  const request = { collection: 'works', record: payload, attempt, failures: [], atMs: 1 };
  const letter = composeLetter(createAuthenticator(testHash), request);
  return { ...letter, ...(deletedAt === undefined ? {} : { deletedAt }) };
}
