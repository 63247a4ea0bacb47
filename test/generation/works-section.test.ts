import { describe, expect, test } from 'vitest';
import { createDeadline } from '../../src/core/index.ts';
import { createWorksSection } from '../../src/generation/index.ts';
import type { Document } from '../../src/store/index.ts';
import { createMemoryBlobs, createMemoryStore } from '../../src/store/memory/index.ts';
import { runSection } from '../integrity/section-runs.ts';
import { fileIdOf, HOUR_MS, NOW_MS, olderWork, user, userIdOf, work, workIdOf } from '../integrity/world.ts';
import { createFlakyBlobs, createFlakyStore } from '../support/flaky-store.ts';
import { memoryLog, seededRandom } from '../support/ports.ts';
import { createTestClock } from '../support/test-clock.ts';

/** What is stored; the file of a picture is there unless it is named among those that are gone. */
interface Stored {
  readonly users?: readonly Document[];
  readonly works?: readonly Document[];
  readonly gone?: readonly string[];
  readonly deep?: boolean;
}

async function createScene({ users = [], works = [], gone = [], deep }: Stored) {
  const clock = createTestClock(NOW_MS);
  const memory = createMemoryStore(['users', 'works']);
  const files = createMemoryBlobs();
  for (const document of users) await memory.insert('users', document);
  for (const document of works) {
    await memory.insert('works', document);
    const { asset } = document as { asset?: { fileId?: string } | null };
    if (asset?.fileId && !gone.includes(document._id))
      await files.put(asset.fileId.replace('memory://blobs/', ''), new Uint8Array([1]));
  }
  const store = createFlakyStore(memory, { clock });
  const blobs = createFlakyBlobs(files, { clock });
  const ports = { clock, store, blobs, random: seededRandom(1), log: memoryLog() };
  const section = createWorksSection(ports, deep === undefined ? {} : { deep });
  const run = async () => {
    const { findings, figures, status } = await clock.until(runSection(section, clock));
    return {
      status,
      figures,
      found: Object.fromEntries(findings.map(({ kind, ids, count }) => [kind, { ids, count }])),
    };
  };
  return { clock, memory, store, blobs, section, run };
}

const asked = (names: readonly string[], what: string): number => names.filter((name) => name === what).length;
const usersTo = (count: number) => Array.from({ length: count }, (_, number) => user(number, 0));

describe('a section in which nothing is', () => {
  test('is well, has its name, and stays over', async () => {
    const { run, section, clock } = await createScene({});
    expect(section.name).toBe('works');
    expect(await run()).toMatchObject({
      ...{ status: 'ok', found: {} },
      figures: { total: 0, files: { checked: 0, missing: 0 }, holds: { open: 0, stale: 0 } },
    });
    const begun = section.begin() as object;
    const over = { ...begun, phase: 'over' };
    const deadline = createDeadline(clock, clock.now() + 60_000);
    expect(await section.advance(over, deadline)).toEqual({ state: over, finished: true });
  });

  test('is walked step by step, and leaves the state alone that it was given', async () => {
    const { section, clock } = await createScene({});
    const phases: unknown[] = [];
    let state = section.begin();
    for (let finished = false; !finished;) {
      const before = structuredClone(state);
      const step = await clock.until(section.advance(state, createDeadline(clock, clock.now() + 60_000)));
      expect(state).toEqual(before);
      ({ state, finished } = step);
      phases.push((state as { phase: string }).phase);
    }
    expect(phases).toEqual(['owners', 'holds', 'files', 'over']);
  });
});

