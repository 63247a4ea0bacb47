import { describe, expect, test } from 'vitest';
import { anomaliesOf } from '../../src/generation/check/anomalies.ts';
import type { Document } from '../../src/store/index.ts';
import { failedWork, HOUR_MS, MINUTE_MS, NOW_MS, olderWork, unknownWork, work } from '../integrity/world.ts';

const ago = (ms: number): Date => new Date(NOW_MS - ms);
const found = (document: Document, readAtMs = NOW_MS) => anomaliesOf(document, { nowMs: NOW_MS, readAtMs });
const PENDING = { state: 'pending', fileId: null };

describe('nothing is wrong', () => {
  test.each<[string, Document]>([
    ['with a completed record', work(1, 'a')],
    ['with a failed one', failedWork(1, 'a')],
    ['with one as older code wrote it that failed', olderWork(1, 'a', { status: 'failed' })],
    ['with one that no asset was made for', failedWork(1, 'a', { asset: undefined })],
  ])('%s', (_what, document) => {
    expect(found(document)).toEqual([]);
  });
});

describe('a record is malformed', () => {
  test.each<[string, Document]>([
    ['without the moment at which it was made', work(1, 'a', { createdAt: 7 })],
    ['with a moment that is none', { ...work(1, 'a'), createdAt: new Date(Number.NaN) }],
    ['of version 0', work(1, 'a', { schemaVersion: 0 })],
    ['of version one and a half', work(1, 'a', { schemaVersion: 1.5 })],
    ['completed without an end', work(1, 'a', { finishedAt: null })],
    ['failed without an end', failedWork(1, 'a', { finishedAt: null })],
    ['failed for no reason', failedWork(1, 'a', { errorCode: '' })],
    ['with a price that is a text', work(1, 'a', { price: '1' })],
    ['of a day of seven digits', work(1, 'a', { day: '2026112' })],
    ['of a day of nine digits', work(1, 'a', { day: '202611220' })],
    ['of an attempt that is none', work(1, 'a', { attempt: 1.5 })],
    ['whose copy is nowhere', failedWork(1, 'a', { asset: { state: 'copied', fileId: '' } })],
    ['whose asset is in a state that nobody knows', failedWork(1, 'a', { asset: { state: 'teleported' } })],
  ])('%s', (_what, document) => {
    expect(found(document)).toContain('work-malformed');
  });

  test('not for want of an end or a reason while its result is unknown', () => {
    expect(found(unknownWork(1, 'a', { createdAt: ago(1), errorCode: null }))).toEqual(['unknown-waiting']);
  });

  test('not where older code wrote it, of which little can be expected', () => {
    expect(found(olderWork(1, 'a', { price: 'x', status: 'failed' }))).toEqual([]);
    expect(found(olderWork(1, 'a', { createdAt: 'x', status: 'failed' }))).toEqual(['work-malformed']);
  });
});

test('a status that nobody knows and a missing user are found, and each alone', () => {
  expect(found(work(1, 'a', { status: 'odd' }))).toEqual(['status-strange']);
  for (const userId of ['', 7, undefined]) expect(found(work(1, 'a', { userId }))).toEqual(['user-missing']);
});

describe('what depends on time is found from the first millisecond on, and not before', () => {
  test('a record of the future: a minute after it was read', () => {
    const readAtMs = NOW_MS + 5_000;
    const made = (ms: number) => failedWork(1, 'a', { createdAt: new Date(readAtMs + ms) });
    expect(found(made(MINUTE_MS), readAtMs)).toEqual([]);
    expect(found(made(MINUTE_MS + 1), readAtMs)).toEqual(['created-in-future']);
  });

  test('an unknown result: after 25 hours, or where it has no moment', () => {
    expect(found(unknownWork(1, 'a', { createdAt: ago(25 * HOUR_MS) }))).toEqual(['unknown-waiting']);
    expect(found(unknownWork(1, 'a', { createdAt: ago(25 * HOUR_MS + 1) }))).toEqual(['unknown-overdue']);
    expect(found(unknownWork(1, 'a', { createdAt: null }))).toEqual(['work-malformed', 'unknown-overdue']);
  });

  test('a picture that is not copied: after an hour, or where the record has no moment', () => {
    const pending = (createdAt: unknown) => found(work(1, 'a', { createdAt, asset: PENDING }));
    expect(pending(ago(HOUR_MS))).toEqual(['picture-pending']);
    expect(pending(ago(HOUR_MS + 1))).toEqual(['picture-not-copied']);
    expect(pending(null)).toEqual(['work-malformed', 'picture-not-copied']);
  });
});

describe('a completed record', () => {
  test.each([
    ['has lost its picture', { asset: { state: 'lost' } }, 'picture-lost'],
    ['never had a copy', { asset: null }, 'picture-of-older-record'],
    ['shows nothing', { asset: null, imageUrl: '' }, 'completed-without-picture'],
    ['shows nothing, not even in time', { asset: PENDING, imageUrl: null }, 'completed-without-picture'],
  ])('that %s', (_what, fields, kind) => {
    expect(found(work(1, 'a', fields))).toEqual([kind]);
  });

  test('with a copy needs no address, and others need no picture', () => {
    expect(found(work(1, 'a', { imageUrl: '' }))).toEqual([]);
    expect(found(failedWork(1, 'a', { asset: { state: 'lost' } }))).toEqual([]);
  });
});
