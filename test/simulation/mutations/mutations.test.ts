import { mkdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundle, edited, type Edit } from '../../../scripts/sim/bundle.mjs';
import { runOnWorkers } from '../../../scripts/sim/pool.mjs';
import type { Report } from '../exhaustive.ts';
import type { Task } from '../exhaustive-tasks.ts';
import type { Find, Hunt } from './bug-worker.ts';
import { bugs } from './bugs.ts';
import { ruleMutations } from './rules.ts';

beforeAll(() => void mkdirSync('dist/simulation', { recursive: true }));

describe('a planted mistake', () => {
  const covers = ruleMutations.flatMap(({ name, covered }) =>
    covered ? [{ ...covered, name: `cover of: ${name}` }] : [],
  );
  it.each([...ruleMutations, ...covers, ...bugs].map(({ name, edits }) => [name, edits] as const))(
    'still has its place in the sources: %s',
    (_name, edits) => {
      for (const edit of edits) expect(edited(readFileSync(edit.file, 'utf8'), edit)).not.toBe('');
    },
  );

  it('is refused where its place is gone, or is there twice', () => {
    const edit: Edit = { file: 'x.ts', find: 'a', replace: 'b' };
    expect(() => edited('nothing', edit)).toThrow('found 0 times');
    expect(() => edited('a or a', edit)).toThrow('found 2 times');
  });

  it('is refused in a file that is no part of what is run', async () => {
    const edit: Edit = { file: 'src/cli/index.ts', find: 'a', replace: 'b' };
    await expect(bundle('test/simulation/exhaustive-worker.ts', 'dist/simulation/none.mjs', [edit])).rejects.toThrow(
      'is no part of',
    );
  });
});

describe('without a rule of the protocol', () => {
  const CALL: Task = { name: 'one call', mood: 'paints', maxAttempts: 1, maxFaults: 1 };
  const count = async (name: string, edits: readonly Edit[], task: Task): Promise<number> => {
    const file = resolve(`dist/simulation/test-${name}.mjs`);
    await bundle('test/simulation/exhaustive-worker.ts', file, edits);
    const [report] = await runOnWorkers<Task, Report>([{ file, task }], { workers: 1 });
    return report?.wrong ?? 0;
  };

  it('nothing goes wrong as long as all of them are there', async () => {
    expect(await count('sound', [], CALL)).toBe(0);
  });

  it.each([
    ['opens whatever is held', { ...CALL, name: 'a call and its client retry at once' }],
    ['does not look at the lease before paying', CALL],
    ['closes before the record is acknowledged', CALL],
    ['recovery does not bring letters of closed holds home', CALL],
    ['never gives up what is unknown', CALL],
  ] as const)('some placement of faults goes wrong: %s', async (name, task) => {
    const { edits } = ruleMutations.find((mutation) => mutation.name === name) as { edits: readonly Edit[] };
    expect(await count(name.replaceAll(' ', '-'), edits, task)).toBeGreaterThan(0);
  });
});

describe('random histories', () => {
  const hunt = async (name: string, edits: readonly Edit[], task: Hunt): Promise<readonly Find[]> => {
    const file = resolve(`dist/simulation/test-${name}.mjs`);
    await bundle('test/simulation/mutations/bug-worker.ts', file, edits);
    const [found] = await runOnWorkers<Hunt, readonly Find[]>([{ file, task }], { workers: 1 });
    return found ?? [];
  };

  it.each([
    'closes what is closed',
    'allows one picture more than the quota (<= for <)',
    'writes the lease in seconds',
    'resolves before the lease is over',
    'prunes holds after seconds',
    'leaves no tombstone',
    'computes the day at UTC',
  ])('find a mistake: %s', async (name) => {
    const { edits } = bugs.find((bug) => bug.name === name) as { edits: readonly Edit[] };
    const file = name.replaceAll(/[^a-z]+/g, '-');
    expect(await hunt(file, edits, { from: 1, to: 100, calls: 20, except: [] })).not.toEqual([]);
  });
});
