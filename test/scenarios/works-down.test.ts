import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createLocalCloud,
  person,
  userIdOf,
  workIdOf,
  type Answer,
  type FaultRule,
  type LocalCloud,
} from '../support/local-cloud.ts';

type Fault = Pick<FaultRule, 'inject' | 'status' | 'body' | 'times'>;

const REFUSED: Fault = { inject: 'refused' };

/** How a record can fail to be written, and whether it was written all the same. */
const FAULTS: Readonly<Record<string, readonly [faults: readonly Fault[], wasWritten: boolean]>> = {
  'is refused': [[REFUSED], false],
  'is reset before it happens': [[{ inject: 'reset-before' }], false],
  'is never answered': [[{ inject: 'hang' }], false],
  'is answered with a page of 503': [[{ inject: 'status', status: 503, body: 'html' }], false],
  'is reset after it happened, then refused': [[{ inject: 'reset-after', times: 1 }, REFUSED], true],
  'is answered in half, then refused': [[{ inject: 'cut', times: 1 }, REFUSED], true],
};
const CASES = Object.entries(FAULTS).map(([how, [faults, wasWritten]], n) => {
  const openid = `oWorksDown${n}`;
  const insert = { action: 'insertDocument', collection: 'works', id: workIdOf(openid, 'r1') };
  return [how, { wasWritten, openid, rules: faults.map((fault) => ({ ...insert, ...fault })) }] as const;
});

let cloud: LocalCloud;
const answers = new Map<string, Answer>();

beforeAll(async () => {
  cloud = await createLocalCloud();
  await cloud.add('users', ...CASES.map(([, { openid }]) => person(openid)));
  cloud.faults.set(CASES.flatMap(([, { rules }]) => rules));
  await Promise.all(
    CASES.map(async ([, { openid }]) => answers.set(openid, await cloud.generate(openid, wishOf(openid)))),
  );
});

afterAll(() => cloud.close());

const wishOf = (openid: string) => ({ prompt: `星空 ${openid}`, requestId: 'r1' });
const ordersOf = (openid: string): number =>
  cloud.pictureCalls().filter(({ requestId }) => requestId?.startsWith(workIdOf(openid, 'r1'))).length;

describe.each(CASES)('a record whose writing %s', (_how, { wasWritten, openid }) => {
  const workId = workIdOf(openid, 'r1');

  test('is tried three times, kept as a letter, and the picture is answered', async () => {
    expect(answers.get(openid)).toMatchObject({
      code: 200,
      data: { workId, savedIn: 'emergency_backup', remainingCredits: 19 },
    });
    expect(await cloud.get('emergency_backup', `${workId}_1`)).toMatchObject({
      recordId: workId,
      collection: 'works',
      attempt: 1,
      state: 'waiting',
      userId: userIdOf(openid),
      status: 'completed',
      backupReason: 'works_collection_save_failed',
      originalError: expect.stringMatching(/./),
      retryCount: 3,
      timestamp: expect.any(Date),
      attempts: [{ attempt: 1 }, { attempt: 2 }, { attempt: 3 }],
      mac: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      payload: { _id: workId, openid, originalPrompt: `星空 ${openid}`, status: 'completed' },
    });
    expect((await cloud.get('works', workId)) !== undefined).toBe(wasWritten);
  });

  test('is counted and paid like any other', async () => {
    expect(await cloud.get('users', userIdOf(openid))).toMatchObject({
      credits: 19,
      generateCount: 1,
      quota: { open: 0, holds: { [workId]: { st: 'done' } } },
    });
  });

  test('answers the same request from where it is, and orders nothing', async () => {
    const again = await cloud.generate(openid, wishOf(openid));
    expect(again).toMatchObject({ code: 200, data: { workId, savedIn: wasWritten ? 'works' : 'emergency_backup' } });
    expect(ordersOf(openid)).toBe(1);
  });

  test('stands in the history once', async () => {
    const { data } = await cloud.call(openid, { action: 'getHistory' });
    expect(data).toMatchObject({ list: [{ workId, status: 'completed' }], partial: false });
    expect(data?.['list']).toHaveLength(1);
  });
});

