import { mkdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../../scripts/sim/bundle.mjs';
import { runOnWorkers } from '../../../scripts/sim/pool.mjs';
import type { Find, Hunt } from './bug-worker.ts';
import { defects } from './defects.ts';
import type { Edit } from './mutation.ts';

beforeAll(() => void mkdirSync('dist/simulation', { recursive: true }));

/** What these seeds show, with these edits in the sources. */
async function play(name: string, edits: readonly Edit[], seeds: readonly number[]): Promise<readonly Find[]> {
  const file = resolve(`dist/simulation/defect-${name}.mjs`);
  await bundle('test/simulation/mutations/bug-worker.ts', file, edits);
  const jobs = seeds.map((seed) => ({ file, task: { from: seed, to: seed + 1, calls: 20, except: [] } }));
  return (await runOnWorkers<Hunt, readonly Find[]>(jobs, { workers: 1 })).flat();
}

const seedsOf = (finds: readonly Find[]): readonly number[] => finds.map(({ seed }) => seed);

describe('a defect that random histories once found', () => {
  it.each(defects.map((defect, index) => [defect.name, defect, index] as const))(
    'is shown by each of its seeds where it is put back, and by none without it: %s',
    async (_name, { edits, seeds }, index) => {
      expect(seedsOf(await play(String(index), edits, seeds))).toEqual(seeds);
      expect(await play('none', [], seeds)).toEqual([]);
    },
  );

  it('is told in the change log with every seed', () => {
    const told = readFileSync('CHANGELOG.md', 'utf8');
    for (const seed of defects.flatMap(({ seeds }) => seeds)) expect(told).toContain(String(seed));
  });
});
