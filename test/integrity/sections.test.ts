import { describe, expect, it } from 'vitest';
import type { Section } from '../../src/records/index.ts';
import { USER_PLANTS, WORK_PLANTS, type Plant } from './plants.ts';
import { createScene } from './scene.ts';
import { healthyWorld } from './world.ts';

/** What a section found: ids by kind. */
const found = (section: Section | undefined) =>
  Object.fromEntries(
    (section?.findings ?? []).map(({ kind, ids, count }) => [kind, count === ids.length ? ids : count]),
  );

async function lookAt(...plants: readonly Plant[]) {
  const world = healthyWorld(30, 2);
  for (const plant of plants) plant.put(world);
  const report = await (await createScene(world)).run();
  return Object.fromEntries(report.sections.map((section) => [section.name, section]));
}

describe('a deployment in which nothing is wrong', () => {
  it('is well in both sections, without a single finding', async () => {
    const { works, users } = await lookAt();
    expect(works).toMatchObject({ status: 'ok', findings: [] });
    expect(users).toMatchObject({ status: 'ok', findings: [] });
  });
});

describe('section works', () => {
  it.each(WORK_PLANTS.map((plant) => [plant.what, plant] as const))(
    'finds %s, and nothing else',
    async (_what, plant) => {
      const { works, users } = await lookAt(plant);
      expect(found(works)).toEqual(plant.finds);
      expect(found(users)).toEqual({});
    },
  );
});

describe('section users', () => {
  it.each(USER_PLANTS.map((plant) => [plant.what, plant] as const))('judges %s rightly', async (_what, plant) => {
    const { works, users } = await lookAt(plant);
    expect(found(users)).toEqual(plant.finds);
    expect(found(works)).toEqual({});
  });
});
