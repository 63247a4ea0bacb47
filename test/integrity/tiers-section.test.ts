import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDeadline, type Log } from '../../src/core/index.ts';
import { createSeal, nodeClock } from '../../src/core/node/index.ts';
import { createDurableWriter, createTiersSection } from '../../src/durable/index.ts';
import { redrive } from '../../src/durable/redrive.ts';
import type { Document } from '../../src/store/index.ts';
import { createMemoryBlobs, createMemoryStore } from '../../src/store/memory/index.ts';
import { openSdkCloud, type SdkCloud } from '../store/sdk-cloud.ts';
import { createFlakyBlobs, createFlakyStore, type Fates } from '../support/flaky-store.ts';
import { memoryLog, seededRandom, testHash } from '../support/ports.ts';
import { createTestClock } from '../support/test-clock.ts';
import { runSection, timeless } from './section-runs.ts';

const KEY = '0123456789abcdef'.repeat(4);
const FILE = 'wx-durable/letters/canary_storage_1.json';

interface Given {
  readonly fates?: Fates;
  readonly blobFates?: Fates;
  readonly latencyMs?: number;
  readonly collections?: readonly string[];
  readonly seal?: false;
  readonly blobs?: false;
}

function createScene(given: Given = {}) {
  const { fates = {}, blobFates = {}, latencyMs = 0, collections = ['works', 'emergency_backup'] } = given;
  const clock = createTestClock();
  const memory = createMemoryStore(collections);
  const files = createMemoryBlobs();
  const store = createFlakyStore(memory, { clock, fates, latencyMs });
  const blobs = createFlakyBlobs(files, { clock, fates: blobFates, latencyMs });
  const log = memoryLog();
  const deps = {
    ...{ store, clock, log, random: seededRandom(5), hash: testHash },
    ...(given.blobs === false ? {} : { blobs }),
    ...(given.seal === false ? {} : { seal: createSeal(KEY) }),
  };
  const section = createTiersSection(deps);
  return {
    ...{ clock, memory, files, store, blobs, log, deps, section },
    run: (sliceMs?: number) => clock.until(runSection(section, clock, sliceMs)),
    /** What lies about in the tiers. */
    left: async () => [
      ...collections.flatMap((name) => memory.dump(name).map(({ _id }) => _id)),
      ...(await files.exists([await files.fileId(FILE)])),
    ],
  };
}

