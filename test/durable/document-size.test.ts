import { describe, expect, it } from 'vitest';
import { isDurableError } from '../../src/core/index.ts';
import { oversize } from '../../src/durable/index.ts';

describe('a record of the size of a document', () => {
  const LIMIT = 16 * 1024 * 1024;
  /** `_id` takes 2 + 3 + 1, `t` 2 + 1. */
  const AROUND = 9;
  const withText = (text: string, more: object = {}) => ({ _id: 'w', t: text, ...more });
  const bytesOf = (document: { _id: string }) => oversize(document)?.details['bytes'];

  it('is let through as long as it may fit, and refused beyond that with both sizes', () => {
    expect(oversize(withText('x'.repeat(LIMIT - AROUND)))).toBeUndefined();
    const error = oversize(withText('x'.repeat(LIMIT - AROUND + 1)));
    expect(isDurableError(error, 'STORE_TOO_LARGE')).toBe(true);
    expect(error?.details).toEqual({ bytes: LIMIT + 1, mostBytes: LIMIT });
  });

  it('is measured in the bytes that its characters take', () => {
    const third = Math.floor(LIMIT / 3);
    expect(bytesOf(withText('猫'.repeat(third + 1)))).toBe(3 * (third + 1) + AROUND);
    expect(oversize(withText('猫'.repeat(third - 9)))).toBeUndefined();
  });

  it('is measured with all that stands beside and inside it', () => {
    const text = 'x'.repeat(LIMIT);
    const bare = Number(bytesOf(withText(text)));
    const sizeOf = (more: object) => Number(bytesOf(withText(text, more))) - bare;
    expect(sizeOf({ number: 1 })).toBe(2 + 6 + 8);
    expect(sizeOf({ date: new Date(0) })).toBe(2 + 4 + 8);
    expect(sizeOf({ nothing: null, yes: true })).toBe(2 + 7 + 2 + 3);
    expect(sizeOf({ list: ['ab', 'c'] })).toBe(2 + 4 + (2 + 1 + 2) + (2 + 1 + 1));
    expect(sizeOf({ in: { deep: 'abc' } })).toBe(2 + 2 + 2 + 4 + 3);
  });

  it('is not measured exactly where it is small: a text counts as one byte a character at least', () => {
    const parts = Array.from({ length: 10 }, () => '猫'.repeat(1_000_000));
    expect(oversize({ _id: 'w', parts })).toBeUndefined();
    expect(bytesOf({ _id: 'w', ...{ parts: Array.from({ length: 17 }, () => 'x'.repeat(1_000_000)) } })).toBe(
      17_000_000 + 6 + 7 + 10 * 3 + 7 * 4,
    );
  });
});
