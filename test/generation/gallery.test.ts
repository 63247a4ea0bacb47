import { describe, expect, test } from 'vitest';
import { recordId, userId } from '../../src/core/index.ts';
import type { HistoryInput } from '../../src/records/index.ts';
import type { Document } from '../../src/store/index.ts';
import { composeLetterFor, composeLetterWith } from '../support/letters.ts';
import { testHash } from '../support/ports.ts';
import { codeOf, createRoom, OPENID, type Room, type RoomOptions } from './room-scene.ts';

const USER_ID = userId(testHash, OPENID);
const KEY = '0123456789abcdef'.repeat(4);
const idOf = (name: string): string => recordId(testHash, OPENID, name);

const workOf = (name: string, fields: object = {}): Document => ({
  ...{ _id: idOf(name), userId: USER_ID, status: 'completed', token: 't', title: `题 ${name}`, style: 'ink' },
  ...{ prompt: 'p', originalPrompt: `画 ${name}`, imageUrl: 'https://pictures.example/1.png', errorMessage: '' },
  createdAt: new Date(5),
  ...fields,
});

const holdOf = (fields: object = {}) => ({
  ...{ st: 'open', at: 7, until: 0, token: 't', attempt: 1, hash: '', price: 1, day: '20261122' },
  ...fields,
});

async function createScene(given: { holds?: object; user?: object | null; room?: RoomOptions } = {}) {
  const room = createRoom(given.room);
  const quota = { open: 1, seq: 1, used: { d20261122: 2 }, holds: given.holds ?? {} };
  const user = { _id: USER_ID, openid: OPENID, credits: 4, generateCount: 2, quota, ...given.user };
  if (given.user !== null) await room.add('users', user);
  const { gallery, clock, visit, store } = room;
  /** Every statement has the end of the visit. */
  const within = async <T>(run: (of: ReturnType<typeof visit>) => Promise<T>): Promise<T> => {
    const own = visit();
    const before = store.statements.length;
    try {
      return await clock.until(run(own));
    } finally {
      const ends = store.statements.slice(before).map(({ call }) => call.deadline?.atMs);
      expect(new Set(ends)).toEqual(new Set(ends.length > 0 ? [own.deadline.atMs] : []));
    }
  };
  return {
    ...room,
    history: (input: Partial<HistoryInput> = {}) =>
      within((own) => gallery.history(own, { page: 1, pageSize: 10, ...input })),
    usage: () => within((own) => gallery.usage(own)),
    remove: (name: string) => within((own) => gallery.deleteWork(own, idOf(name))),
  };
}

const worksIn = ({ memory }: Room | Awaited<ReturnType<typeof createScene>>) => memory.dump('works');

