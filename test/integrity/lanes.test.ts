import { describe, expect, it } from 'vitest';
import { testHash } from '../support/ports.ts';
import { createScene, createWorldCheck } from './scene.ts';
import { healthyWorld, work } from './world.ts';

/** Ids as the library makes them, and such as stand at the ends of the lanes or were made by others. */
const HASHED = Array.from({ length: 2_600 }, (_, n) => `w_${testHash.sha256(String(n)).slice(0, 32)}`);
const STRANGE = ['0', 'ffff', 'w_', 'w_3~', 'w_4', 'w_40', 'w_7fff', 'w_8', 'w_c', 'w_c0', 'w_g', 'work_17', '中'];

function worldOf(ids: readonly string[]) {
  const world = healthyWorld(0, 0);
  for (const [n, _id] of ids.entries())
    world.works.push({ ...work(1, n), _id, id: _id, status: 'strange', userId: 'u1' });
  return world;
}

async function sectionOf(ids: readonly string[]) {
  const { sections } = await (await createScene(worldOf(ids))).run();
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

  it('keep what was counted when the pages that were read ahead never come', async () => {
    const ids = Array.from({ length: 3_000 }, (_, n) => `w_${testHash.sha256(String(n)).slice(0, 32)}`);
    const { check, clock, store, blobs, within } = await createScene(worldOf(ids));
    const firstRound = ['ok', 'ok'] as const;
    store.plan({ 'page works': [...firstRound, ...Array.from({ length: 100 }, () => 'hang' as const)] });
    const first = await clock.until(check.advance(undefined, within(20_000)));
    expect(first.finished).toBe(false);
    store.plan({});
    // Another instance goes on: this one's breaker may be open.
    const other = createWorldCheck({ store, blobs, clock });
    const before = store.names().length;
    const { state, finished } = await clock.until(other.advance(first.state, within(60_000)));
    expect(finished).toBe(true);
    expect(other.report(state).sections[0]?.figures).toMatchObject({ total: 3_000 });
    // One more page of each lane, as in a world of few records, and not the first ones again.
    const few = await createScene(worldOf(['w_1']));
    await few.run();
    const pagesIn = (names: readonly string[]) => names.filter((name) => name === 'page works').length;
    expect(pagesIn(store.names().slice(before))).toBe(pagesIn(few.store.names()));
  });
});
