import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createInProcess, DAY_MS, LEASE_MS, type InProcess } from '../support/in-process.ts';
import {
  createLocalCloud,
  person,
  userIdOf,
  workIdOf,
  type Answer,
  type FaultRule,
  type LocalCloud,
} from '../support/local-cloud.ts';

/** What is left of a call, by the moment at which its function died. */
type Left =
  /** Nothing: the same request begins anew. */
  | 'nothing'
  /** The call is open, and whether it was paid cannot be known. */
  | 'open'
  /** The record is there. */
  | 'record';

interface Moment {
  readonly left: Left;
  readonly rule: (openid: string) => FaultRule;
}

const before = { inject: 'kill-before', times: 1 } as const;
const after = { inject: 'kill-after', times: 1 } as const;
const reading = (openid: string) => ({ action: 'getDocument', id: workIdOf(openid, 'r1') });
const updating = (openid: string) => ({ action: 'modifyDocument', id: userIdOf(openid) });
const recording = (openid: string) => ({ action: 'insertDocument', id: workIdOf(openid, 'r1') });

/** Moments that can be aimed at one person. */
const AIMED: Readonly<Record<string, Moment>> = {
  'before it read the record': { left: 'nothing', rule: (openid) => ({ ...reading(openid), ...before }) },
  'after it read the record': { left: 'nothing', rule: (openid) => ({ ...reading(openid), ...after }) },
  'before it opened the call': { left: 'nothing', rule: (openid) => ({ ...updating(openid), ...before }) },
  'after it opened the call': { left: 'open', rule: (openid) => ({ ...updating(openid), ...after }) },
  'before it wrote the record': { left: 'open', rule: (openid) => ({ ...recording(openid), ...before }) },
  'after it wrote the record': { left: 'record', rule: (openid) => ({ ...recording(openid), ...after }) },
  'before it closed the call': { left: 'record', rule: (openid) => ({ ...updating(openid), ...before, skip: 1 }) },
  'after it closed the call': { left: 'record', rule: (openid) => ({ ...updating(openid), ...after, skip: 1 }) },
};

/** Moments that meet whoever comes first. */
const UNAIMED: Readonly<Record<string, Moment>> = {
  'before it ordered the picture': { left: 'open', rule: () => ({ provider: 'generate', ...before }) },
  'after it ordered the picture': { left: 'open', rule: () => ({ provider: 'generate', ...after }) },
  'before it copied the picture': { left: 'open', rule: () => ({ storage: 'upload', ...before }) },
  'after it copied the picture': { left: 'open', rule: () => ({ storage: 'upload', ...after }) },
};

const CASES = Object.entries({ ...AIMED, ...UNAIMED }).map(
  ([when, moment], n) => [when, `oKilled${n}`, moment] as const,
);
const withLeft = (left: Left) => CASES.filter(([, , moment]) => moment.left === left);

const WISH = { prompt: '森林', requestId: 'r1' };
const ordersOf = (openid: string): number =>
  cloud.pictureCalls().filter(({ requestId }) => requestId?.startsWith(workIdOf(openid, 'r1'))).length;
const userOf = (openid: string) => cloud.get('users', userIdOf(openid));
const workOf = (openid: string) => cloud.get('works', workIdOf(openid, 'r1'));

let cloud: LocalCloud;
let time: InProcess;

beforeAll(async () => {
  cloud = await createLocalCloud();
  time = createInProcess(cloud);
  await cloud.add('users', ...CASES.map(([, openid]) => person(openid)));
  const kill = async (openid: string): Promise<void> => {
    const answer = await cloud.invoke('generateImage', { action: 'generate', data: WISH }, { openid });
    expect(answer).toMatchObject({ errCode: -504002, errMsg: expect.stringContaining('the instance was killed') });
  };
  const isAimed = ([when]: (typeof CASES)[number]): boolean => Object.hasOwn(AIMED, when);
  cloud.faults.set(CASES.filter(isAimed).map(([, openid, moment]) => moment.rule(openid)));
  await Promise.all(CASES.filter(isAimed).map(([, openid]) => kill(openid)));
  for (const [, openid, moment] of CASES.filter((one) => !isAimed(one))) {
    cloud.faults.set([moment.rule(openid)]);
    await kill(openid);
  }
  cloud.faults.clear();
});

afterAll(() => cloud.close());

