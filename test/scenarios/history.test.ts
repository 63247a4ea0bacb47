import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { composeLetterFor } from '../support/letters.ts';
import { createLocalCloud, person, userIdOf, workIdOf, type Answer, type LocalCloud } from '../support/local-cloud.ts';
import { createMemoryCloud } from '../support/memory-cloud.ts';

const OPENID = 'oHistory';

interface Item {
  readonly workId: string;
  readonly status: string;
  readonly savedIn: string;
  readonly errorMessage: string;
  readonly createdAt: string;
}

interface Page {
  readonly list: readonly Item[];
  readonly hasMore: boolean;
  readonly nextCursor: string | null;
  readonly partial: boolean;
}

const pageIn = ({ code, data }: Answer): Page => {
  expect(code).toBe(200);
  return data as unknown as Page;
};

describe('a history on the real database', () => {
  let cloud: LocalCloud;
  const history = async (data: object = {}): Promise<Page> =>
    pageIn(await cloud.call(OPENID, { action: 'getHistory', data }));
  const remove = (requestId: string, openid = OPENID): Promise<Answer> =>
    cloud.call(openid, { action: 'deleteWork', data: { workId: workIdOf(openid, requestId) } });

  beforeAll(async () => {
    cloud = await createLocalCloud();
    await cloud.add('users', person(OPENID), person('oSomebodyElse'));
    await cloud.generate('oSomebodyElse', { prompt: '别人的画', requestId: 'theirs' });
    for (const requestId of ['r1', 'r2', 'r3']) await cloud.generate(OPENID, { prompt: `画 ${requestId}`, requestId });
    await cloud.generate(OPENID, { prompt: '[fail] r4', requestId: 'r4' });
    cloud.faults.set([{ collection: 'works', inject: 'refused', action: 'insertDocument' }]);
    await cloud.generate(OPENID, { prompt: '画 r5', requestId: 'r5' });
    cloud.faults.set([{ provider: 'generate', inject: 'kill-before' }]);
    await cloud.invoke(
      'generateImage',
      { action: 'generate', data: { prompt: '画 r6', requestId: 'r6' } },
      { openid: OPENID },
    );
    cloud.faults.clear();
  });

  afterAll(() => cloud.close());

  const all = ['r6', 'r5', 'r4', 'r3', 'r2', 'r1'].map((requestId) => workIdOf(OPENID, requestId));

  test('shows what is stored, what waits in the backup and what is still open, newest first, and nobody else’s', async () => {
    const { list, hasMore, nextCursor, partial } = await history();
    expect(list.map(({ workId }) => workId)).toEqual(all);
    expect(list.map(({ savedIn }) => savedIn)).toEqual(['open', 'emergency_backup', ...Array<string>(4).fill('works')]);
    expect(list.map(({ status }) => status)).toEqual([
      'processing',
      'completed',
      'failed',
      'completed',
      'completed',
      'completed',
    ]);
    expect({ hasMore, nextCursor, partial }).toEqual({ hasMore: false, nextCursor: null, partial: false });
  });

  test('marks the failed one with the reason, and the others with none', async () => {
    const { list } = await history();
    expect(list.map(({ errorMessage }) => errorMessage !== '')).toEqual([false, false, true, false, false, false]);
    expect(list[3]).toEqual({
      workId: workIdOf(OPENID, 'r3'),
      title: '画 r3',
      prompt: '画 r3',
      style: 'cartoon',
      imageUrl: expect.stringMatching(/^cloud:.*\.png$/),
      status: 'completed',
      errorMessage: '',
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      savedIn: 'works',
    });
  });

  test.each([1, 2, 3, 4, 5, 6, 50])('is complete in pages of %i, by number and by cursor', async (pageSize) => {
    const byNumber: string[] = [];
    for (let page = 1, more = true; more; page += 1) {
      const { list, hasMore } = await history({ page, pageSize });
      byNumber.push(...list.map(({ workId }) => workId));
      more = hasMore;
    }
    const byCursor: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const { list, nextCursor } = await history({ pageSize, ...(cursor === undefined ? {} : { cursor }) });
      byCursor.push(...list.map(({ workId }) => workId));
      cursor = nextCursor;
    }
    expect(byNumber).toEqual(all);
    expect(byCursor).toEqual(all);
  });

  test('has nothing on a page behind the last', async () => {
    expect(await history({ page: 2 })).toMatchObject({ list: [], hasMore: false, nextCursor: null });
  });

  test('does not show what was deleted, and deleting twice is deleting once', async () => {
    expect(await remove('r2')).toMatchObject({
      code: 200,
      message: '删除成功',
      data: { workId: workIdOf(OPENID, 'r2') },
    });
    const before = await cloud.commits();
    expect(await remove('r2')).toMatchObject({ code: 200 });
    expect(await cloud.commits()).toBe(before);
    expect((await history()).list.map(({ workId }) => workId)).toEqual(
      all.filter((id) => id !== workIdOf(OPENID, 'r2')),
    );
    expect(await cloud.get('works', workIdOf(OPENID, 'r2'))).toMatchObject({
      status: 'completed',
      deletedAt: expect.any(Date),
    });
    expect(await cloud.get('users', userIdOf(OPENID))).toMatchObject({ generateCount: 4 });
  });

  test('keeps hidden what was deleted while it waited in the backup, also when it comes home', async () => {
    const workId = workIdOf(OPENID, 'r5');
    expect(await remove('r5')).toMatchObject({ code: 200 });
    expect(await remove('r5')).toMatchObject({ code: 200 });
    expect((await history()).list.map((item) => item.workId)).not.toContain(workId);
    expect(await cloud.maintain('recoverFromBackup')).toMatchObject({ data: { phases: { letters: { done: 1 } } } });
    expect(await cloud.get('works', workId)).toMatchObject({ isRecovered: true, deletedAt: expect.any(Date) });
    expect((await history()).list.map((item) => item.workId)).not.toContain(workId);
    expect(await remove('r5')).toMatchObject({ code: 200 });
  });

  test('is deleted from by its owner only', async () => {
    const workId = workIdOf(OPENID, 'r1');
    expect(await cloud.call('oSomebodyElse', { action: 'deleteWork', data: { workId } })).toMatchObject({ code: 404 });
    expect((await history()).list.map((item) => item.workId)).toContain(workId);
  });
});

