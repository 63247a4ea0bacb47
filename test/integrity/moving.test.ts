/** What moves while it is looked at. */
import { describe, expect, it } from 'vitest';
import { createDeadline } from '../../src/core/index.ts';
import type { Store } from '../../src/store/index.ts';
import { createMemoryBlobs, createMemoryStore, type MemoryStore } from '../../src/store/memory/index.ts';
import { createTestClock } from '../support/test-clock.ts';
import { createWorldCheck } from './scene.ts';
import { failedWork, healthyWorld, NOW_MS, TODAY, user, userIdOf, work, workIdOf, type World } from './world.ts';

/** The report of a world in which something happens just before each statement of this name. */
async function reportWhile(
  world: World,
  statement: string,
  happens: (memory: MemoryStore, time: number) => Promise<unknown>,
) {
  const memory = createMemoryStore(['users', 'works', 'emergency_backup']);
  for (const name of ['users', 'works', 'emergency_backup'] as const)
    for (const document of world[name]) await memory.insert(name, document);
  let time = 0;
  const names: string[] = [];
  const before = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
    names.push(name);
    if (name === statement) await happens(memory, (time += 1));
    return run();
  };
  const store: Store = {
    ...memory,
    page: (name, request) => before(`page ${name}`, () => memory.page(name, request)),
    count: (name, where) => before(`count ${name}`, () => memory.count(name, where)),
    group: (name, request) => before(`group ${name}`, () => memory.group(name, request)),
    twins: (name, request) => before(`twins ${name}`, () => memory.twins(name, request)),
  };
  const clock = createTestClock(NOW_MS);
  const check = createWorldCheck({ store, clock, blobs: createMemoryBlobs() });
  const { state } = await check.advance(undefined, createDeadline(clock, NOW_MS + 600_000));
  const { sections } = check.report(state);
  const found = sections.flatMap(({ findings }) => findings.filter(({ kind }) => kind !== 'file-missing'));
  return { found, names, sections };
}

/** One whole call of this user: opened, paid, recorded, closed. */
async function callOf(memory: MemoryStore, number: number, name: string): Promise<void> {
  await memory.insert('works', work(number, name, { createdAt: new Date(NOW_MS) }));
  const inc = { generateCount: 1, 'quota.seq': 2, [`quota.used.d${TODAY}`]: 1 };
  await memory.update('users', { id: userIdOf(number) }, { inc });
}

describe('a user who makes a picture while they are looked at', () => {
  it('is not wrong, though the works that are counted are more than the counter read', async () => {
    const { found } = await reportWhile(healthyWorld(3, 1), 'group works', (memory, time) =>
      time === 1 ? callOf(memory, 1, 'meanwhile') : Promise.resolve(),
    );
    expect(found).toEqual([]);
  });

  it('is left to the next run, and said to be, when they never stop', async () => {
    const { found, sections } = await reportWhile(healthyWorld(3, 1), 'group works', (memory, time) =>
      callOf(memory, 1, `again${time}`),
    );
    expect(found).toEqual([{ kind: 'user-busy', weight: 'note', count: 1, ids: [userIdOf(1)] }]);
    expect(sections.find(({ name }) => name === 'users')).toMatchObject({ status: 'ok', figures: { wrong: 0 } });
  });

  it('hides nobody else, who is wrong and stands still', async () => {
    const world = healthyWorld(3, 1);
    world.users[2] = user(2, 7);
    const { found } = await reportWhile(world, 'group works', (memory, time) => callOf(memory, 1, `again${time}`));
    expect(found.map(({ kind, ids }) => [kind, ids])).toEqual([
      ['generate-count-wrong', [userIdOf(2)]],
      ['user-busy', [userIdOf(1)]],
    ]);
  });

  it('may be gone by the time they are looked at again', async () => {
    const world = healthyWorld(3, 1);
    world.users[2] = user(2, 7);
    const { found } = await reportWhile(world, 'group works', (memory) => memory.remove('users', { id: userIdOf(2) }));
    expect(found).toEqual([]);
  });
});

describe('a user who registers while the works are looked at', () => {
  it('is a user, and their work belongs to somebody', async () => {
    const { found } = await reportWhile(healthyWorld(3, 1), 'count works', async (memory) => {
      await memory.insert('users', user(9, 0));
      await memory.insert('works', failedWork(9, 'first'));
    });
    expect(found).toEqual([]);
  });

  it('does not hide the work of somebody who does not exist', async () => {
    const { found } = await reportWhile(healthyWorld(3, 1), 'count works', async (memory) => {
      await memory.insert('users', user(9, 0));
      await memory.insert('works', failedWork(9, 'first'));
      await memory.insert('works', failedWork(8, 'stray'));
    });
    expect(found).toMatchObject([{ kind: 'user-unknown', count: 1, ids: [workIdOf(8, 'stray')] }]);
  });
});

describe('the requests of a check', () => {
  const nothing = () => Promise.resolve();
  const tally = (names: readonly string[]) =>
    Object.fromEntries([...new Set(names)].sort().map((name) => [name, names.filter((one) => one === name).length]));

  it('grow with pages of 1,000, not with users', async () => {
    const { names } = await reportWhile(healthyWorld(2_500, 1), '', nothing);
    expect(tally(names)).toEqual({
      // The last page of each of the two lanes is found to be the last.
      'page works': 7,
      'page users': 3 + 1 + 3,
      'count works': 3,
      'twins works': 3,
      'page emergency_backup': 3,
      'group works': 2 * 3,
    });
  });

  it('ask for smaller pages once the platform has cut one', async () => {
    const limits: number[] = [];
    const memory = createMemoryStore(['users', 'works', 'emergency_backup']);
    for (const document of healthyWorld(700, 1).works) await memory.insert('works', document);
    const store: Store = {
      ...memory,
      page(name, request) {
        if (name === 'works' && request.fields?.includes('imageUrl')) limits.push(request.limit);
        return memory.page(name, { ...request, limit: Math.min(request.limit, 500) });
      },
    };
    const clock = createTestClock(NOW_MS);
    const check = createWorldCheck({ store, clock, blobs: createMemoryBlobs() });
    const { state } = await check.advance(undefined, createDeadline(clock, NOW_MS + 600_000));
    expect(limits).toEqual([1_000, 1_000, 500, 500]);
    expect(check.report(state).sections[0]?.figures).toMatchObject({ total: 1_400 });
  });
});
