import { describe, expect, test } from 'vitest';
import { isDurableError, type Code } from '../../src/core/index.ts';
import {
  backOf,
  DAILY_LIMITS,
  dailyUsage,
  doneOf,
  planAgain,
  planTerms,
  refusalOf,
  takeOf,
} from '../../src/generation/quota.ts';
import { readAccount } from '../../src/records/index.ts';
import type { Document } from '../../src/store/index.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 4);
const TODAY = 'd20261122';

const user = (fields: object = {}): Document => ({ _id: 'u_1', openid: 'o', credits: 20, generateCount: 0, ...fields });

function codeOf(run: () => unknown): Code | undefined {
  try {
    run();
  } catch (error) {
    if (isDurableError(error)) return error.code;
    throw error;
  }
  return undefined;
}

function detailsOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return isDurableError(error) ? error.details : error;
  }
  return 'no error';
}

describe('what a picture costs', () => {
  test.each([
    ['a free person', {}, 50, 1],
    ['a vip', { vipLevel: 1 }, 200, 0],
    ['an admin', { role: 'admin' }, 1_000, 0],
    ['an admin who is a vip too', { isAdmin: true, vipLevel: 3 }, 1_000, 0],
    ['somebody whose vip level is no number', { vipLevel: 'gold' }, 50, 1],
  ])('%s', (_who, fields, limit, price) => {
    const { terms } = planTerms(user(fields), NOW_MS);
    expect(terms).toEqual({ price, day: '20261122' });
    expect(dailyUsage(readAccount(user(fields)), NOW_MS)).toEqual({ used: 0, limit, remaining: limit });
  });
});

describe('whether a picture may be opened is decided by the database alike', () => {
  /** What decides about limits: it does not change between reading and opening. */
  const kindOf = ({ vipLevel, role }: { vipLevel?: number; role?: string }) => ({
    ...(vipLevel ? { vipLevel } : {}),
    ...(role ? { role } : {}),
  });

  /** Applies the condition to a stored person, as opening does. */
  async function opens(stored: object, read: object = {}): Promise<boolean> {
    const store = createMemoryStore(['users']);
    await store.insert('users', user(stored));
    const { terms, eligible } = planTerms(user({ ...kindOf(stored), ...read }), NOW_MS);
    return (await store.update('users', { id: 'u_1', where: eligible }, { inc: takeOf(terms) })) === 1;
  }

  test.each([
    ['nothing used', {}, true],
    ['49 used', { quota: { used: { [TODAY]: 49 } } }, true],
    ['50 used', { quota: { used: { [TODAY]: 50 } } }, false],
    ['50 used yesterday', { quota: { used: { d20261121: 50 } } }, true],
    ['one credit', { credits: 1 }, true],
    ['half a credit', { credits: 0.5 }, false],
    ['no credit', { credits: 0 }, false],
    ['credits that are a text', { credits: '5' }, false],
    ['149 tries', { quota: { tries: { [TODAY]: 149 } } }, true],
    ['150 tries', { quota: { tries: { [TODAY]: 150 } } }, false],
    ['150 tries yesterday', { quota: { tries: { d20261121: 150 } } }, true],
    ['600 tries of a vip', { vipLevel: 1, quota: { tries: { [TODAY]: 600 } } }, false],
    ['9,999 tries of an admin', { role: 'admin', quota: { tries: { [TODAY]: 9_999 } } }, true],
  ])('with %s', async (_what, fields, expected) => {
    expect(await opens(fields)).toBe(expected);
    expect(codeOf(() => planTerms(user(fields), NOW_MS)) === undefined).toBe(expected);
  });
});

test('a vip may open a picture though their document knows no credits, as the database sees it too', async () => {
  const store = createMemoryStore(['users']);
  const { credits: _credits, ...vip } = user({ vipLevel: 1 });
  await store.insert('users', vip);
  const { terms, eligible } = planTerms(vip, NOW_MS);
  expect(await store.update('users', { id: 'u_1', where: eligible }, { inc: takeOf(terms) })).toBe(1);
});

describe('a counter that is broken', () => {
  test.each([['3'], [Number.NaN], [Infinity], [null]])(
    'refuses everything while it is %j, and says which it is',
    (value) => {
      const broken = user({ quota: { used: { [TODAY]: value } } });
      expect(detailsOf(() => planTerms(broken, NOW_MS))).toEqual({ field: `quota.used.${TODAY}` });
      expect(codeOf(() => planTerms(broken, NOW_MS))).toBe('USER_INVALID');
    },
  );
});