describe('works of nobody', () => {
  const strayOf = (name: string, userId: string) => work(1, name, { userId });

  test('are found before, between and behind the users, and where there are none at all', async () => {
    const works = [strayOf('a', '0'), strayOf('b', 'u_0001x'), strayOf('c', 'z'), work(1, 'own'), work(2, 'own')];
    const ids = ['a', 'b', 'c'].map((name) => workIdOf(1, name)).sort();
    const some = await (await createScene({ users: usersTo(3), works })).run();
    expect(some.found).toEqual({ 'user-unknown': { ids, count: 3 } });
    const none = await (await createScene({ works })).run();
    expect(none.found['user-unknown']).toMatchObject({ count: 5 });
  });

  test('are found in the range of each page of users, each once', async () => {
    const users = usersTo(1_001);
    const works = [strayOf('first', 'u_0500x'), strayOf('last', 'u_1000x'), strayOf('edge', 'u_0999x')];
    const scene = await createScene({ users, works: [...works, work(999, 'own'), work(1_000, 'own')] });
    const { found } = await scene.run();
    expect(found['user-unknown']?.count).toBe(3);
    expect([...(found['user-unknown']?.ids ?? [])].sort()).toEqual(works.map(({ _id }) => _id).sort());
    expect(asked(scene.store.names(), 'count works')).toBe(2);
  });

  test('are none where their person has registered since the users were read', async () => {
    const scene = await createScene({ users: usersTo(1), works: [work(7, 'fresh')] });
    const { count } = scene.store;
    scene.store.count = async (...request) => {
      await scene.memory.insert('users', user(7, 1)).catch(() => 'exists');
      return count(...request);
    };
    expect((await scene.run()).found).toEqual({});
  });

  test('are counted all, where there are more than are looked at', async () => {
    const scene = await createScene({ works: [strayOf('a', 'a'), strayOf('b', 'b')] });
    const { count } = scene.store;
    scene.store.count = async (...request) => (await count(...request)) + 3;
    expect((await scene.run()).found['user-unknown']).toMatchObject({ count: 5 });
  });

  test('and their users are not asked for where there are none', async () => {
    const scene = await createScene({ users: usersTo(1), works: [work(0, 'own')] });
    await scene.run();
    expect(asked(scene.store.names(), 'page users')).toBe(2);
  });
});

describe('two records of one intent', () => {
  test('are found by request, and by prompt and moment among those of older code, which are asked for only then', async () => {
    const twice = [
      work(1, 'a', { requestId: 'A same' }),
      work(1, 'b', { requestId: 'A same' }),
      work(2, 'c', { requestId: 'A same' }),
    ];
    const users = usersTo(3);
    const ours = await createScene({ users, works: twice });
    expect((await ours.run()).found).toEqual({ 'intent-twice': { ids: [workIdOf(1, 'a')], count: 1 } });
    expect(asked(ours.store.names(), 'twins works')).toBe(1);
    const same = { prompt: 'P', createdAt: new Date(NOW_MS - HOUR_MS), imageUrl: '', status: 'failed' };
    const older = await createScene({
      users,
      works: [...twice, olderWork(2, 'x', same), olderWork(2, 'y', same), olderWork(1, 'z', same)],
    });
    expect((await older.run()).found).toMatchObject({ 'intent-twice': { count: 2 } });
    expect(asked(older.store.names(), 'twins works')).toBe(2);
  });
});

describe('two records that only look like one intent', () => {
  test('are none where each has a request of its own, though older code would have called them one', async () => {
    const same = { prompt: 'P', createdAt: new Date(NOW_MS - HOUR_MS) };
    const works = [work(1, 'a', same), work(1, 'b', same), olderWork(1, 'c', { status: 'failed' })];
    expect((await (await createScene({ users: usersTo(2), works })).run()).found).toEqual({});
  });
});

describe('an open call', () => {
  const holding = (number: number, holds: object, open = 1) =>
    user(number, 0, { quota: { open, seq: 1, used: {}, holds } });
  const hold = (until: unknown, more: object = {}) => ({ st: 'open', token: 't', attempt: 1, until, ...more });

  test('is stale an hour after its lease, or where it has no end, and each open one is counted', async () => {
    const lateMs = NOW_MS - HOUR_MS;
    const users = [
      holding(1, { w_stale: hold(lateMs), w_late: hold(lateMs + 1), w_endless: hold('never') }, 3),
      holding(2, { w_closed: hold(0, { st: 'done' }), w_other: hold(0, { records: 'redemptions' }) }),
      holding(3, { w_not_open: hold(0) }, 0),
      holding(4, { w_picture: hold(NOW_MS, { records: 'works' }) }),
    ];
    const { figures, found } = await (await createScene({ users })).run();
    expect(found).toEqual({ 'hold-stale': { ids: ['w_stale', 'w_endless'], count: 2 } });
    expect(figures['holds']).toEqual({ open: 4, stale: 2 });
  });

  test('is found on every page of the users who have one', async () => {
    const users = Array.from({ length: 1_001 }, (_, number) => holding(number, { [`w_${number}`]: hold(0) }));
    const scene = await createScene({ users });
    expect((await scene.run()).found['hold-stale']).toMatchObject({ count: 1_001 });
  });
});

