import { describe, expect, it } from 'vitest';
import { DurableError, type Code } from '../../src/core/index.ts';
import type { Document } from '../../src/store/index.ts';
import { createScene, letterOf, work } from './redrive-scene.ts';

describe('a letter that cannot be used', () => {
  const sound = letterOf(work(5));
  const MALFORMED: readonly Document[] = [
    { _id: 'a-empty' },
    { _id: 'b-null', payload: null, backupReason: 'x' },
    { _id: 'c-text', payload: 'x', recordId: 'x', attempt: 1 },
    { _id: 'd-list', payload: [], backupReason: 'x' },
    {
      ...letterOf(work(1)),
      _id: 'e-altered',
      payload: { ...work(1), userId: 'thief' },
      mac: `sha256:${'0'.repeat(64)}`,
    },
    { ...letterOf(work(2)), _id: 'f-other', recordId: 'w_9999' },
    { ...letterOf(work(3)), _id: 'g-unsigned', mac: undefined },
    { ...letterOf(work(4)), _id: 'h-number', attempt: '1' },
    { _id: 'i-flat', backupReason: 'x', id: 7 },
  ];

  it('never stops the others, and is named in the report', async () => {
    const { redrive, memory } = await createScene([...MALFORMED, sound]);
    const report = await redrive();
    expect(report.done).toBe(1);
    expect(report.failed).toEqual(MALFORMED.map(({ _id: id }) => ({ id, code: 'LETTER_INVALID' })));
    expect(memory.dump('works')).toEqual([work(5)]);
  });

  it('is quarantined at the fifth failure and not read any more', async () => {
    const { redrive, states, memory } = await createScene([...MALFORMED, sound]);
    for (const _run of [1, 2, 3, 4]) expect((await redrive()).failed).toHaveLength(MALFORMED.length);
    expect(states().some((state) => state.endsWith('quarantined'))).toBe(false);
    expect((await redrive()).failed).toHaveLength(MALFORMED.length);
    expect(states()).toEqual([...MALFORMED.map(({ _id }) => `${_id} quarantined`), 'w_0005_1 redriven']);
    expect(await redrive()).toEqual({ done: 0, skipped: 0, failed: [] });
    expect(memory.dump('emergency_backup')[4]).toMatchObject({ redriveFailures: 5, payload: { userId: 'thief' } });
  });

  it('is not quarantined for failures that are not its own', async () => {
    const { redrive, states, store, clock } = await createScene([sound], {
      fates: { 'insert works': { always: 'STORE_UNAVAILABLE' } },
    });
    for (const _run of [1, 2, 3, 4, 5, 6]) {
      expect(await redrive()).toMatchObject({ done: 0, failed: [{ code: 'STORE_UNAVAILABLE' }] });
      await clock.advance(30_000);
    }
    expect(states()).toEqual(['w_0005_1 waiting']);
    store.plan({});
    expect(await redrive()).toMatchObject({ done: 1, failed: [] });
  });
});

describe('a letter whose record can never be stored', () => {
  /** A database that refuses record 3 for this reason, as it would one that is too large. */
  const refusing = async (code: Code) => {
    const scene = await createScene([letterOf(work(1)), letterOf(work(3)), letterOf(work(5))]);
    const { insert } = scene.store;
    scene.store.insert = async (...request) => {
      if (request[0] === 'works' && request[1]['n'] === 3) throw new DurableError(code, 'planned: refused');
      return insert(...request);
    };
    return scene;
  };

  it.each(['INPUT_INVALID', 'STORE_DUPLICATE', 'STORE_REJECTED', 'STORE_TOO_LARGE'] as const)(
    'is quarantined at the fifth %s, with the reason, and stops no other',
    async (code) => {
      const { redrive, states, memory } = await refusing(code);
      const another = (run: number) => memory.insert('emergency_backup', letterOf(work(10 + run)));
      expect(await redrive()).toMatchObject({ done: 2, failed: [{ id: 'w_0003_1', code }] });
      for (const run of [2, 3, 4]) {
        await another(run);
        expect(await redrive()).toMatchObject({ done: 1, failed: [{ code }] });
      }
      expect(states()[1]).toBe('w_0003_1 waiting');
      await another(5);
      expect(await redrive()).toMatchObject({ failed: [{ code }] });
      expect(states().slice(0, 3)).toEqual(['w_0001_1 redriven', 'w_0003_1 quarantined', 'w_0005_1 redriven']);
      expect(memory.dump('emergency_backup')[1]).toMatchObject({
        redriveFailures: 5,
        redriveError: `[${code}] planned: refused`,
      });
      expect(await redrive()).toEqual({ done: 0, skipped: 0, failed: [] });
    },
  );

  it.each(['STORE_DENIED', 'STORE_QUOTA', 'STORE_CONFLICT', 'STORE_UNCERTAIN'] as const)(
    'is none where it is refused with %s, which is not its own doing',
    async (code) => {
      const { redrive, states, clock } = await refusing(code);
      for (const _run of [1, 2, 3, 4, 5, 6]) {
        await redrive();
        await clock.advance(60_000);
      }
      expect(states()[1]).toBe('w_0003_1 waiting');
    },
  );
});