describe('why a picture may not be opened', () => {
  test('is said with the numbers that a person is shown', () => {
    const refused = (fields: object) => detailsOf(() => planTerms(user(fields), NOW_MS));
    expect(refused({ quota: { used: { [TODAY]: 50 } } })).toEqual({ limit: 50 });
    expect(refused({ credits: 0 })).toEqual({ credits: 0 });
    const zh = '今日尝试次数已达上限（150 次，含失败的尝试），请明天再来';
    expect(refused({ quota: { tries: { [TODAY]: 150 } } })).toEqual({ limit: 50, tries: 150, zh });
  });

  test.each<[string, object, Code]>([
    ['the day is used up', { quota: { used: { [TODAY]: 50 } } }, 'QUOTA_EXCEEDED'],
    ['no credit is left', { credits: 0 }, 'CREDITS_INSUFFICIENT'],
    ['both', { credits: 0, quota: { used: { [TODAY]: 50 } } }, 'QUOTA_EXCEEDED'],
    ['the tries of the day are used up', { quota: { tries: { [TODAY]: 150 } } }, 'QUOTA_EXCEEDED'],
    ['neither any more', {}, 'STORE_CONFLICT'],
  ])('%s', (_why, fields, code) => {
    expect(refusalOf(user(fields), NOW_MS).code).toBe(code);
  });
});

test('giving back undoes what opening took, whatever the price, but for the try', () => {
  for (const price of [0, 1]) {
    const terms = { price, day: '20261122' };
    const sums = Object.entries(takeOf(terms)).map(([path, by]) => [path, by + Number(backOf(terms)[path] ?? 0)]);
    expect(Object.fromEntries(sums)).toEqual({
      [`quota.used.${TODAY}`]: 0,
      [`quota.tries.${TODAY}`]: 1,
      credits: 0,
    });
  }
  expect(doneOf()).toEqual({ generateCount: 1 });
});

describe('paying again for a picture whose result was not seen', () => {
  test('is a try of the day on which it is asked for, and takes nothing else', () => {
    expect(planAgain(user(), NOW_MS).take).toEqual({ [`quota.tries.${TODAY}`]: 1 });
  });

  test.each([
    ['a free person', {}, 150],
    ['a vip', { vipLevel: 1 }, 600],
  ])('%s may until the tries of the day are used up, as the database sees it', async (_who, fields, limit) => {
    const store = createMemoryStore(['users']);
    const plan = planAgain(user(fields), NOW_MS);
    await store.insert('users', user({ ...fields, quota: { tries: { [TODAY]: limit - 1 } } }));
    const again = () => store.update('users', { id: 'u_1', where: plan.eligible }, { inc: plan.take });
    expect([await again(), await again()]).toEqual([1, 0]);
    const over = user({ ...fields, quota: { tries: { [TODAY]: limit } } });
    expect(codeOf(() => planAgain(over, NOW_MS))).toBe('QUOTA_EXCEEDED');
  });

  test('an admin always may', () => {
    const admin = user({ role: 'admin', quota: { tries: { [TODAY]: 9_999 } } });
    expect(planAgain(admin, NOW_MS).eligible).toEqual({});
  });
});

test('a daily use below nothing counts as nothing, and one above the limit leaves nothing', () => {
  const usedAs = (used: number) => dailyUsage(readAccount(user({ quota: { used: { [TODAY]: used } } })), NOW_MS);
  expect(usedAs(-2)).toEqual({ used: 0, limit: 50, remaining: 50 });
  expect(usedAs(70)).toEqual({ used: 70, limit: 50, remaining: 0 });
  const tried = user({ quota: { used: { [TODAY]: 2 }, tries: { [TODAY]: 149 } } });
  expect(dailyUsage(readAccount(tried), NOW_MS)).toEqual({ used: 2, limit: 50, remaining: 1 });
  expect(dailyUsage(readAccount(tried), NOW_MS, 1)).toEqual({ used: 3, limit: 50, remaining: 0 });
  expect(Object.keys(DAILY_LIMITS)).toEqual(['admin', 'vip', 'free']);
});