describe('a line of the history', () => {
  test('tells of a stored work what its person asked for, and where the picture is', async () => {
    const scene = await createScene();
    await scene.add('works', workOf('r1', { asset: { fileId: 'cloud://copy' }, errorMessage: 'of an older try' }));
    const { list } = await scene.history();
    expect(list).toEqual([
      {
        ...{ workId: idOf('r1'), title: '题 r1', prompt: '画 r1', style: 'ink', imageUrl: 'cloud://copy' },
        ...{ status: 'completed', errorMessage: '', createdAt: new Date(5).toISOString(), savedIn: 'works' },
      },
    ]);
  });

  test.each([
    ['is not copied yet', { asset: { fileId: null } }],
    ['is older than copies', {}],
  ])('shows the address at the service where the picture %s', async (_what, fields) => {
    const scene = await createScene();
    await scene.add('works', workOf('r1', fields));
    expect((await scene.history()).list).toMatchObject([{ imageUrl: 'https://pictures.example/1.png' }]);
  });

  test('gives the reason of a failure, and of nothing else', async () => {
    const scene = await createScene();
    await scene.add('works', workOf('r1', { status: 'failed', errorMessage: '内容不合规' }));
    await scene.add('works', workOf('r2', { status: 'unknown', errorMessage: 'HTTP 502' }));
    const { list } = await scene.history();
    expect(Object.fromEntries(list.map(({ status, errorMessage }) => [status, errorMessage]))).toEqual({
      failed: '内容不合规',
      unknown: '',
    });
  });

  test('stands at the very end where the record has no moment', async () => {
    const scene = await createScene();
    await scene.add('works', workOf('r1'), workOf('r2', { createdAt: 'yesterday' }));
    const { list } = await scene.history();
    expect(list.map(({ createdAt }) => createdAt)).toEqual([new Date(5), new Date(0)].map((at) => at.toISOString()));
  });

  test('is made of the hold while there is nothing else, `processing` until its lease is over', async () => {
    const nowMs = Date.UTC(2026, 10, 22, 4);
    const draft = { prompt: '一二三四五六七八九十一二三四', style: 'ink' };
    const holds = {
      w_runs: holdOf({ at: 9, until: nowMs + 1, draft }),
      w_over: holdOf({ at: 8, until: nowMs, draft: { prompt: '🐱'.repeat(13) } }),
      w_bare: holdOf({ at: 7, until: nowMs }),
      ...{ w_done: holdOf({ st: 'done' }), w_timeless: holdOf({ at: 'now' }), w_broken: null },
    };
    const scene = await createScene({ holds });
    const empty = { imageUrl: '', errorMessage: '', savedIn: 'open' };
    expect((await scene.history()).list).toEqual([
      {
        ...{ ...empty, workId: 'w_runs', title: '一二三四五六七八九十一二', prompt: draft.prompt, style: 'ink' },
        ...{ status: 'processing', createdAt: new Date(9).toISOString() },
      },
      {
        ...{ ...empty, workId: 'w_over', title: '🐱'.repeat(12), prompt: '🐱'.repeat(13), style: '' },
        ...{ status: 'unknown', createdAt: new Date(8).toISOString() },
      },
      {
        ...{ ...empty, workId: 'w_bare', title: '', prompt: '', style: '' },
        ...{ status: 'unknown', createdAt: new Date(7).toISOString() },
      },
    ]);
  });

  test('is the record’s where there is one beside an open hold, and nobody else’s', async () => {
    const scene = await createScene({ holds: { [idOf('r1')]: holdOf() } });
    await scene.add('works', workOf('r1', { status: 'unknown' }), workOf('theirs', { userId: 'u_else' }));
    expect((await scene.history()).list).toMatchObject([{ workId: idOf('r1'), savedIn: 'works' }]);
  });
});

