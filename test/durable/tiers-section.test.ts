import { describe, expect, it } from 'vitest';
import { createDeadline } from '../../src/core/index.ts';
import { createSeal } from '../../src/core/node/index.ts';
import { createTiersSection } from '../../src/durable/index.ts';
import type { Document } from '../../src/store/index.ts';
import { createMemoryBlobs, createMemoryStore } from '../../src/store/memory/index.ts';
import { runSection } from '../integrity/section-runs.ts';
import { createFlakyBlobs, createFlakyStore, type Fates } from '../support/flaky-store.ts';
import { memoryLog, seededRandom, testHash } from '../support/ports.ts';
import { createTestClock } from '../support/test-clock.ts';
import { KEY } from './bench.ts';

interface Given {
  readonly fates?: Fates;
  readonly blobFates?: Fates;
  readonly latencyMs?: number;
}

function createScene({ fates = {}, blobFates = {}, latencyMs = 0 }: Given = {}) {
  const clock = createTestClock();
  const memory = createMemoryStore(['works', 'emergency_backup']);
  const store = createFlakyStore(memory, { clock, fates, latencyMs });
  const blobs = createFlakyBlobs(createMemoryBlobs(), { clock, fates: blobFates, latencyMs });
  const log = memoryLog();
  const ports = { clock, store, blobs, log, random: seededRandom(5), hash: testHash, seal: createSeal(KEY) };
  const section = createTiersSection(ports);
  const within = (timeMs: number) => createDeadline(clock, clock.now() + timeMs);
  const advance = (state: Parameters<typeof section.advance>[0], timeMs: number) =>
    clock.until(section.advance(state, within(timeMs)));
  const run = (sliceMs?: number) => clock.until(runSection(section, clock, sliceMs));
  return { clock, memory, store, blobs, log, section, within, advance, run };
}

const counted = (names: readonly string[], what: string): number => names.filter((name) => name === what).length;
const resultsIn = (state: unknown) => (state as { results: readonly unknown[] }).results;

describe('a canary that meets that of another check', () => {
  /** The database shows another check's canary so many times. */
  const contended = (times: number) => {
    const scene = createScene();
    const { get } = scene.store;
    let left = times;
    scene.store.get = async (name, ...rest) => {
      const found = await get(name, ...rest);
      if (name !== 'works' || left === 0) return found;
      left -= 1;
      return { _id: 'canary_works', token: 'of another check' };
    };
    return scene;
  };

  it('is sent again, up to three times', async () => {
    const scene = contended(2);
    expect(await scene.run()).toMatchObject({ name: 'tiers', status: 'ok', findings: [] });
    expect(counted(scene.store.names(), 'insert works')).toBe(3);
    expect(scene.memory.dump('works')).toEqual([]);
  });

  it('leaves it undecided whether the tier works, and says who is in the way', async () => {
    const scene = contended(3);
    expect(await scene.run()).toMatchObject({
      ...{ status: 'unknown', findings: [] },
      figures: { works: { status: 'undecided', code: 'STORE_CONFLICT' } },
      error: { code: 'STORE_CONFLICT', message: expect.stringMatching(/^works: .*another check/) },
    });
    expect(counted(scene.store.names(), 'insert works')).toBe(3);
  });

  it('does so in storage too, where its file is not written over', async () => {
    const scene = createScene();
    scene.blobs.remove = async () => undefined;
    await scene.run();
    expect(await scene.run()).toMatchObject({
      figures: { storage: { status: 'undecided', code: 'STORE_CONFLICT' } },
    });
  });
});

describe('a tier that acknowledges what it does not keep', () => {
  it('is down', async () => {
    const scene = createScene();
    scene.store.get = async () => undefined;
    expect(await scene.run()).toMatchObject({
      ...{ status: 'problems', figures: { works: { status: 'down', code: 'STORE_REJECTED' } } },
      findings: [{ kind: 'tier-down', ids: expect.arrayContaining(['works']) }],
    });
  });
});

