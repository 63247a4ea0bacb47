import { describe, expect, it, test } from 'vitest';
import { isDurableError } from '../../src/core/index.ts';
import { createSeal } from '../../src/core/node/index.ts';
import { composeLetter, createAuthenticator, readLetter } from '../../src/durable/letter.ts';
import type { Document } from '../../src/store/index.ts';
import { composeLetterWith, olderIdOf } from '../support/letters.ts';
import { testHash } from '../support/ports.ts';
import { KEY, WORK } from './bench.ts';
import { FLAT } from './redrive-scene.ts';

const OTHER_KEY = 'f'.repeat(64);
const plain = createAuthenticator(testHash);
const keyed = createAuthenticator(testHash, createSeal(KEY));

/** Why a letter is refused: its id, and whether a key might mend it; fails where it is read. */
function refusalOf(document: Document, least?: 'digest', authenticator = plain) {
  try {
    readLetter(document, authenticator, least);
  } catch (error) {
    if (isDurableError(error, 'LETTER_INVALID')) return error.details;
    throw error;
  }
  throw new Error('it was read');
}

describe('a letter as it is composed', () => {
  const compose = (record: Document) =>
    composeLetter(plain, { collection: 'works', record, attempt: 2, failures: [], atMs: 7 });

  it('has beside its record what is asked for in queries, where that is of its type', () => {
    const at = { createdAt: new Date(5) };
    expect(compose({ _id: 'w', userId: 'u', status: 'failed', ...at })).toMatchObject({
      ...{ userId: 'u', status: 'failed', ...at },
    });
    const odd = compose({ _id: 'w', userId: 7, status: null, createdAt: 'yesterday' });
    for (const field of ['userId', 'status', 'createdAt']) expect(odd).not.toHaveProperty(field);
  });

  it('says that nothing was attempted where nothing was, and counts only what was', () => {
    expect(compose({ _id: 'w' })).toMatchObject({ originalError: 'not attempted', retryCount: 0, _id: 'w_2' });
    const failure = { attempt: 0, code: 'STORE_UNAVAILABLE', message: 'known to be down', latencyMs: 0 } as const;
    const failures = [failure, { ...failure, attempt: 1, message: 'the last' }];
    expect(composeLetter(plain, { collection: 'works', record: WORK, attempt: 1, failures, atMs: 7 })).toMatchObject({
      ...{ originalError: 'the last', retryCount: 1, attempts: failures, timestamp: new Date(7) },
    });
  });
});

describe('what the code of a letter proves', () => {
  const byKey = composeLetterWith(WORK, { key: KEY });
  const byDigest = composeLetterWith(WORK, {});
  const withPrevious = createAuthenticator(testHash, createSeal(KEY), [createSeal(OTHER_KEY)]);

  it('is that it is ours, under the key, a previous one, or where there is none', () => {
    expect(readLetter(byKey, keyed)).toMatchObject({ isSigned: true, payload: WORK });
    expect(readLetter(composeLetterWith(WORK, { key: OTHER_KEY }), withPrevious)).toMatchObject({ isSigned: true });
    expect(readLetter(byDigest, plain)).toMatchObject({ isSigned: true });
  });

  it('is only that it is undamaged, where it is older than the key: enough for those who ask no more', () => {
    expect(readLetter(byDigest, keyed, 'digest')).toMatchObject({ isSigned: false, payload: WORK });
    expect(refusalOf(byDigest, undefined, keyed)).toEqual({ letterId: 'w_0011_1', awaits: 'key' });
  });

  it('may come right with another key, where it is under one that is not known here', () => {
    for (const authenticator of [plain, createAuthenticator(testHash, createSeal(OTHER_KEY))])
      expect(refusalOf(byKey, 'digest', authenticator)).toEqual({ letterId: 'w_0011_1', awaits: 'key' });
  });

  it.each([
    ['a digest of something else', `sha256:${'0'.repeat(64)}`],
    ['no hexadecimal code', `hmac:${'g'.repeat(64)}`],
    ['a code that was cut', `hmac:${'0'.repeat(63)}`],
    ['a code with something behind it', `hmac:${'0'.repeat(65)}`],
    ['a code with something before it', `x hmac:${'0'.repeat(64)}`],
    ['a number', 7],
    ['nothing', undefined],
  ])('is that it is damaged for good, where it is %s', (_what, mac) => {
    expect(refusalOf({ ...byDigest, mac }, 'digest', keyed)).toEqual({ letterId: 'w_0011_1' });
  });
});