describe('a letter stands in the history', () => {
  test('like the record that it holds', async () => {
    const scene = await createScene({ holds: { [idOf('r1')]: holdOf({ st: 'done' }) } });
    await scene.add('emergency_backup', composeLetterFor(workOf('r1')));
    expect(await scene.history()).toMatchObject({
      list: [{ workId: idOf('r1'), title: '题 r1', prompt: '画 r1', savedIn: 'emergency_backup' }],
      partial: false,
    });
  });

  test('no more than its record does, once that is home', async () => {
    const scene = await createScene();
    await scene.add('works', workOf('r1', { title: 'at home' }));
    await scene.add('emergency_backup', composeLetterFor(workOf('r1')));
    expect((await scene.history()).list).toMatchObject([{ title: 'at home', savedIn: 'works' }]);
  });

  test.each([
    ['that was dealt with', { ...composeLetterFor(workOf('r1')), state: 'redriven' }],
    ['that was deleted', { ...composeLetterFor(workOf('r1')), deletedAt: new Date(9) }],
    ['that is damaged', { ...composeLetterFor(workOf('r1')), mac: 'sha256:0' }],
    ['whose record is somebody else’s', { ...composeLetterFor(workOf('r1', { userId: 'u_else' })), userId: USER_ID }],
  ])('not where it is one %s, and nothing is said to be missing', async (_what, letter) => {
    const scene = await createScene();
    await scene.add('emergency_backup', letter);
    expect(await scene.history()).toMatchObject({ list: [], partial: false });
  });

  test('not where it is under a key not known here, and the list says that it is not whole', async () => {
    const scene = await createScene();
    await scene.add('works', workOf('r2'));
    await scene.add('emergency_backup', composeLetterWith(workOf('r1'), { key: KEY }));
    expect(await scene.history()).toMatchObject({ list: [{ workId: idOf('r2') }], partial: true });
  });

  test('that is older than the key where a hold of its token vouches for it, and not otherwise', async () => {
    const partialOf = async (holds: object) => {
      const scene = await createScene({ holds, room: { key: KEY } });
      await scene.add('emergency_backup', composeLetterFor(workOf('r1')));
      const { list, partial } = await scene.history();
      return [list.filter(({ savedIn }) => savedIn === 'emergency_backup').length, partial];
    };
    expect(await partialOf({ [idOf('r1')]: holdOf({ st: 'done' }) })).toEqual([1, false]);
    expect(await partialOf({ [idOf('r1')]: holdOf({ st: 'done', token: 'other' }) })).toEqual([0, true]);
    expect(await partialOf({})).toEqual([0, true]);
  });

  test('not where the letters cannot be read, and the list says that it is not whole', async () => {
    const scene = await createScene({ room: { fates: { 'page emergency_backup': { always: 'STORE_UNAVAILABLE' } } } });
    await scene.add('works', workOf('r2'));
    expect(await scene.history()).toMatchObject({ list: [{ workId: idOf('r2') }], partial: true });
  });

  test('and a history is whole where there is no collection of letters', async () => {
    const scene = await createScene({ room: { fates: { 'page emergency_backup': { always: 'STORE_NOT_FOUND' } } } });
    expect(await scene.history()).toMatchObject({ list: [], partial: false });
  });
});

