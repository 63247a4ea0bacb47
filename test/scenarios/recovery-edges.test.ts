import { describe, expect, test } from 'vitest';
import { DurableError } from '../../src/core/index.ts';
import { letterFile } from '../../src/durable/tiers.ts';
import { createGenerateImage } from '../../src/service/index.ts';
import type { Document, Store } from '../../src/store/index.ts';
import { composeLetterFor, composeLetterWith, letterAsFile } from '../support/letters.ts';
import { person } from '../support/local-cloud.ts';
import { createMemoryCloud, type MemoryCloud } from '../support/memory-cloud.ts';
import { createTestClock } from '../support/test-clock.ts';

/** What recovery and pruning meet once in a long while, each case in a cloud of its own. */
const DAY_MS = 86_400_000;
const KEY = '0123456789abcdef'.repeat(4);
const OTHER_KEY = 'fedcba9876543210'.repeat(4);
const ID = `w_${'a'.repeat(32)}`;

/** A record of a call that was paid for. */
const recordOf = (_id: string, userId: string): Document => ({
  ...{ _id, userId, status: 'completed', token: `t_${_id}`, attempt: 1, hash: 'h', price: 1, day: '20261120' },
  ...{ prompt: '桥', originalPrompt: '桥', imageUrl: 'https://pictures.example/1.png', createdAt: new Date(5) },
});

const holdOf = (id: string, st: string, until: number) => ({
  ...{ st, token: `t_${id}`, attempt: 1, until, at: until, price: 1, day: '20261120', hash: 'h' },
  ...(st === 'open' ? { draft: {} } : {}),
});

/** Somebody whose only call is open, and whose lease ended two days ago. */
const waiting = (cloud: MemoryCloud): Document => {
  const until = cloud.clock.now() - 2 * DAY_MS;
  const quota = { seq: 1, open: 1, used: { d20261120: 1 }, holds: { [ID]: holdOf(ID, 'open', until) } };
  return { _id: 'u1', openid: 'oOne', generateCount: 0, credits: 4, quota };
};

const putFile = (cloud: MemoryCloud, name: string, text: string) =>
  cloud.blobs.put(name, new TextEncoder().encode(text));
const filesAt = async ({ blobs }: MemoryCloud, name: string): Promise<number> =>
  (await blobs.exists([await blobs.fileId(name)])).size;

describe.each(['emergency_backup', 'storage'])(
  'a paid call whose letter in %s is under a key not known here',
  (tier) => {
    const leave = async (): Promise<MemoryCloud> => {
      const cloud = createMemoryCloud({ env: { WX_DURABLE_KEY: OTHER_KEY } });
      await cloud.add('users', waiting(cloud));
      const letter = composeLetterWith(recordOf(ID, 'u1'), { key: KEY });
      const { name, text } = letterAsFile(letter, KEY);
      if (tier === 'storage') await putFile(cloud, name, text);
      else await cloud.add('emergency_backup', letter);
      return cloud;
    };

    test('is not ended as failed before the week is over in which the key may be given', async () => {
      const cloud = await leave();
      await cloud.recover();
      await cloud.clock.advance(5 * DAY_MS - 60_000);
      await cloud.recover();
      expect(await cloud.get('works', ID)).toBeUndefined();
      expect(await cloud.get('users', 'u1')).toMatchObject({ credits: 4, quota: { open: 1 } });
    });

    test('is ended then, with its credit back', async () => {
      const cloud = await leave();
      await cloud.clock.advance(5 * DAY_MS);
      await cloud.recover();
      expect(await cloud.get('works', ID)).toMatchObject({ status: 'failed', errorCode: 'ONCE_UNKNOWN' });
      expect(await cloud.get('users', 'u1')).toMatchObject({ credits: 5, quota: { open: 0 } });
    });
  },
);

