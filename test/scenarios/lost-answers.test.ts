import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createInProcess, DAY_MS, LEASE_MS } from '../support/in-process.ts';
import {
  createLocalCloud,
  person,
  userIdOf,
  workIdOf,
  type Answer,
  type FaultRule,
  type LocalCloud,
} from '../support/local-cloud.ts';
import { LOST_ONCE, type Fault } from '../support/lost-once.ts';

/** The requests of a call that name what they are about; a fault can be aimed at those of one person. */
const REQUESTS: Readonly<Record<string, (openid: string) => Partial<FaultRule>>> = {
  'reading the record': (openid) => ({ action: 'getDocument', collection: 'works', id: workIdOf(openid, 'r1') }),
  'opening the call': (openid) => ({ action: 'modifyDocument', collection: 'users', id: userIdOf(openid) }),
  'writing the record': (openid) => ({ action: 'insertDocument', collection: 'works', id: workIdOf(openid, 'r1') }),
  'closing the call': (openid) => ({ action: 'modifyDocument', collection: 'users', id: userIdOf(openid), skip: 1 }),
};

const CASES = Object.entries(REQUESTS).flatMap(([request, aim], row) =>
  Object.entries(LOST_ONCE).map(([how, fault], column) => {
    const openid = `oLost${row}${column}`;
    return [request, how, openid, { ...aim(openid), ...fault, times: 1 }] as const;
  }),
);

let cloud: LocalCloud;
const codes = new Map<string, number>();

beforeAll(async () => {
  cloud = await createLocalCloud();
  await cloud.add('users', ...CASES.map(([, , openid]) => person(openid)));
  cloud.faults.set(CASES.map(([, , , rule]) => rule));
  await Promise.all(
    CASES.map(async ([, , openid]) => {
      const { code } = await cloud.generate(openid, { prompt: '海', requestId: 'r1' });
      codes.set(openid, code);
    }),
  );
});

afterAll(() => cloud.close());

/** `seq` counts what was opened, closed and given back: two steps, where nothing was given back before. */
async function expectOnePicture(openid: string, seq = 2): Promise<void> {
  const workId = workIdOf(openid, 'r1');
  const works = (await cloud.dump('works')).filter((work) => work['openid'] === openid);
  expect(works).toEqual([expect.objectContaining({ _id: workId, status: 'completed' })]);
  expect(cloud.pictureCalls().filter(({ requestId }) => requestId?.startsWith(workId))).toHaveLength(1);
  expect(await cloud.get('users', userIdOf(openid))).toMatchObject({
    credits: 19,
    generateCount: 1,
    quota: { open: 0, seq, holds: { [workId]: { st: 'done' } } },
  });
}

describe('one request of a call that goes wrong once leaves one record, one payment and right counters', () => {
  test.each(CASES)('%s %s', async (_request, _how, openid) => {
    expect(codes.get(openid)).toBe(200);
    await expectOnePicture(openid);
  });

  test('and every one of these faults really happened', async () => {
    const fired = await cloud.fired();
    expect(fired.map((report) => report.fired)).toEqual(CASES.map(() => 1));
  });

  test.each(Object.entries(LOST_ONCE))('reading the person %s', async (_how, fault) => {
    const openid = `oLostRead${fault.inject}`;
    await cloud.add('users', person(openid));
    cloud.faults.set([{ action: 'getDocument', collection: 'users', times: 1, ...fault }]);
    expect(await cloud.generate(openid, { prompt: '海', requestId: 'r1' })).toMatchObject({ code: 200 });
    expect(await cloud.fired()).toMatchObject([{ fired: 1 }]);
    await expectOnePicture(openid);
  });

  test.each(Object.entries(LOST_ONCE))('registering somebody unknown %s', async (_how, fault) => {
    const openid = `oLostNew${fault.inject}`;
    cloud.faults.set([{ action: 'insertDocument', id: userIdOf(openid), times: 1, ...fault }]);
    expect(await cloud.generate(openid, { prompt: '海', requestId: 'r1' })).toMatchObject({ code: 200 });
    expect(await cloud.fired()).toMatchObject([{ fired: 1 }]);
    await expectOnePicture(openid);
  });
});

describe('a call that cannot be opened', () => {
  const WISH = { prompt: '山', requestId: 'r1' };
  const FAILING: Readonly<Record<string, readonly Fault[]>> = {
    oNeverSent: [{ inject: 'refused' }],
    oNeverArrives: [{ inject: 'reset-before' }],
    oNeverAnswered: [{ inject: 'reset-after' }],
    oGoneOnceOpened: [{ inject: 'reset-after', times: 1 }, { inject: 'refused' }],
  };
  const refused = new Map<string, Answer>();
  const ordersOf = (openid: string): number =>
    cloud.pictureCalls().filter(({ requestId }) => requestId?.startsWith(workIdOf(openid, 'r1'))).length;

  beforeAll(async () => {
    const openids = Object.keys(FAILING);
    await cloud.add('users', ...openids.map((openid) => person(openid)));
    cloud.faults.set(
      openids.flatMap((openid) =>
        (FAILING[openid] ?? []).map((fault) => ({ action: 'modifyDocument', id: userIdOf(openid), ...fault })),
      ),
    );
    await Promise.all(openids.map(async (openid) => refused.set(openid, await cloud.generate(openid, WISH))));
    cloud.faults.clear();
  });

  test.each(Object.keys(FAILING))('is refused and pays nothing: %s', (openid) => {
    expect(refused.get(openid)).toMatchObject({ code: 503, message: expect.stringMatching(/数据库/) });
    expect(ordersOf(openid)).toBe(0);
  });

  test.each([
    ['oNeverSent', 2],
    ['oNeverArrives', 2],
    ['oNeverAnswered', 4],
  ])('works when the same request comes again: %s', async (openid, seq) => {
    expect(await cloud.generate(openid, WISH)).toMatchObject({ code: 200 });
    await expectOnePicture(openid, seq);
  });

  test('holds a credit for a day, and pays nothing, where it was opened and then the database was gone', async () => {
    const openid = 'oGoneOnceOpened';
    const time = createInProcess(cloud);
    expect(await cloud.generate(openid, WISH)).toMatchObject({ code: 409, error: { code: 'ONCE_IN_PROGRESS' } });
    time.clock.forward(LEASE_MS);
    await time.recover();
    expect(await cloud.get('works', workIdOf(openid, 'r1'))).toMatchObject({ status: 'unknown' });
    time.clock.forward(DAY_MS);
    await time.recover();
    expect(await cloud.get('works', workIdOf(openid, 'r1'))).toMatchObject({ status: 'failed' });
    expect(await cloud.get('users', userIdOf(openid))).toMatchObject({
      credits: 20,
      generateCount: 0,
      quota: { open: 0 },
    });
    expect(ordersOf(openid)).toBe(0);
  });

  test('is refused where the person cannot be read', async () => {
    await cloud.add('users', person('oNobody'));
    cloud.faults.set([{ collection: 'users', inject: 'refused' }]);
    const before = await cloud.commits();
    expect(await cloud.generate('oNobody', WISH)).toEqual({
      code: 503,
      message: '数据库暂时不可用，请稍后再试',
      error: { code: 'STORE_UNAVAILABLE', category: 'transient' },
      requestId: 'r1',
    });
    expect(await cloud.commits()).toBe(before);
    cloud.faults.clear();
  });
});