describe('the files of pictures', () => {
  const worksTo = (count: number) => Array.from({ length: count }, (_, name) => work(1, String(name).padStart(4, '0')));

  test('are asked for by a sample of a hundred, fifty at once, and those that are gone are named in order', async () => {
    const works = worksTo(250);
    const scene = await createScene({ users: usersTo(2), works, gone: works.map(({ _id }) => _id) });
    const sizes: number[] = [];
    const { exists } = scene.blobs;
    scene.blobs.exists = (fileIds, call) => {
      sizes.push(fileIds.length);
      return exists(fileIds, call);
    };
    const { figures, found } = await scene.run();
    expect(figures['files']).toEqual({ checked: 100, missing: 100 });
    expect(sizes).toEqual([50, 50]);
    expect(found['file-missing']).toMatchObject({ count: 100 });
    const ids = found['file-missing']?.ids ?? [];
    expect(ids).toEqual([...ids].sort());
    expect(scene.blobs.names()).toEqual(['exists', 'exists']);
  });

  test('are asked for all where the check is deep, and none of them twice', async () => {
    const works = worksTo(230);
    const gone = [workIdOf(1, '0003'), workIdOf(1, '0229')];
    const scene = await createScene({ users: usersTo(2), works, gone, deep: true });
    const { figures, found } = await scene.run();
    expect(figures['files']).toEqual({ checked: 230, missing: 2 });
    expect(found['file-missing']).toEqual({ ids: gone, count: 2 });
    expect(scene.blobs.names()).toHaveLength(5);
  });

  test('are asked for by sixteen questions at once at most', async () => {
    const scene = await createScene({ users: usersTo(2), works: worksTo(950), deep: true });
    const { exists } = scene.blobs;
    let underWay = 0;
    let most = 0;
    scene.blobs.exists = async (...request) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise<void>((resolve) => scene.clock.after(10, resolve));
      underWay -= 1;
      return exists(...request);
    };
    expect((await scene.run()).figures['files']).toEqual({ checked: 950, missing: 0 });
    expect(most).toBe(16);
  });

  test('have 10 s for a question', async () => {
    const scene = await createScene({ users: usersTo(2), works: worksTo(1) });
    await scene.run();
    expect(scene.blobs.statements.map(({ call }) => call.timeoutMs)).toEqual([10_000]);
  });

  test('are not asked for where a record has none, nor of a canary', async () => {
    const canary = { _id: 'canary_works', canary: true, asset: { fileId: fileIdOf('x') }, createdAt: new Date(1) };
    const scene = await createScene({ users: usersTo(2), works: [work(1, 'a', { asset: null }), canary], deep: true });
    const { figures } = await scene.run();
    expect(figures).toMatchObject({ total: 1, files: { checked: 0, missing: 0 } });
  });
});

describe('a database that gives shorter pages than were asked for', () => {
  test('is asked for so many only from then on, and every record is counted once', async () => {
    const works = Array.from({ length: 40 }, (_, name) =>
      work(1, String(name).padStart(2, '0'), { userId: userIdOf(0) }),
    );
    const scene = await createScene({ users: usersTo(1), works });
    const { page } = scene.store;
    const limits: number[] = [];
    scene.store.page = (name, request, call) => {
      if (name === 'works' && request.fields?.includes('status')) limits.push(request.limit);
      return page(name, { ...request, limit: Math.min(request.limit, 7) }, call);
    };
    expect((await scene.run()).figures).toMatchObject({ total: 40 });
    // Six pages of the one lane in which they all are, and one of the other.
    expect(limits).toHaveLength(6 + 1);
    expect(new Set(limits.slice(0, 2))).toEqual(new Set([1_000]));
    expect(Math.max(...limits.slice(2))).toBe(7);
  });
});