describe('the pages of a history', () => {
  const days = (count: number) => Array.from({ length: count }, (_, n) => workOf(`n${n}`, { createdAt: new Date(n) }));
  const namesIn = (list: readonly { readonly workId: string }[]) => list.map(({ workId }) => workId);

  test('by number go back from the newest, and say whether there are more', async () => {
    const scene = await createScene();
    await scene.add('works', ...days(5));
    const first = await scene.history({ pageSize: 2 });
    expect(first).toMatchObject({ page: 1, pageSize: 2, hasMore: true, nextCursor: `3-${idOf('n3')}` });
    expect(namesIn(first.list)).toEqual([idOf('n4'), idOf('n3')]);
    const last = await scene.history({ page: 3, pageSize: 2 });
    expect(last).toMatchObject({ page: 3, hasMore: false, nextCursor: null });
    expect(namesIn(last.list)).toEqual([idOf('n0')]);
  });

  test('end where the last of them is full', async () => {
    const scene = await createScene();
    await scene.add('works', ...days(5));
    expect(await scene.history({ pageSize: 5 })).toMatchObject({ hasMore: false, nextCursor: null });
    expect(await scene.history({ pageSize: 4 })).toMatchObject({ hasMore: true, nextCursor: `1-${idOf('n1')}` });
  });

  test('by a cursor of our own time go on behind its moment', async () => {
    const atMs = Date.UTC(2026, 10, 22);
    const scene = await createScene();
    await scene.add(
      'works',
      workOf('a', { createdAt: new Date(atMs) }),
      workOf('b', { createdAt: new Date(atMs - 1) }),
    );
    const { nextCursor } = await scene.history({ pageSize: 1 });
    expect(nextCursor).toBe(`${atMs}-${idOf('a')}`);
    expect(namesIn((await scene.history({ cursor: String(nextCursor) })).list)).toEqual([idOf('b')]);
  });

  test('order what has two moments by these, whatever the ids', async () => {
    const scene = await createScene({ holds: { w_00: holdOf({ at: 6 }), w_zz: holdOf({ at: 4 }) } });
    await scene.add('works', workOf('r1'));
    expect(namesIn((await scene.history()).list)).toEqual(['w_00', idOf('r1'), 'w_zz']);
  });

  test('order what has one moment by its id, wherever it stands', async () => {
    const scene = await createScene({ holds: { w_00: holdOf({ at: 5 }), w_zz: holdOf({ at: 5 }) } });
    await scene.add('works', workOf('r1'));
    expect(namesIn((await scene.history()).list)).toEqual(['w_zz', idOf('r1'), 'w_00']);
    expect(namesIn((await scene.history({ cursor: '5-w_zz' })).list)).toEqual([idOf('r1'), 'w_00']);
  });

  test('by cursor go on behind it, whatever the number of the page, with holds in their place', async () => {
    const scene = await createScene({ holds: { w_early: holdOf({ at: 1 }), w_late: holdOf({ at: 4 }) } });
    await scene.add('works', ...days(5));
    const { list } = await scene.history({ pageSize: 3, page: 7, cursor: `3-${idOf('n3')}` });
    const atOne = [idOf('n1'), 'w_early'].sort().reverse();
    expect(namesIn(list)).toEqual([idOf('n2'), ...atOne]);
  });

  test('are refused with a cursor that is none of ours, and beyond the thousandth by number', async () => {
    const scene = await createScene();
    const refused = async (input: Partial<HistoryInput>) => scene.history(input).catch((error: unknown) => error);
    for (const cursor of ['', '5', '-x', '5-', 'x5-w_1', '5-w 1', `${'9'.repeat(16)}-w`, '5-w\n1'])
      expect(await refused({ cursor })).toMatchObject({ code: 'INPUT_INVALID', details: { field: 'cursor' } });
    expect(await refused({ page: 101, pageSize: 10 })).toMatchObject({
      ...{ code: 'INPUT_INVALID', details: { field: 'page' } },
    });
    expect(await scene.history({ page: 100, pageSize: 10 })).toMatchObject({ list: [] });
  });

  test('of somebody who never came are empty', async () => {
    const scene = await createScene({ user: null });
    expect(await scene.history({ page: 2, pageSize: 7 })).toEqual({
      ...{ list: [], page: 2, pageSize: 7, hasMore: false, nextCursor: null, partial: false },
    });
    expect(scene.store.names()).toEqual(['page users']);
  });
});

describe('what may still be made today', () => {
  const resetAt = '2026-11-22T16:00:00.000Z';

  test('is told of a person with their credits and the next midnight in Beijing', async () => {
    expect(await (await createScene()).usage()).toEqual({
      ...{ used: 2, limit: 50, remaining: 48, type: 'free', credits: 4, resetAt },
    });
    const vip = await createScene({ user: { vipLevel: 1 } });
    expect(await vip.usage()).toMatchObject({ limit: 200, remaining: 198, type: 'vip' });
  });

  test.each([
    ['is what they will be registered with', true, 3],
    ['has no credits where registration is closed', false, 0],
  ])('of somebody who never came %s', async (_what, open, credits) => {
    const scene = await createScene({ user: null, room: { registration: { open, initialCredits: 3 } } });
    expect(await scene.usage()).toEqual({ used: 0, limit: 50, remaining: 50, type: 'free', credits, resetAt });
    expect(scene.memory.dump('users')).toEqual([]);
  });
});

