import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordId } from '../../src/core/index.ts';
import { addPruned, mayBePruned } from '../../src/once/pruned.ts';
import { testHash } from '../support/ports.ts';

const idOf = (n: number): string => recordId(testHash, 'o-person', String(n));

describe('what is remembered of pruned holds', () => {
  it('knows every id that was put into it, in whatever parts, and stays as long as it is', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.string(), { maxLength: 40 }), { maxLength: 10 }), (parts) => {
        const filter = parts.reduce<string | undefined>((before, ids) => addPruned(before, ids), undefined);
        for (const id of parts.flat()) expect(mayBePruned(filter, id)).toBe(true);
        if (filter !== undefined) expect(filter).toMatch(/^[0-9a-f]{1024}$/);
      }),
    );
  });

  it.each([
    [0, 0],
    [300, 0.02],
    [1_000, 0.2],
  ])('after %i ids takes a new one for an old one at most so often: %f', (count, atMost) => {
    const filter = addPruned(
      undefined,
      Array.from({ length: count }, (_, n) => idOf(n)),
    );
    const wrong = Array.from({ length: 2_000 }, (_, n) => idOf(10_000 + n)).filter((id) => mayBePruned(filter, id));
    expect(wrong.length / 2_000).toBeLessThanOrEqual(atMost);
  });

  it('knows nothing where nothing was pruned', () => {
    expect(mayBePruned(undefined, idOf(1))).toBe(false);
  });
});
