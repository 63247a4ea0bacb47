import { describe, expect, test } from 'vitest';
import type { Document } from '../../src/store/index.ts';
import { composeLetterFor } from '../support/letters.ts';
import { person, userIdOf, workIdOf } from '../support/local-cloud.ts';
import { createMemoryCloud, type MemoryCloud } from '../support/memory-cloud.ts';

const OPENID = 'oEdges';
const WORK_ID = workIdOf(OPENID, 'r1');
const OPEN = { st: 'open', at: 5, until: 0, token: 't', attempt: 1, hash: '', price: 1, day: '20261122' };

const workOf = (requestId: string, fields: object = {}): Document => ({
  _id: workIdOf(OPENID, requestId),
  userId: userIdOf(OPENID),
  status: 'completed',
  token: 't',
  title: '',
  originalPrompt: '',
  createdAt: new Date(5),
  ...fields,
});

async function historyOf(memory: MemoryCloud, data: object = {}) {
  const answer = await memory.call(OPENID, { action: 'getHistory', data });
  expect(answer.code).toBe(200);
  return answer.data as unknown as { list: readonly { workId: string; status: string }[]; hasMore: boolean };
}

const remove = (memory: MemoryCloud) => memory.call(OPENID, { action: 'deleteWork', data: { workId: WORK_ID } });

describe('a work that was deleted stays hidden', () => {
  test('while a letter waits that nobody needed', async () => {
    const memory = createMemoryCloud();
    await memory.add('users', person(OPENID));
    await memory.add('works', workOf('r1'));
    await memory.add('emergency_backup', composeLetterFor(workOf('r1')));
    expect((await historyOf(memory)).list).toHaveLength(1);
    expect(await remove(memory)).toMatchObject({ code: 200 });
    expect((await historyOf(memory)).list).toEqual([]);
  });

  test('while its result is unknown and its call still open', async () => {
    const memory = createMemoryCloud();
    await memory.add('users', person(OPENID, { quota: { open: 1, seq: 1, used: {}, holds: { [WORK_ID]: OPEN } } }));
    await memory.add('works', workOf('r1', { status: 'unknown' }));
    expect((await historyOf(memory)).list).toHaveLength(1);
    expect(await remove(memory)).toMatchObject({ code: 200 });
    expect((await historyOf(memory)).list).toEqual([]);
  });

  test('where there is no collection of letters at all', async () => {
    const memory = createMemoryCloud({
      through: (store) => ({
        ...store,
        page: (name, ...rest) => store.page(name === 'emergency_backup' ? 'no_such_collection' : name, ...rest),
      }),
    });
    await memory.add('users', person(OPENID));
    await memory.add('works', workOf('r1'));
    expect(await remove(memory)).toMatchObject({ code: 200 });
    expect(await remove(memory)).toMatchObject({ code: 200 });
    expect((await historyOf(memory)).list).toEqual([]);
  });
});

test('a record with letters of two attempts stands in the history once, as the newer one', async () => {
  const memory = createMemoryCloud();
  await memory.add('users', person(OPENID));
  const older = workOf('r1', { status: 'unknown' });
  await memory.add('emergency_backup', composeLetterFor(older), composeLetterFor(workOf('r1'), 2));
  expect((await historyOf(memory)).list).toMatchObject([{ workId: WORK_ID, status: 'completed' }]);
});

test('a hold that is broken hides nothing else', async () => {
  const memory = createMemoryCloud();
  await memory.add('users', person(OPENID, { quota: { holds: { w_x: { st: 'open' }, w_y: null } } }));
  await memory.add('works', workOf('r1'));
  expect((await historyOf(memory)).list).toMatchObject([{ workId: WORK_ID }]);
});

describe('a history of a thousand works and more', () => {
  async function manyWorks(count: number, memory = createMemoryCloud()): Promise<MemoryCloud> {
    await memory.add('users', person(OPENID));
    for (let n = 0; n < count; n += 1) await memory.add('works', workOf(`n${n}`, { createdAt: new Date(n) }));
    return memory;
  }

  test('can be read by number up to the thousandth, and knows that there are more', async () => {
    const { list, hasMore } = await historyOf(await manyWorks(1_001), { page: 20, pageSize: 50 });
    expect(list).toHaveLength(50);
    expect(list.at(-1)).toMatchObject({ workId: workIdOf(OPENID, 'n1') });
    expect(hasMore).toBe(true);
  });

  test('is complete where the database gives shorter pages than were asked for', async () => {
    const memory = createMemoryCloud({
      through: (store) => ({
        ...store,
        page: (name, request, call) => store.page(name, { ...request, limit: Math.ceil(request.limit / 2) }, call),
      }),
    });
    const { list, hasMore } = await historyOf(await manyWorks(30, memory), { pageSize: 20 });
    expect(list).toHaveLength(20);
    expect(hasMore).toBe(true);
  });
});