describe('a person who deletes a work', () => {
  test('hides it, once, and its record stays', async () => {
    const scene = await createScene();
    await scene.add('works', workOf('r1'));
    await scene.remove('r1');
    const deletedAt = new Date(scene.clock.now());
    expect(worksIn(scene)).toEqual([{ ...workOf('r1'), deletedAt }]);
    const once = ['page users', 'update works', 'page emergency_backup'];
    expect(scene.store.names()).toEqual(once);
    await scene.clock.advance(1_000);
    await scene.remove('r1');
    expect(worksIn(scene)).toEqual([{ ...workOf('r1'), deletedAt }]);
    expect(scene.store.names()).toEqual([...once, ...once, 'get works']);
    expect((await scene.history()).list).toEqual([]);
  });

  test('hides a letter too, and another’s letter of the same record is left alone', async () => {
    const scene = await createScene();
    const theirs = { ...composeLetterFor(workOf('r1'), 2), userId: 'u_else' };
    const closed = { ...composeLetterFor(workOf('r1'), 3), state: 'superseded' };
    await scene.add('emergency_backup', composeLetterFor(workOf('r1')), theirs, closed);
    await scene.remove('r1');
    const letters = scene.memory.dump('emergency_backup');
    expect(letters.map(({ deletedAt }) => deletedAt)).toEqual([new Date(scene.clock.now()), undefined, undefined]);
    // Its record may have come home between the two.
    const looked = ['page users', 'update works', 'page emergency_backup', 'update emergency_backup'];
    expect(scene.store.names()).toEqual([...looked, 'update works']);
  });

  test('hides both a record and a letter that nobody needs any more, and looks no further', async () => {
    const scene = await createScene();
    await scene.add('works', workOf('r1'));
    await scene.add('emergency_backup', composeLetterFor(workOf('r1')));
    await scene.remove('r1');
    const names = ['page users', 'update works', 'page emergency_backup', 'update emergency_backup'];
    expect(scene.store.names()).toEqual(names);
  });

  test('is told that there is no such work where it is not there, is another’s, or nobody knows them', async () => {
    const scene = await createScene();
    await scene.add('works', workOf('theirs', { userId: 'u_else' }));
    expect(await codeOf(scene.remove('nothing'))).toBe('WORK_NOT_FOUND');
    expect(await codeOf(scene.remove('theirs'))).toBe('WORK_NOT_FOUND');
    expect(worksIn(scene)).toEqual([workOf('theirs', { userId: 'u_else' })]);
    expect(await codeOf((await createScene({ user: null })).remove('r1'))).toBe('WORK_NOT_FOUND');
  });

  test('may do so where there is no collection of letters, and is told where they cannot be read', async () => {
    const fatesOf = (code: 'STORE_NOT_FOUND' | 'STORE_UNAVAILABLE') => ({ 'page emergency_backup': { always: code } });
    const without = await createScene({ room: { fates: fatesOf('STORE_NOT_FOUND') } });
    await without.add('works', workOf('r1'));
    await without.remove('r1');
    expect(worksIn(without)).toMatchObject([{ deletedAt: expect.any(Date) }]);
    const down = await createScene({ room: { fates: fatesOf('STORE_UNAVAILABLE') } });
    await down.add('works', workOf('r1'));
    expect(await codeOf(down.remove('r1'))).toBe('STORE_UNAVAILABLE');
  });

  /** Does `step` once, just before the statement of this name that comes `nth`. */
  function meanwhile(scene: Awaited<ReturnType<typeof createScene>>, step: () => Promise<unknown>): void {
    const { page } = scene.store;
    let isDone = false;
    scene.store.page = async (name, ...rest) => {
      const found = await page(name, ...rest);
      if (name === 'emergency_backup' && !isDone) {
        isDone = true;
        await step();
      }
      return found;
    };
  }

  test('sees it stay deleted where its letter comes home just then', async () => {
    const scene = await createScene();
    await scene.add('emergency_backup', composeLetterFor(workOf('r1')));
    meanwhile(scene, () => scene.memory.insert('works', workOf('r1')));
    await scene.remove('r1');
    expect(worksIn(scene)).toMatchObject([{ deletedAt: expect.any(Date) }]);
  });

  test('sees it stay deleted where it came home, and its letter was closed, between the looks', async () => {
    const scene = await createScene();
    meanwhile(scene, () => scene.memory.insert('works', workOf('r1')));
    await scene.remove('r1');
    expect(worksIn(scene)).toMatchObject([{ deletedAt: expect.any(Date) }]);
  });
});