describe('section tiers', () => {
  it('says where every tier takes a canary and shows it again that all is well, and leaves nothing', async () => {
    const { run, left } = createScene();
    expect(timeless(await run())).toEqual({
      name: 'tiers',
      status: 'ok',
      findings: [],
      figures: {
        works: { status: 'works', code: null },
        emergency_backup: { status: 'works', code: null },
        storage: { status: 'works', code: null },
        log: { status: 'works', code: null },
      },
    });
    expect(await left()).toEqual([]);
  });

  it.each([
    ['works', { fates: { 'insert works': { always: 'STORE_UNAVAILABLE' } } }],
    ['works', { fates: { 'insert works': { always: 'STORE_DENIED' } } }],
    ['works', { fates: { 'get works': { always: 'STORE_UNCERTAIN' } } }],
    ['emergency_backup', { fates: { 'insert emergency_backup': { always: 'hang' } } }],
    ['storage', { blobFates: { put: { always: 'STORE_QUOTA' } } }],
    ['storage', { blobFates: { get: { always: 'STORE_UNAVAILABLE' } } }],
  ] as const)('finds that %s is down, and that the others are not: %o', async (tier, given) => {
    const { run } = createScene(given);
    const section = await run();
    expect(section).toMatchObject({
      status: 'problems',
      findings: [{ kind: 'tier-down', weight: 'problem', count: 1, ids: [tier] }],
    });
    const others = Object.entries(section.figures).filter(([name]) => name !== tier);
    for (const [, figure] of others) expect(figure).toMatchObject({ status: 'works' });
  });

  it('finds a tier that acknowledges and keeps nothing', async () => {
    const { run, store } = createScene();
    const { insert } = store;
    store.insert = async (name, document, call) =>
      name === 'works' ? 'inserted' : insert.call(store, name, document, call);
    expect(await run()).toMatchObject({ status: 'problems', findings: [{ kind: 'tier-down', ids: ['works'] }] });
  });

  it('finds a tier that keeps something else than it was given', async () => {
    const { run, blobs } = createScene();
    const { put } = blobs;
    blobs.put = (name, bytes, call) => put.call(blobs, name, bytes.slice(0, -5), call);
    expect(await run()).toMatchObject({ status: 'problems', findings: [{ kind: 'tier-down', ids: ['storage'] }] });
  });

  it('is not upset by one request that fails or whose answer is lost', async () => {
    for (const statement of ['page', 'insert', 'get', 'remove'].flatMap((each) => [
      `${each} works`,
      `${each} emergency_backup`,
    ])) {
      for (const mishap of ['STORE_UNAVAILABLE', 'answer-lost', 'STORE_THROTTLED'] as const) {
        const { run, left } = createScene({ fates: { [statement]: [mishap] } });
        expect(await run(), `${statement}: ${mishap}`).toMatchObject({ status: 'ok', findings: [] });
        expect(await left()).toEqual([]);
      }
    }
  });

  it('names missing collections as a problem, and does not make them', async () => {
    const { run, store } = createScene({ collections: [] });
    expect(await run()).toMatchObject({
      status: 'problems',
      findings: [{ kind: 'missing-collection', weight: 'problem', count: 2, ids: ['works', 'emergency_backup'] }],
    });
    expect(store.names().filter((name) => name.startsWith('createCollection'))).toEqual([]);
  });

  it('notes the tiers that a deployment does not have', async () => {
    const { run } = createScene({ seal: false, blobs: false });
    expect(await run()).toMatchObject({
      status: 'ok',
      findings: [{ kind: 'tier-off', weight: 'note', count: 2, ids: ['storage', 'log'] }],
    });
  });

  it('finds a log that cannot be written to', async () => {
    const { deps, clock } = createScene();
    const log: Log = {
      write: (_level, event) => {
        if (event === 'canary.sealed') throw new Error('the disk is full');
      },
    };
    const section = await clock.until(runSection(createTiersSection({ ...deps, log }), clock));
    expect(section.status).not.toBe('ok');
    expect(section.figures['log']).toMatchObject({ status: 'undecided' });
  });

  it('says unknown, never well, where no time was left to decide', async () => {
    const { run } = createScene({ latencyMs: 900 });
    const section = await run(1_000);
    expect(section).toMatchObject({ status: 'unknown', error: { code: 'DEADLINE_PASSED' } });
  });

  it('decides in slices what it decides in one run', async () => {
    const expected = timeless(await createScene().run());
    const { run } = createScene({ latencyMs: 20 });
    expect(timeless(await run(900))).toEqual(expected);
  });

  it('writes no sealed letter into the log that somebody could read back as one', async () => {
    const { run, log } = createScene();
    await run();
    expect(log.lines.map(({ level, event }) => `${level} ${event}`)).toEqual(['info canary.sealed']);
  });

  it('writes no canary to the log where storage refuses it', async () => {
    const { run, log } = createScene({ blobFates: { put: { always: 'STORE_QUOTA' } } });
    expect((await run()).figures['storage']).toMatchObject({ status: 'down', code: 'STORE_QUOTA' });
    expect(log.lines.filter(({ event }) => event === 'write.sealed')).toEqual([]);
  });
});

