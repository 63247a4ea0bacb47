import { attemptName, canonicalJson } from '../../src/core/index.ts';
import type { Document } from '../../src/store/index.ts';
import { testHash } from './ports.ts';

/** The letter that waits for a record's first attempt, as the writer leaves it where there is no key. */
export function composeLetterFor(record: Document): Document {
  const { _id, userId, status, createdAt, deletedAt, ...rest } = record;
  const payload = { _id, userId, status, createdAt, ...rest };
  return {
    _id: attemptName(_id, 1),
    recordId: _id,
    collection: 'works',
    attempt: 1,
    state: 'waiting',
    payload,
    userId,
    status,
    createdAt,
    mac: `sha256:${testHash.sha256(canonicalJson(payload))}`,
    ...(deletedAt === undefined ? {} : { deletedAt }),
  };
}