describe('an unknown record without its hold, whose letter is under a key not known here', () => {
  test('waits a week for the key, too', async () => {
    const cloud = createMemoryCloud({ env: { WX_DURABLE_KEY: OTHER_KEY } });
    const madeAt = new Date(cloud.clock.now());
    await cloud.add('works', { ...recordOf(ID, 'u_gone'), status: 'unknown', createdAt: madeAt });
    await cloud.add('emergency_backup', composeLetterWith(recordOf(ID, 'u_gone'), { key: KEY }));
    await cloud.clock.advance(6 * DAY_MS);
    await cloud.recover();
    expect(await cloud.get('works', ID)).toMatchObject({ status: 'unknown' });
    await cloud.clock.advance(DAY_MS);
    await cloud.recover();
    expect(await cloud.get('works', ID)).toMatchObject({ status: 'failed' });
  });
});

describe('a letter that lies in storage only', () => {
  const NAME = letterFile(`${ID}_1`);

  const leave = async (through?: (store: Store) => Store): Promise<MemoryCloud> => {
    const cloud = createMemoryCloud({ env: { WX_DURABLE_KEY: KEY }, ...(through ? { through } : {}) });
    await cloud.add('users', waiting(cloud));
    await putFile(cloud, NAME, letterAsFile(composeLetterWith(recordOf(ID, 'u1'), { key: KEY }), KEY).text);
    return cloud;
  };

  test('is removed once its record was seen where it belongs', async () => {
    const cloud = await leave();
    await cloud.recover();
    expect(await cloud.get('works', ID)).toMatchObject({ status: 'completed', isRecovered: true });
    expect(await filesAt(cloud, NAME)).toBe(0);
  });

  test('stays where the record that is seen is not the whole of it', async () => {
    const cloud = await leave((store) => ({
      ...store,
      get: async (name, id, call) => {
        const document = await store.get(name, id, call);
        return name === 'works' && document ? { ...document, imageUrl: 'https://elsewhere.example' } : document;
      },
    }));
    await cloud.recover();
    expect(await cloud.get('works', ID)).toMatchObject({ status: 'completed' });
    expect(await filesAt(cloud, NAME)).toBe(1);
  });

  test('may stay where storage does not remove it, and the call is finished all the same', async () => {
    const cloud = await leave();
    cloud.blobs.remove = () => Promise.reject(new DurableError('STORE_DENIED', 'planned'));
    await cloud.recover();
    expect(await cloud.get('users', 'u1')).toMatchObject({ credits: 4, generateCount: 1, quota: { open: 0 } });
    expect(cloud.log.lines.map(({ event }) => event)).toContain('once.letter-file-left');
    expect(await filesAt(cloud, NAME)).toBe(1);
  });
});

describe('a letter that is larger than an answer may be', () => {
  /** As the adapter over the SDK: an answer over 1 MB is refused, and one document alone is named. */
  const bounded = (store: Store): Store => ({
    ...store,
    page: async (name, request, call) => {
      for (let limit = request.limit; ; limit = Math.ceil(limit / 2)) {
        const page = await store.page(name, { ...request, limit }, call);
        if (JSON.stringify(page.items).length <= 1_000_000) return page;
        if (limit > 1) continue;
        const details = { tooLargeId: page.items[0]?._id, next: page.next };
        throw new DurableError('STORE_TOO_LARGE', 'planned: one document alone', { details });
      }
    },
  });

  test('is named by every run, and stops no letter after it', async () => {
    const cloud = createMemoryCloud({ through: bounded });
    const ids = Array.from({ length: 9 }, (_, number) => `w_${number}`);
    const holds = Object.fromEntries(ids.map((id) => [id, holdOf(id, 'done', 1)]));
    await cloud.add('users', {
      _id: 'u1',
      openid: 'oOne',
      generateCount: 0,
      credits: 1,
      quota: { seq: 9, open: 0, holds },
    });
    for (const id of ids) {
      const prompt = id === 'w_2' ? 'x'.repeat(1_100_000) : 'p';
      await cloud.add('emergency_backup', composeLetterFor({ ...recordOf(id, 'u1'), prompt }));
    }
    const { data } = await cloud.recover();
    expect(data?.['phases']).toMatchObject({
      letters: { done: 8, failed: [{ id: 'w_2_1', code: 'STORE_TOO_LARGE' }] },
    });
    expect(await cloud.get('works', 'w_8')).toMatchObject({ status: 'completed' });
  });
});

