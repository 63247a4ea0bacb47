import { describe, expect, it } from 'vitest';
import { testHash } from '../support/ports.ts';
import { createScene } from './scene.ts';
import { healthyWorld, work } from './world.ts';

/** Ids as the library makes them, and such as stand at the ends of the lanes or were made by others. */
const HASHED = Array.from({ length: 2_600 }, (_, n) => `w_${testHash.sha256(String(n)).slice(0, 32)}`);
const STRANGE = ['0', 'ffff', 'w_', 'w_3~', 'w_4', 'w_40', 'w_7fff', 'w_8', 'w_c', 'w_c0', 'w_g', 'work_17', '中'];

async function sectionOf(ids: readonly string[]) {
  const world = healthyWorld(0, 0);
  for (const [n, _id] of ids.entries())
    world.works.push({ ...work(1, n), _id, id: _id, status: 'strange', userId: 'u1' });
  const { sections } = await (await createScene(world)).run();
  return sections.find(({ name }) => name === 'works');
}

describe('the lanes in which records are walked', () => {
  it('meet every record once, wherever its id lies, and name the first of what they find', async () => {
    const ids = [...HASHED, ...STRANGE];
    const section = await sectionOf(ids);
    expect(section?.figures).toMatchObject({ total: ids.length, other: ids.length });
    const finding = section?.findings.find(({ kind }) => kind === 'status-strange');
    expect(finding).toMatchObject({ count: ids.length, ids: [...ids].sort().slice(0, 20) });
  });

  it.each(STRANGE)('meet %s where it is the only one', async (id) => {
    const section = await sectionOf([id]);
    expect(section?.figures).toMatchObject({ total: 1 });
    expect(section?.findings.find(({ kind }) => kind === 'status-strange')?.ids).toEqual([id]);
  });
});