describe('a collection that refuses every record', () => {
  it('is not blamed on the letters for it, however often it refuses them', async () => {
    const letters = Array.from({ length: 40 }, (_, number) => letterOf(work(number)));
    const { redrive, states, store } = await createScene(letters, {
      fates: { 'insert works': { always: 'STORE_REJECTED' } },
    });
    for (const _run of [1, 2, 3, 4, 5, 6]) expect((await redrive()).failed).toHaveLength(40);
    expect(store.names().filter((name) => name.startsWith('update'))).toEqual([]);
    store.plan({});
    expect(await redrive()).toMatchObject({ done: 40, failed: [] });
    expect(states().every((state) => state.endsWith('redriven'))).toBe(true);
  });
});

describe('letters whose records collide with a further unique index', () => {
  it('stop no other letter of their page, and are quarantined at last', async () => {
    const letters = Array.from({ length: 60 }, (_, number) => letterOf(work(number)));
    const { redrive, states, store, memory } = await createScene(letters);
    const { insert } = store;
    store.insert = async (...request) =>
      request[0] === 'works' && Number(request[1]['n']) < 20 ? 'exists' : insert(...request);
    expect(await redrive()).toMatchObject({ done: 40 });
    expect(memory.dump('works')).toHaveLength(40);
    for (const _run of [2, 3, 4, 5]) expect((await redrive()).failed).toHaveLength(20);
    expect(states().filter((state) => state.endsWith('quarantined'))).toHaveLength(20);
  });
});

describe('a redrive into a collection that goes down on the way', () => {
  it('stops where it is known to be down, fails no letter that was not tried, and goes on from there', async () => {
    const letters = Array.from({ length: 60 }, (_, number) => letterOf(work(number)));
    const { redrive, memory, store, clock, within } = await createScene(letters);
    const { insert } = store;
    let isDown = true;
    const tried = new Set<string>();
    store.insert = async (...request) => {
      tried.add(`${request[1]._id}_1`);
      if (isDown && Number(request[1]['n']) >= 20) throw new DurableError('STORE_UNAVAILABLE', 'planned');
      return insert(...request);
    };
    const report = await redrive();
    expect(report).toMatchObject({ done: 20, checkpoint: { id: expect.stringMatching(/^w_00[2-5]\d_1$/) } });
    expect(report.failed.length).toBeLessThan(40);
    expect(report.failed.filter(({ id }) => !tried.has(id))).toEqual([]);
    isDown = false;
    await clock.advance(30_000);
    await redrive(within(60_000), { after: report.checkpoint });
    await redrive();
    expect(memory.dump('works')).toHaveLength(60);
  });

  it('rejects where it could begin nothing, so that nobody goes on from its checkpoint again and again', async () => {
    const { redrive, clock } = await createScene([letterOf(work(1)), letterOf(work(2))], {
      fates: { 'insert works': { always: 'STORE_UNAVAILABLE' } },
    });
    await redrive();
    await expect(redrive()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await clock.advance(30_000);
    expect((await redrive()).failed).toContainEqual({ id: 'w_0001_1', code: 'STORE_UNAVAILABLE' });
  });
});