describe('the same request at once', () => {
  const again = (openid: string): Promise<Answer> => cloud.generate(openid, WISH);

  test.each(withLeft('nothing'))('begins anew where the function was killed %s', async (_when, openid) => {
    expect(ordersOf(openid)).toBe(0);
    expect(await again(openid)).toMatchObject({ code: 200, data: { remainingCredits: 19 } });
    expect(ordersOf(openid)).toBe(1);
  });

  test.each(withLeft('open'))('waits where the function was killed %s', async (_when, openid) => {
    const ordered = ordersOf(openid);
    expect(await again(openid)).toMatchObject({ code: 409, error: { code: 'ONCE_IN_PROGRESS' } });
    expect(ordersOf(openid)).toBe(ordered);
    expect(await cloud.call(openid, { action: 'getHistory' })).toMatchObject({
      data: { list: [{ status: 'processing', prompt: '森林' }] },
    });
  });

  test.each(withLeft('record'))(
    'is answered with the record where the function was killed %s',
    async (_when, openid) => {
      expect(await again(openid)).toMatchObject({
        code: 200,
        data: { workId: workIdOf(openid, 'r1'), savedIn: 'works' },
      });
      expect(ordersOf(openid)).toBe(1);
    },
  );
});

describe('after the lease', () => {
  beforeAll(async () => {
    time.clock.forward(LEASE_MS);
    expect(await time.recover()).toMatchObject({ code: 200, data: { phases: { holds: { failed: [] } } } });
  });

  test.each([...withLeft('nothing'), ...withLeft('record')])(
    'a call that was killed %s is closed and counted once',
    async (_when, openid) => {
      expect(await workOf(openid)).toMatchObject({ status: 'completed' });
      expect(await userOf(openid)).toMatchObject({ credits: 19, generateCount: 1, quota: { open: 0 } });
      expect(ordersOf(openid)).toBe(1);
    },
  );

  test.each(withLeft('open'))('a call that was killed %s is unknown, and not paid for again', async (_when, openid) => {
    const ordered = ordersOf(openid);
    expect(ordered).toBeLessThanOrEqual(1);
    expect(await time.generate(openid, WISH)).toEqual({
      code: 504,
      message: '本次结果暂时未知，系统会自动核对，请勿重复提交',
      error: { code: 'ONCE_UNKNOWN', category: 'ambiguous' },
      requestId: 'r1',
    });
    expect(await workOf(openid)).toMatchObject({ status: 'unknown', originalPrompt: '森林', imageUrl: '' });
    expect(await userOf(openid)).toMatchObject({ credits: 19, generateCount: 0, quota: { open: 1 } });
    expect(ordersOf(openid)).toBe(ordered);
  });
});

describe('somebody who asks for an unknown picture once more, twice at once', () => {
  const openid = CASES.find(([when]) => when === 'after it ordered the picture')?.[1] ?? '';

  test('pays for exactly one new picture', async () => {
    const retry = { ...WISH, retryUnknown: true };
    const answers = await Promise.all([time.generate(openid, retry), time.generate(openid, retry)]);
    for (const { code, error } of answers) if (code !== 200) expect(error?.code).toBe('ONCE_IN_PROGRESS');
    expect(answers.filter(({ code }) => code === 200).length).toBeGreaterThanOrEqual(1);
    expect(ordersOf(openid)).toBe(2);
    expect(await workOf(openid)).toMatchObject({ status: 'completed', attempt: 2 });
    expect(await userOf(openid)).toMatchObject({ credits: 19, generateCount: 1, quota: { open: 0 } });
  });

  test('is answered with that picture from then on', async () => {
    expect(await time.generate(openid, { ...WISH, retryUnknown: true })).toMatchObject({ code: 200 });
    expect(ordersOf(openid)).toBe(2);
  });
});

describe('after a day without evidence', () => {
  beforeAll(async () => {
    time.clock.forward(DAY_MS);
    await time.recover();
  });

  test.each(CASES)('the account of a call that was killed %s agrees with its record', async (_when, openid) => {
    const work = await workOf(openid);
    const user = await userOf(openid);
    const completed = work?.['status'] === 'completed' ? 1 : 0;
    expect(work?.['status']).toMatch(/^(completed|failed)$/);
    expect(user).toMatchObject({ credits: 20 - completed, generateCount: completed, quota: { open: 0 } });
    const { used } = user?.['quota'] as { used: Record<string, number> };
    expect(Object.values(used)).toEqual([completed]);
  });
});