describe('storage that cannot find where it keeps files', () => {
  it('is down, and not missing: no `init` makes it', async () => {
    const { run } = createScene({ blobFates: { put: { always: 'STORE_NOT_FOUND' } } });
    expect(await run()).toMatchObject({
      figures: { storage: { status: 'down', code: 'STORE_NOT_FOUND' } },
      findings: [{ kind: 'tier-down', ids: ['storage'] }],
    });
  });
});

describe('the time of a check of the tiers', () => {
  it('is one slice where there is enough, and a tier each where there is little', async () => {
    const { section, advance } = createScene();
    expect(section.name).toBe('tiers');
    expect((await advance(section.begin(), 3_000)).finished).toBe(true);
    const short = await advance(section.begin(), 2_999);
    expect(short.finished).toBe(false);
    expect(resultsIn(short.state)).toHaveLength(1);
  });

  it('is given to a tier three times before it is left undecided, and to each of them anew', async () => {
    const { section, advance } = createScene();
    let state = section.begin();
    const known: number[] = [];
    for (let slice = 1; slice <= 10; slice += 1) {
      const step = await advance(state, 0);
      ({ state } = step);
      known.push(resultsIn(state).length);
      // The log needs no time.
      expect(step.finished).toBe(slice === 10);
    }
    expect(known).toEqual([0, 0, 1, 1, 1, 2, 2, 2, 3, 4]);
    expect(section.conclude(state)).toMatchObject({
      ...{ status: 'unknown', findings: [] },
      error: {
        code: 'DEADLINE_PASSED',
        message: expect.stringMatching(/^works: .+; emergency_backup: .+; storage: .+$/),
      },
    });
  });

  it('does not try again what failed for another reason', async () => {
    const scene = createScene({ fates: { 'page works': { always: { throws: new TypeError('oops') } } } });
    const { section, advance } = scene;
    const { finished, state } = await advance(section.begin(), 60_000);
    expect(finished).toBe(true);
    expect(section.conclude(state)).toMatchObject({ figures: { works: { status: 'undecided', code: 'INTERNAL' } } });
  });

  it('is 15 s for a tier at most, and no more than the slice has', async () => {
    for (const [timeMs, expected] of [
      [60_000, 15_000],
      [10_000, 10_000],
    ] as const) {
      const { clock, store, section, advance } = createScene();
      const startedAtMs = clock.now();
      await advance(section.begin(), timeMs);
      const first = store.statements.find(({ name }) => name === 'page works');
      expect(Number(first?.call.deadline?.atMs) - startedAtMs).toBe(expected);
    }
  });

  it('is told of every tier', async () => {
    const { figures } = await createScene({ latencyMs: 20 }).run();
    // Sweeping, writing, reading and removing: a statement each.
    expect(figures).toMatchObject({ works: { status: 'works', latencyMs: 4 * 20, code: null }, log: { latencyMs: 0 } });
  });
});

describe('what a check of the tiers leaves alone', () => {
  it('is every record that is no canary, and no statement is spent on them', async () => {
    const scene = createScene();
    const others: readonly Document[] = ['canary', 'cat', 'w_1'].map((_id) => ({ _id, canary: _id === 'cat' }));
    for (const other of others) await scene.memory.insert('works', other);
    expect(await scene.run()).toMatchObject({ status: 'ok' });
    expect(scene.memory.dump('works')).toEqual(others);
    expect(counted(scene.store.names(), 'remove works')).toBe(1);
  });

  it('is the log, but for the canary that is meant for it', async () => {
    const { run, log } = createScene({ fates: { 'insert emergency_backup': { always: 'STORE_DENIED' } } });
    expect(await run()).toMatchObject({ figures: { emergency_backup: { status: 'down', code: 'STORE_DENIED' } } });
    const sealed = log.lines.filter(({ event }) => event.endsWith('.sealed'));
    expect(sealed).toMatchObject([{ level: 'info', event: 'canary.sealed' }]);
  });
});
