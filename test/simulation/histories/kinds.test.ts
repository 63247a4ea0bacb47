import { describe, expect, it } from 'vitest';
import { runHistory, type History } from './history.ts';
import { drawKind, KIND_NAMES } from './kinds.ts';
import { drawProfile, type Profile } from './profile.ts';

const SEEDS = 4_000;
const profiles = Array.from({ length: SEEDS }, (_, index) => drawProfile(index + 1));

function seedOf(name: string, suits: (profile: Profile) => boolean = () => true): number {
  return 1 + profiles.findIndex((profile) => profile.kind === name && suits(profile));
}

/** Letters that wait in the collection, and those in files, when there are most of them. */
function mostLetters({ commits }: History): number {
  const there = new Set<string>();
  let most = 0;
  for (const { place, id, after } of commits) {
    if (place !== 'emergency_backup' && place !== 'letter-files') continue;
    const isWaiting = after !== undefined && after['state'] === 'waiting';
    if (isWaiting) there.add(`${place} ${id}`);
    else there.delete(`${place} ${id}`);
    most = Math.max(most, there.size);
  }
  return most;
}

describe('the kinds of worlds', () => {
  it('all come, and leave four worlds of five as they are', () => {
    const kinds = profiles.flatMap(({ kind }) => kind ?? []);
    expect([...new Set(kinds)].sort()).toEqual([...KIND_NAMES].sort());
    expect(kinds.length / SEEDS).toBeGreaterThan(0.15);
    expect(kinds.length / SEEDS).toBeLessThan(0.27);
    const usual = profiles.findIndex(({ kind }) => kind === undefined);
    expect(drawKind(usual + 1, profiles[usual] as Profile)).toEqual({});
  });

  it('bring a hundred letters and more home', async () => {
    const history = await runHistory({ seed: seedOf('backlog'), calls: 20 });
    expect(mostLetters(history)).toBeGreaterThan(80);
    expect(history.verdict.violations).toEqual([]);
  });

  it('bring pictures home that were made before this library, and keep those that are', async () => {
    const calm = ({ outageShare }: Profile): boolean => outageShare === 0;
    const { stored, truth, verdict } = await runHistory({ seed: seedOf('older records', calm), calls: 20 });
    const told = truth.answers.flatMap(({ said }) =>
      said.kind === 'final' && said.imageUrl.startsWith('older/') ? [said.imageUrl] : [],
    );
    expect(told.length).toBeGreaterThan(0);
    expect(stored.works.map(({ imageUrl }) => String(imageUrl))).toEqual(expect.arrayContaining(told));
    expect(verdict.violations).toEqual([]);
  });
});
