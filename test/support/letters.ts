import { canonicalJson } from '../../src/core/index.ts';
import { createSeal } from '../../src/core/node/index.ts';
import { composeLetter, createAuthenticator } from '../../src/durable/letter.ts';
import { letterFile } from '../../src/durable/tiers.ts';
import type { Document } from '../../src/store/index.ts';
import { testHash } from './ports.ts';

export interface LetterOptions {
  /** Counted from 1. @default 1 */
  readonly attempt?: number;
  /** WX_DURABLE_KEY of the deployment that wrote it. @default none */
  readonly key?: string;
  /** When it was written. @default 1 */
  readonly atMs?: number;
}

/** The letter that waits for a record's attempt, as the writer leaves it where there is no key. */
export function composeLetterFor(record: Document, attempt = 1): Document {
  return composeLetterWith(record, { attempt });
}

/** The letter that waits for a record, as the writer of a certain deployment leaves it. */
export function composeLetterWith(record: Document, { attempt = 1, key, atMs = 1 }: LetterOptions): Document {
  const { deletedAt, ...rest } = record;
  // A person's deletion stands beside the payload, which stays as it was written.
  const payload = rest;
  const request = { collection: 'works', record: payload, attempt, failures: [], atMs };
  const authenticator = createAuthenticator(testHash, key === undefined ? undefined : createSeal(key));
  const letter = composeLetter(authenticator, request);
  return { ...letter, ...(deletedAt === undefined ? {} : { deletedAt }) };
}

/** A letter in the flat form of the code before this library: the record with its failure mixed into it, and no `_id`. */
export function composeOlderLetter(letterId: string, { _id: id, ...record }: Document, atMs = 1): Document {
  const failure = { backupReason: 'works_collection_save_failed', originalError: 'timeout', retryCount: 3 };
  return { _id: letterId, ...record, id, ...failure, timestamp: new Date(atMs) };
}

/** The id that the record of such a letter is given: who, what and when, so that two letters of one picture make one. */
export function olderIdOf({ userId, prompt, createdAt }: Readonly<Record<string, unknown>>): string {
  return `w_${testHash.sha256(canonicalJson(['older', userId, prompt, createdAt])).slice(0, 32)}`;
}

/** What is wrong with each of these letters, all of which nobody can bring home. */
export const DAMAGES: Readonly<Record<string, (letter: Document) => Document>> = {
  'its code is of another record': (letter) => ({ ...letter, mac: `sha256:${'0'.repeat(64)}` }),
  'its code is cut off': (letter) => ({ ...letter, mac: String(letter['mac']).slice(0, -1) }),
  'it has no code': ({ mac: _mac, ...letter }) => letter,
  'its record is a text': (letter) => ({ ...letter, payload: canonicalJson(letter['payload']) }),
  'its record is a list': (letter) => ({ ...letter, payload: [letter['payload']] }),
  'its record is null': (letter) => ({ ...letter, payload: null }),
  'it has no record': ({ payload: _payload, ...letter }) => letter,
  'its record is another': (letter) => ({ ...letter, payload: { ...(letter['payload'] as Document), _id: 'w_other' } }),
  'it does not name its record': ({ recordId: _recordId, ...letter }) => letter,
  'its attempt is a text': (letter) => ({ ...letter, attempt: '1' }),
  'it is empty': ({ _id }) => ({ _id }),
  'a client wrote it': (letter) => ({ ...letter, _openid: 'oPlanter' }),
  'it is of the older form, without an id': ({ _id, payload }) => {
    const { id: _id2, ...older } = composeOlderLetter(_id, payload as Document);
    return { ...older, _id };
  },
};

/** A letter as it lies in storage: the name of its file, and what is in it. */
export function letterAsFile(letter: Document, key: string): { readonly name: string; readonly text: string } {
  return { name: letterFile(letter._id), text: createSeal(key).close(canonicalJson(letter)) };
}
