import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Comparison } from './figures.ts';
import { KEPT, READMES, withComparison } from './readme.ts';

const kept = JSON.parse(readFileSync(KEPT, 'utf8')) as Comparison;

describe('the comparison in the READMEs', () => {
  it.each(Object.entries(READMES))('%s shows the figures of the last run, and nobody typed one', (file, language) => {
    const text = readFileSync(file, 'utf8');
    expect(withComparison(text, kept, language)).toBe(text);
  });

  it('would be noticed if a figure were typed', () => {
    const text = readFileSync('README.md', 'utf8');
    const typed = text.replace('**lost**: paid, no record', '**lost**: hardly any');
    expect(withComparison(typed, kept, 'en')).toBe(text);
    expect(typed).not.toBe(text);
  });

  it('is of a run that lost nothing of ours, doubled nothing, and paid nothing twice', () => {
    const ours = [kept, ...kept.variants].map(({ systems }) => systems.find(({ name }) => name === 'wx-durable'));
    for (const figures of ours) {
      expect(figures).toMatchObject({ lost: 0, duplicated: 0, paidTwice: 0, violations: 0 });
    }
    expect(kept.systems[0]?.calls).toBe(100_000);
  });
});
