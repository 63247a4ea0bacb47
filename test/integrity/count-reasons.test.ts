import { describe, expect, test } from 'vitest';
import { createDeadline } from '../../src/core/index.ts';
import { createRetriedReads, createRetrier } from '../../src/durable/index.ts';
import { repairUserCounts } from '../../src/integrity/index.ts';
import { judgeUsers } from '../../src/integrity/user-verdicts.ts';
import type { Document } from '../../src/store/index.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { seededRandom, testHash } from '../support/ports.ts';
import { createTestClock } from '../support/test-clock.ts';

const LOST = 'w_10000000000000000000000000000000';
const HOME = 'w_20000000000000000000000000000000';
const LETTER = 'w_30000000000000000000000000000000';
const OPEN = 'w_40000000000000000000000000000000';
const ORDER = 'w_50000000000000000000000000000000';

const older = (_id: string, changes: object = {}): Document => ({
  ...{ _id, userId: 'u1', status: 'completed', prompt: '灯塔', createdAt: new Date(1_700_000_000_000) },
  ...changes,
});
const ours = (_id: string, requestId: string): Document => ({ _id, userId: 'u1', status: 'completed', requestId });
const hold = (st: string, changes: object = {}) => ({ st, attempt: 1, token: 't', ...changes });

/** Somebody whose counter says `generateCount`, with these works, letters and holds. */
async function repaired(
  generateCount: number,
  world: { works?: readonly Document[]; letters?: readonly Document[]; holds?: object },
) {
  const memory = createMemoryStore(['users', 'works', 'emergency_backup']);
  const quota = { seq: 3, open: 0, holds: world.holds ?? {} };
  await memory.insert('users', { _id: 'u1', openid: 'o', generateCount, credits: 0, quota });
  for (const work of world.works ?? []) await memory.insert('works', work);
  for (const letter of world.letters ?? []) await memory.insert('emergency_backup', letter);
  const clock = createTestClock();
  const deadline = createDeadline(clock, clock.now() + 60_000);
  const deps = { store: memory, clock, random: seededRandom(1), hash: testHash, log: { write: () => undefined } };
  const report = await clock.until(repairUserCounts(deps, { deadline }));
  const user = (await memory.get('users', 'u1')) as Document;
  const reads = createRetriedReads(memory, createRetrier(deps), { deadline });
  const [verdict] = await clock.until(judgeUsers(reads, [user], '20261122'));
  return { count: user['generateCount'], verdict: verdict?.findings, report };
}

const COUNT_WRONG = 'generate-count-wrong';

describe('a second record of one picture', () => {
  test.each<[string, readonly Document[]]>([
    ['older ones: one wish of one person at one moment', [older('a'), older('b'), older('c')]],
    ['two of one request', [ours('a', 'r1'), ours('b', 'r1')]],
  ])('is not copied into the counter that counted it once (%s)', async (_what, works) => {
    const { count, report, verdict } = await repaired(1, { works });
    expect(count).toBe(1);
    expect(report.repairs).toEqual([]);
    expect(report.explained).toEqual([{ userId: 'u1', duplicates: works.length - 1, lost: [] }]);
    expect(verdict).not.toContain(COUNT_WRONG);
  });

  test('is left out of a counter that is wrong besides', async () => {
    const works = [older('a'), older('b'), older('c', { prompt: '海' })];
    const { count, report, verdict } = await repaired(9, { works });
    expect(count).toBe(2);
    expect(report.repairs).toMatchObject([{ before: 9, after: 2, duplicates: 1, lost: [] }]);
    expect(verdict).not.toContain(COUNT_WRONG);
  });

  test('is none where wish, moment or request differ, or one of them failed', async () => {
    const works = [
      ...[older('a'), older('b', { prompt: '海' }), older('c', { createdAt: new Date(1_700_000_000_001) })],
      ...[older('d', { status: 'failed' }), ours('e', 'r1'), ours('f', 'r2')],
    ];
    expect(await repaired(0, { works })).toMatchObject({ count: 5, report: { explained: [] } });
  });
});

describe('a picture that was counted and has no record', () => {
  test('stays counted, and is named', async () => {
    const { count, report, verdict } = await repaired(2, {
      works: [ours(HOME, 'r1')],
      holds: { [HOME]: hold('done'), [LOST]: hold('done') },
    });
    expect(count).toBe(2);
    expect(report.repairs).toEqual([]);
    expect(report.explained).toEqual([{ userId: 'u1', duplicates: 0, lost: [LOST] }]);
    expect(verdict).not.toContain(COUNT_WRONG);
  });

  test('is not lost while its letter waits, while its call is open, or where it is a call of another kind', async () => {
    const holds = {
      ...{ [LETTER]: hold('done'), [OPEN]: hold('open'), [ORDER]: hold('done', { records: 'orders' }) },
      [LOST]: hold('back'),
    };
    const letter = { _id: `${LETTER}_1`, recordId: LETTER, userId: 'u1', state: 'waiting', status: 'completed' };
    const letters = [{ ...letter, payload: { token: 't' } } as unknown as Document];
    expect(await repaired(7, { letters, holds })).toMatchObject({
      count: 1,
      report: { repairs: [{ after: 1, duplicates: 0, lost: [] }], explained: [] },
    });
  });
});

test('more second records than one answer can tell are told by fewer people at once', async () => {
  const memory = createMemoryStore(['users', 'works', 'emergency_backup']);
  const people = ['u1', 'u2', 'u3'];
  for (const _id of people) {
    await memory.insert('users', { _id, generateCount: 0 });
    for (let n = 0; n < 400; n += 1) {
      const work = { userId: _id, status: 'completed', requestId: `r${n}` };
      await memory.insert('works', { _id: `${_id}-${n}-a`, ...work });
      await memory.insert('works', { _id: `${_id}-${n}-b`, ...work });
    }
  }
  const clock = createTestClock();
  const deps = { store: memory, clock, random: seededRandom(1), hash: testHash, log: { write: () => undefined } };
  const deadline = createDeadline(clock, clock.now() + 60_000);
  const { repairs } = await clock.until(repairUserCounts(deps, { deadline }));
  expect(repairs.map(({ userId, after, duplicates }) => [userId, after, duplicates])).toEqual(
    people.map((userId) => [userId, 400, 400]),
  );
});

test('counters that agree cost no request more', async () => {
  const memory = createMemoryStore(['users', 'works', 'emergency_backup']);
  await memory.insert('users', { _id: 'u1', generateCount: 1 });
  await memory.insert('works', ours(HOME, 'r1'));
  const asked: string[] = [];
  const clock = createTestClock();
  const store = new Proxy(memory, {
    get(target, name: keyof typeof memory) {
      const method = target[name];
      if (typeof method !== 'function') return method;
      return (...given: unknown[]): unknown => {
        asked.push(`${name} ${String(given[0])}`);
        return Reflect.apply(method, target, given);
      };
    },
  });
  const deps = { store, clock, random: seededRandom(1), hash: testHash, log: { write: () => undefined } };
  await clock.until(repairUserCounts(deps, { deadline: createDeadline(clock, clock.now() + 60_000) }));
  expect(asked).toEqual(['page users', 'page emergency_backup', 'group works']);
});