describe('a person who deletes a picture while it is on its way home', () => {
  const user = person('oOne');

  /** Deletes the picture just before (or after) recovery's first statement of this kind on `works`. */
  const between = (when: 'before' | 'after') => {
    let run: (() => Promise<unknown>) | undefined;
    const through = (store: Store): Store => ({
      ...store,
      insert: async (name, document, call) => {
        const due = name === 'works' ? run : undefined;
        if (due) run = undefined;
        if (when === 'before') await due?.();
        const outcome = await store.insert(name, document, call);
        if (when === 'after') await due?.();
        return outcome;
      },
    });
    return { through, set: (step: () => Promise<unknown>) => void (run = step) };
  };

  test.each(['before', 'after'] as const)('sees it stay deleted, %s its record is stored', async (when) => {
    const { through, set } = between(when);
    const cloud = createMemoryCloud({ through });
    await cloud.add('users', { ...user, quota: { seq: 2, open: 0, holds: { [ID]: holdOf(ID, 'done', 1) } } });
    await cloud.add('emergency_backup', composeLetterFor({ ...recordOf(ID, user._id), asset: null }));
    const answers: unknown[] = [];
    set(async () => {
      const generateImage = createGenerateImage(cloud.runtime('oOne'));
      answers.push(await generateImage({ action: 'deleteWork', data: { workId: ID } }, cloud.context));
    });
    await cloud.recover();
    expect(answers).toMatchObject([{ code: 200 }]);
    expect(await cloud.get('works', ID)).toMatchObject({ status: 'completed', deletedAt: expect.any(Date) });
  });

  test('is not told that it is deleted where the letter closed between the looks, unless it is', async () => {
    let bringHome: (() => Promise<unknown>) | undefined;
    const through = (store: Store): Store => ({
      ...store,
      page: async (name, request, call) => {
        const step = name === 'emergency_backup' ? bringHome : undefined;
        if (step) bringHome = undefined;
        await step?.();
        return store.page(name, request, call);
      },
    });
    const clock = createTestClock();
    const cloud = createMemoryCloud({ through, clock });
    await cloud.add('users', { ...user, quota: { seq: 2, open: 0, holds: { [ID]: holdOf(ID, 'done', 1) } } });
    const record = { ...recordOf(ID, user._id), asset: null };
    await cloud.add('emergency_backup', composeLetterFor(record));
    bringHome = async () => {
      await cloud.store.insert('works', record);
      await cloud.store.update('emergency_backup', { id: `${ID}_1` }, { set: { state: 'redriven' } });
    };
    expect(await cloud.call('oOne', { action: 'deleteWork', data: { workId: ID } })).toMatchObject({ code: 200 });
    expect(await cloud.get('works', ID)).toMatchObject({ deletedAt: expect.any(Date) });
  });
});

describe('the pruning of holds', () => {
  test('drops those that can go, however many that cannot stand before them', async () => {
    const cloud = createMemoryCloud();
    const ids = Array.from({ length: 150 }, (_, number) => `w_${number}`);
    const holds = Object.fromEntries(ids.map((id) => [id, holdOf(id, 'done', 1_000)]));
    await cloud.store.createCollection('durable_jobs');
    await cloud.add('users', {
      _id: 'u1',
      openid: 'oOne',
      generateCount: 150,
      credits: 1,
      quota: { seq: 1, open: 0, holds },
    });
    for (const id of ids.slice(100)) await cloud.add('works', recordOf(id, 'u1'));
    await cloud.repair();
    const { quota } = (await cloud.get('users', 'u1')) as unknown as { quota: { holds: object } };
    expect(Object.keys(quota.holds)).toEqual(ids.slice(0, 100));
  });

  test('leaves nobody’s id in the log, since an app may have its openids there', async () => {
    const cloud = createMemoryCloud();
    await cloud.store.createCollection('durable_jobs');
    const quota = { seq: 1, open: 0, used: { d20250101: 1 } };
    await cloud.add('users', { _id: 'oSecretOpenid', openid: 'oSecretOpenid', generateCount: 0, credits: 1, quota });
    await cloud.repair();
    const pruned = cloud.log.lines.filter(({ event }) => event === 'once.pruned');
    expect(pruned).toHaveLength(1);
    expect(JSON.stringify(pruned)).not.toContain('oSecretOpenid');
  });
});