describe('a letter in our form', () => {
  const letter = composeLetterWith(WORK, {});

  it.each([
    ['a client wrote it', { ...letter, _openid: 'oThief' }],
    ['it names another record', { ...letter, recordId: 'w_0012' }],
    ['it names none', { ...letter, recordId: undefined, payload: { ...WORK, _id: undefined } }],
    ['the number of its attempt is a text', { ...letter, attempt: '1' }],
  ])('is refused for good where %s', (_what, document) => {
    expect(refusalOf(document as Document, 'digest')).toEqual({ letterId: 'w_0011_1' });
  });
});

test('a record without an id makes no letter, though its code fits', () => {
  const nameless = { ...WORK, _id: undefined } as unknown as Document;
  const letter = composeLetter(plain, { collection: 'works', record: nameless, attempt: 1, failures: [], atMs: 7 });
  expect(refusalOf({ ...letter, _id: 'w_0011_1' })).toEqual({ letterId: 'w_0011_1' });
});

describe('a letter of the older flat form', () => {
  const { _id, ...fields } = FLAT;

  it('is read as the letter of its record, with what stood beside it', () => {
    const letter = readLetter({ ...FLAT, state: 'waiting', deletedAt: new Date(3) }, plain);
    const recordId = olderIdOf(FLAT);
    expect(letter).toMatchObject({
      ...{ _id, recordId, collection: 'works', attempt: 0, state: 'waiting', deletedAt: new Date(3), isSigned: true },
      ...{ backupReason: 'works_collection_save_failed', originalError: 'timeout', retryCount: 3 },
      ...{ timestamp: new Date(10), attempts: [] },
    });
    expect(letter).not.toHaveProperty('prompt');
    expect(letter.payload).toEqual({
      ...{ _id: recordId, id: 'work_1700000000000', userId: 'u1', prompt: '小狗', status: 'completed' },
      createdAt: new Date(9),
    });
  });

  it('goes nowhere but into the works, as no attempt, whatever else stands in it', () => {
    const letter = readLetter({ ...FLAT, collection: 'users', attempt: 9 }, plain);
    expect(letter).toMatchObject({ collection: 'works', attempt: 0 });
  });

  it.each([
    ['its person', { userId: undefined }],
    ['its wish', { prompt: 7 }],
    ['its moment', { createdAt: 'some day' }],
  ])('keeps the id that it had where it does not tell %s', (_what, change) => {
    expect(readLetter({ ...FLAT, ...change }, plain).recordId).toBe('work_1700000000000');
  });

  it.each([
    ['a number, which may be seconds or anything', 1_700_000_000],
    ['a text that is no date', 'some day'],
    ['a mark with nothing in it', { $date: null }],
    ['true', true],
  ])('keeps a moment as it is that is %s', (_what, createdAt) => {
    expect(readLetter({ ...FLAT, createdAt }, plain).payload['createdAt']).toEqual(createdAt);
  });

  it.each([
    ['a field that only our form has', { ...FLAT, mac: 'sha256:0' }],
    ['an id that only our letters have', { ...FLAT, _id: `w_${'a'.repeat(32)}_1` }],
    ['no reason why it was kept', { _id, ...fields, backupReason: undefined }],
    ['no id of its record', { ...FLAT, id: 7 }],
    ['a record that is a list', { ...FLAT, payload: [1] }],
    ['a record that is null', { ...FLAT, payload: null }],
  ])('is none with %s', (_what, document) => {
    expect(refusalOf(document, 'digest')).toEqual({ letterId: document._id });
  });
});