describe('the recovery function', () => {
  let report: Answer;

  beforeAll(async () => {
    cloud.faults.clear();
    report = await cloud.maintain('recoverFromBackup');
  });

  test('brings every letter home, and says how many', () => {
    expect(report).toMatchObject({
      code: 200,
      message: '执行完成',
      data: { phases: { letters: { done: CASES.length, failed: [] } } },
    });
    expect(report.data).not.toHaveProperty('checkpoint');
  });

  test.each(CASES)('leaves one record whose writing %s, and marks its letter', async (_how, { openid, wasWritten }) => {
    const workId = workIdOf(openid, 'r1');
    const works = (await cloud.dump('works')).filter((work) => work['openid'] === openid);
    expect(works).toHaveLength(1);
    expect(works[0]).toMatchObject({ _id: workId, status: 'completed', originalPrompt: `星空 ${openid}` });
    if (wasWritten) expect(works[0]).not.toHaveProperty('isRecovered');
    else expect(works[0]).toMatchObject({ isRecovered: true, recoveredAt: expect.any(Date) });
    expect(await cloud.get('emergency_backup', `${workId}_1`)).toMatchObject({ state: 'redriven' });
  });

  test.each(CASES)(
    'changes nothing about the count of one whose writing %s, and the person sees it once',
    async (_how, { openid }) => {
      expect(await cloud.get('users', userIdOf(openid))).toMatchObject({ credits: 19, generateCount: 1 });
      const { data } = await cloud.call(openid, { action: 'getHistory' });
      expect(data).toMatchObject({ list: [{ workId: workIdOf(openid, 'r1'), savedIn: 'works' }] });
      expect(data?.['list']).toHaveLength(1);
    },
  );

  test('does nothing when it is run again', async () => {
    const before = await cloud.dump('works');
    expect(await cloud.maintain('recoverFromBackup')).toMatchObject({ data: { phases: { letters: { done: 0 } } } });
    expect(await cloud.dump('works')).toEqual(before);
  });
});

describe('while `works` cannot even be read', () => {
  const OPENID = 'oUnreadable';
  const workId = workIdOf(OPENID, 'r1');

  beforeAll(async () => {
    await cloud.add('users', person(OPENID));
    cloud.faults.set([{ collection: 'works', inject: 'refused' }]);
  });

  test('a picture is made, and its request answered again from the backup', async () => {
    const kept = { code: 200, data: { workId, savedIn: 'emergency_backup' } };
    expect(await cloud.generate(OPENID, wishOf(OPENID))).toMatchObject(kept);
    expect(await cloud.generate(OPENID, wishOf(OPENID))).toMatchObject(kept);
    expect(ordersOf(OPENID)).toBe(1);
    expect(await cloud.get('users', userIdOf(OPENID))).toMatchObject({ credits: 19, generateCount: 1 });
  });

  test('the same request with another prompt is still refused', async () => {
    const answer = await cloud.generate(OPENID, { ...wishOf(OPENID), prompt: '别的' });
    expect(answer).toMatchObject({ code: 409, error: { code: 'IDEMPOTENCY_MISMATCH' } });
  });

  test('a history is refused rather than shown with holes', async () => {
    expect(await cloud.call(OPENID, { action: 'getHistory' })).toMatchObject({
      code: 503,
      error: { category: 'transient' },
    });
  });

  test('recovery leaves the letter where it is, and brings it home later', async () => {
    await cloud.maintain('recoverFromBackup');
    expect(await cloud.get('emergency_backup', `${workId}_1`)).toMatchObject({ state: 'waiting' });
    cloud.faults.clear();
    await cloud.maintain('recoverFromBackup');
    expect(await cloud.get('works', workId)).toMatchObject({ status: 'completed', isRecovered: true });
  });
});

test('a history says that it may be incomplete while the letters cannot be read', async () => {
  cloud.faults.set([{ collection: 'emergency_backup', inject: 'refused' }]);
  expect(await cloud.call('oUnreadable', { action: 'getHistory' })).toMatchObject({
    code: 200,
    data: { list: [{ status: 'completed' }], partial: true },
  });
  cloud.faults.clear();
  expect(await cloud.call('oUnreadable', { action: 'getHistory' })).toMatchObject({ data: { partial: false } });
});
