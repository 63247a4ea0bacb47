import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { targetsOf, type Comparison, type Figures } from './figures.ts';
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

  it('is of a run that met every target, and in which the original lost, doubled and paid twice', () => {
    const [original, ours] = ['original', 'wx-durable'].map((name) => kept.systems.find((one) => one.name === name));
    expect(targetsOf(ours as Figures, original as Figures).filter(({ met }) => !met)).toEqual([]);
    for (const what of ['lost', 'duplicated', 'paidTwice'] as const) expect(original?.[what]).toBeGreaterThan(0);
  });

  it('would not pass with a figure that misses its target', () => {
    const [original, ours] = ['original', 'wx-durable'].map((name) => kept.systems.find((one) => one.name === name));
    const missed = (worse: Partial<Figures>): readonly string[] =>
      targetsOf({ ...ours, ...worse } as Figures, original as Figures).flatMap(({ what, met }) => (met ? [] : [what]));
    expect(missed({ lost: 1 })).toEqual(['lost']);
    expect(missed({ duplicated: 1 })).toEqual(['duplicated']);
    expect(missed({ paidTwice: 1 })).toEqual(['paid twice']);
    expect(missed({ refusedOutsideOutages: 101 })).toEqual(['refused outside outages, share']);
    expect(missed({ unknown: 1_000 })).toEqual(['unknown, at most the kills']);
    expect(missed({ p99Ms: 15_000 })).toEqual(['p99 in ms, at most the original’s']);
    expect(missed({ happyRequests: 6, happyInSequence: 5 })).toHaveLength(2);
  });
});