describe('a history by cursor', () => {
  /** What is stored at the beginning: moments on few milliseconds, so that many are equal. */
  const entry = fc.record({
    place: fc.constantFrom('works', 'letters', 'holds'),
    atMs: fc.integer({ min: 1, max: 6 }),
    status: fc.constantFrom('completed', 'failed', 'unknown'),
    isDeleted: fc.boolean(),
  });

  test('has no gap and no repeat in pages of any size, while new works arrive', async () => {
    const stories = fc.record({
      entries: fc.array(entry, { maxLength: 40 }),
      pageSize: fc.integer({ min: 1, max: 50 }),
    });
    await fc.assert(
      fc.asyncProperty(stories, async ({ entries, pageSize }) => {
        const memory = createMemoryCloud();
        const userId = userIdOf(OPENID);
        const named = entries.map((one, n) => ({ ...one, id: workIdOf(OPENID, `e${n}`) }));
        const work = ({ id, atMs, status, isDeleted }: (typeof named)[number]) => ({
          _id: id,
          userId,
          status,
          title: '',
          originalPrompt: '',
          createdAt: new Date(atMs),
          ...(isDeleted ? { deletedAt: new Date(9) } : {}),
        });
        const holds = named
          .filter(({ place }) => place === 'holds')
          .map(({ id, atMs }) => [
            id,
            { st: 'open', at: atMs, until: 0, token: 't', attempt: 1, hash: '', price: 1, day: 'd' },
          ]);
        await memory.add(
          'users',
          person(OPENID, { quota: { open: holds.length, seq: 1, used: {}, holds: Object.fromEntries(holds) } }),
        );
        for (const one of named) {
          if (one.place === 'works') await memory.add('works', work(one));
          if (one.place === 'letters') await memory.add('emergency_backup', composeLetterFor(work(one)));
        }
        const seen: string[] = [];
        for (let cursor: string | null | undefined, n = 0; cursor !== null; n += 1) {
          const data = { pageSize, ...(cursor === undefined ? {} : { cursor }) };
          const page = pageIn(await memory.call(OPENID, { action: 'getHistory', data }));
          expect(page.partial).toBe(false);
          expect(page.hasMore).toBe(page.nextCursor !== null);
          if (page.hasMore) expect(page.list).toHaveLength(pageSize);
          seen.push(...page.list.map(({ workId }) => workId));
          cursor = page.nextCursor;
          const fresh = { _id: workIdOf(OPENID, `new${n}`), userId, status: 'completed', createdAt: new Date(100 + n) };
          await memory.add('works', fresh);
        }
        const shown = named.filter(({ place, isDeleted }) => place === 'holds' || !isDeleted);
        const expected = shown.sort((a, b) => b.atMs - a.atMs || (a.id < b.id ? 1 : -1)).map(({ id }) => id);
        expect(seen).toEqual(expected);
      }),
      { numRuns: 150, seed: 20_261_122 },
    );
  });
});
