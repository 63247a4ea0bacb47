import { describe, expect, test } from 'vitest';
import { keepSample, type SampledFile } from '../../src/generation/check/file-sample.ts';

describe('the sample of files', () => {
  const filesTo = (count: number) =>
    Array.from({ length: count }, (_, n) => ({ id: `w_${n}`, fileId: `cloud://${n}` }));
  const sampleOf = (files: readonly { id: string; fileId: string }[], salt = 7): readonly SampledFile[] => {
    const sample: SampledFile[] = [];
    for (const file of files) keepSample(sample, file, salt);
    return sample;
  };

  test('is all of them up to a hundred, and of more the hundred of the lowest rank, in its order', () => {
    expect(sampleOf(filesTo(100))).toHaveLength(100);
    const sample = sampleOf(filesTo(500));
    expect(sample).toHaveLength(100);
    const ranks = sample.map(({ rank }) => rank);
    expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
    const all = filesTo(500).flatMap((file) => sampleOf([file]));
    const lowest = [...all].sort((a, b) => a.rank - b.rank).slice(0, 100);
    expect(sample).toEqual(lowest);
  });

  test('does not depend on the order of the walk, and is another one in every run', () => {
    const files = filesTo(500);
    expect(sampleOf([...files].reverse())).toEqual(sampleOf(files));
    const ids = (salt: number) => sampleOf(files, salt).map(({ id }) => id);
    expect(ids(8)).not.toEqual(ids(7));
  });

  test('is spread over the ids, though they differ in their last letters alone', () => {
    const drawn = sampleOf(filesTo(1_000)).map(({ id }) => Number(id.slice(2)));
    for (const quarter of [0, 1, 2, 3]) {
      const count = drawn.filter((n) => Math.floor(n / 250) === quarter).length;
      expect(count).toBeGreaterThan(10);
      expect(count).toBeLessThan(40);
    }
  });

  test('keeps the order in which files of one rank came', () => {
    const twice = ['first', 'second'].map((fileId) => ({ id: 'w_1', fileId }));
    expect(sampleOf(twice).map(({ fileId }) => fileId)).toEqual(['first', 'second']);
  });

  test('is in the order of ranks from the second file on', () => {
    const [a, b] = sampleOf(filesTo(2));
    for (const two of [filesTo(2), [...filesTo(2)].reverse()]) expect(sampleOf(two)).toEqual([a, b]);
    expect(Number(a?.rank)).toBeLessThan(Number(b?.rank));
  });
});