describe('a canary', () => {
  it('is removed by the next run, wherever the run before was killed', async () => {
    const whole = createScene();
    await whole.run();
    const steps = whole.store.names().length;
    for (let killedAt = 0; killedAt <= steps; killedAt += 1) {
      const { deps, clock, run, left, store } = createScene();
      const dead = mortalAfter(store, killedAt);
      void createTiersSection({ ...deps, store: dead }).advance(
        { results: [], lateTries: 0 },
        createDeadline(clock, clock.now() + 60_000),
      );
      await clock.settle();
      expect(await run(), `killed at ${killedAt}`).toMatchObject({ status: 'ok' });
      expect(await left()).toEqual([]);
    }
  });

  it('is left in the tiers by a killed run, or the test above would show nothing', async () => {
    const { deps, clock, left, store } = createScene();
    void createTiersSection({ ...deps, store: mortalAfter(store, 2) }).advance(
      { results: [], lateTries: 0 },
      createDeadline(clock, clock.now() + 60_000),
    );
    await clock.settle();
    expect(await left()).toEqual(['canary_works']);
  });

  it('is removed from storage too, also one of another key', async () => {
    const { files, run, left } = createScene();
    await files.put(FILE, new TextEncoder().encode('v1.of-another-key'));
    expect(await run()).toMatchObject({ status: 'ok' });
    expect(await left()).toEqual([]);
  });

  it('that cannot be removed is noted, and its tier is not called down', async () => {
    const { run, left } = createScene({ fates: { 'remove works': { always: 'STORE_DENIED' } } });
    expect(await run()).toMatchObject({
      status: 'ok',
      findings: [{ kind: 'canary-left', weight: 'note', ids: ['works'] }],
    });
    expect(await left()).toEqual(['canary_works']);
  });

  it('is never brought home as a letter, even where it stays', async () => {
    const { run, memory, deps, clock } = createScene({
      fates: { 'remove emergency_backup': { always: 'STORE_DENIED' } },
    });
    await run();
    expect(memory.dump('emergency_backup')).toHaveLength(1);
    const deadline = createDeadline(clock, clock.now() + 60_000);
    expect(await clock.until(redrive({ ...deps, writer: createDurableWriter(deps) }, { deadline }))).toMatchObject({
      done: 0,
      failed: [],
    });
    expect(memory.dump('works')).toEqual([]);
  });

  it('does not touch what merely has a name like it', async () => {
    const { memory, run } = createScene();
    const own: Document = { _id: 'canary_bird', userId: 'u1', status: 'completed' };
    await memory.insert('works', own);
    expect(await run()).toMatchObject({ status: 'ok' });
    expect(memory.dump('works')).toEqual([own]);
  });

  it('meets the canary of another check at the same time, and calls no tier down for it', async () => {
    const { section, clock, left } = createScene({ latencyMs: 7 });
    const runs = await clock.until(Promise.all([runSection(section, clock), runSection(section, clock)]));
    for (const { findings } of runs) expect(findings.map(({ kind }) => kind)).not.toContain('tier-down');
    expect(await left()).toEqual([]);
  });
});

/** A store that does so many statements more and then answers nothing, as a killed function. */
function mortalAfter<T extends object>(store: T, statements: number): T {
  let done = 0;
  return new Proxy(store, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== 'function') return method;
      return (...args: readonly unknown[]): unknown => {
        done += 1;
        return done > statements ? new Promise(() => undefined) : Reflect.apply(method, target, args);
      };
    },
  });
}

describe('section tiers over the real SDK', () => {
  let cloud: SdkCloud;

  beforeAll(async () => {
    cloud = await openSdkCloud();
    for (const name of ['works', 'emergency_backup']) await cloud.store.createCollection(name);
  });

  afterAll(() => cloud.close());

  const run = () => {
    const ports = { clock: nodeClock, random: seededRandom(9), hash: testHash, log: memoryLog() };
    const { store, blobs } = cloud;
    return runSection(createTiersSection({ ...ports, store, blobs, seal: createSeal(KEY) }), nodeClock);
  };

  it('finds all of them up, in few requests, and leaves nothing', async () => {
    await run();
    cloud.meet();
    expect(await run()).toMatchObject({ status: 'ok', findings: [] });
    expect(await cloud.requests()).toBeLessThanOrEqual(20);
    for (const name of ['works', 'emergency_backup']) {
      expect((await cloud.store.page(name, { limit: 10 })).items).toEqual([]);
    }
  });

  it('finds the collection that the cloud refuses', async () => {
    cloud.meet({ collection: 'emergency_backup', inject: 'error', code: 'DATABASE_PERMISSION_DENIED' });
    expect(await run()).toMatchObject({ findings: [{ kind: 'tier-down', ids: ['emergency_backup'] }] });
    cloud.meet();
  });
});
