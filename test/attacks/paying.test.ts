/** Attacks 6, 8 and 20: more pictures than a day allows, one key for two contents, and one key a thousand times. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { beijingDay } from '../../src/core/index.ts';
import { person, userIdOf, workIdOf, type Answer, type Platform } from '../support/local-cloud.ts';
import { createAttackStage, expectRefusal, type AttackStage } from './stage.ts';

let stage: AttackStage;

beforeAll(async () => {
  stage = await createAttackStage();
});

afterAll(() => stage.close());

const LIMIT = 50;
const LEFT = 3;
const paidBy = (openid: string, requestIds: readonly string[]): number => {
  const ids = new Set(requestIds.map((requestId) => workIdOf(openid, requestId)));
  // An order is named by its record and attempt.
  return stage.pictureCalls().filter(({ requestId }) => ids.has((requestId ?? '').replace(/_\d+$/, ''))).length;
};

/** A person with three pictures left today, whatever day it is. */
const almostDone = (openid: string, fields: Readonly<Record<string, unknown>> = {}) => {
  const days = [0, 1].map((day) => `d${beijingDay(Date.now() + day * 86_400_000)}`);
  return person(openid, { quota: { used: Object.fromEntries(days.map((day) => [day, LIMIT - LEFT])) }, ...fields });
};

const REQUESTS = Array.from({ length: 50 }, (_, n) => `parallel-${n}`);

const codesOf = (answers: readonly Answer[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { error, code } of answers) {
    const name = error?.code ?? String(code);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
};

describe('fifty calls at once of somebody with three pictures left', () => {
  test('pay for exactly three, and refuse all others', async () => {
    await stage.add('users', almostDone('oParallel'));
    const answers = await Promise.all(
      REQUESTS.map((requestId) => stage.generate('oParallel', { prompt: '海', requestId })),
    );
    const { 200: made = 0, ...refused } = codesOf(answers);
    expect(made).toBe(LEFT);
    for (const code of Object.keys(refused))
      expect(['QUOTA_EXCEEDED', 'STORE_CONFLICT', 'STORE_UNCERTAIN']).toContain(code);
    expect(paidBy('oParallel', REQUESTS)).toBe(LEFT);
    // Asked again one by one, those that were refused are refused still, and those that were made are answered.
    const again = [];
    for (const requestId of REQUESTS) again.push(await stage.generate('oParallel', { prompt: '海', requestId }));
    expect(codesOf(again)).toEqual({ 200: LEFT, QUOTA_EXCEEDED: REQUESTS.length - LEFT });
    expect(paidBy('oParallel', REQUESTS)).toBe(LEFT);
    expect(await stage.get('users', userIdOf('oParallel'))).toMatchObject({ credits: 20 - LEFT, generateCount: LEFT });
  });

  test('pay for three with credits for three, though the day would allow more', async () => {
    await stage.add('users', person('oPoor', { credits: LEFT }));
    const answers = await Promise.all(
      REQUESTS.map((requestId) => stage.generate('oPoor', { prompt: '山', requestId })),
    );
    expect(codesOf(answers)['200']).toBe(LEFT);
    expect(paidBy('oPoor', REQUESTS)).toBe(LEFT);
    expect(await stage.get('users', userIdOf('oPoor'))).toMatchObject({ credits: 0 });
  });

  test("pay for fifty where the day allows them: the three above are the quota's doing", async () => {
    await stage.add('users', person('oRich', { credits: 60 }));
    const answers = await Promise.all(
      REQUESTS.map((requestId) => stage.generate('oRich', { prompt: '林', requestId })),
    );
    const again = await Promise.all(REQUESTS.map((requestId) => stage.generate('oRich', { prompt: '林', requestId })));
    expect(paidBy('oRich', REQUESTS)).toBe(50);
    expect(codesOf([...answers, ...again])['200']).toBeGreaterThanOrEqual(50);
  });

  test.each(['kill-before', 'kill-after', 'reset-after'] as const)(
    'pay for no more than three where instances meet "%s" and clients ask again',
    async (inject) => {
      const openid = `oStorm-${inject}`;
      await stage.add('users', almostDone(openid));
      stage.faults.set([
        { from: 'generateImage', collection: 'users', action: 'modifyDocument', inject, probability: 0.15 },
        { from: 'generateImage', collection: 'works', action: 'insertDocument', inject, times: 1 },
      ]);
      const ask = (requestId: string): Promise<Platform> =>
        stage.invoke('generateImage', { action: 'generate', data: { prompt: '云', requestId } }, { openid });
      await Promise.all(REQUESTS.map(ask));
      await Promise.all(REQUESTS.map(ask));
      const fired = (await stage.fired()).reduce((sum, rule) => sum + rule.fired, 0);
      stage.faults.clear();
      expect(fired).toBeGreaterThan(0);
      await Promise.all(REQUESTS.map(ask));
      expect(paidBy(openid, REQUESTS)).toBeLessThanOrEqual(LEFT);
      expect(paidBy(openid, REQUESTS)).toBeGreaterThan(0);
    },
  );
});

describe('one key', () => {
  const WISH = { prompt: '灯塔', style: 'oil', requestId: 'one' };

  test('for another content is refused, writes nothing and pays nothing, whichever field differs', async () => {
    await stage.add('users', person('oReuse'));
    expect(await stage.generate('oReuse', WISH)).toMatchObject({ code: 200 });
    const others = [{ prompt: '灯塔！' }, { style: 'ink' }, { character: '猫' }, { emotion: '悲伤' }, { mode: 'four' }];
    for (const other of others) {
      const { value, sent } = await stage.harmless(() => stage.generate('oReuse', { ...WISH, ...other }));
      expectRefusal(value, 409, 'IDEMPOTENCY_MISMATCH');
      expect(sent.filter(({ action }) => !/getDocument$/.test(action))).toEqual([]);
    }
    // An explicit retry is no way around it.
    const { value } = await stage.harmless(() =>
      stage.generate('oReuse', { ...WISH, prompt: '别的', retryUnknown: true }),
    );
    expectRefusal(value, 409, 'IDEMPOTENCY_MISMATCH');
  });

  test('a thousand times is one payment, and every answer after the first is the same picture by three reads at most', async () => {
    await stage.add('users', person('oHammer'));
    const first = await stage.generate('oHammer', WISH);
    const { value, sent } = await stage.watched(async () => {
      const answers: Answer[] = [];
      for (let round = 0; round < 999; round += 100) {
        const size = Math.min(100, 999 - round);
        answers.push(...(await Promise.all(Array.from({ length: size }, () => stage.generate('oHammer', WISH)))));
      }
      return answers;
    });
    const seen = value.filter(({ code }) => code === 200);
    // More at once than the platform admits are turned away by it; they write nothing.
    expect(seen.length).toBeGreaterThan(500);
    expect(new Set(seen.map(({ data }) => `${String(data?.['workId'])} ${String(data?.['imageUrl'])}`)).size).toBe(1);
    expect(seen[0]?.data?.['workId']).toBe(first.data?.['workId']);
    expect(paidBy('oHammer', ['one'])).toBe(1);
    expect(sent.filter(({ action }) => !/getDocument$/.test(action))).toEqual([]);
    expect(sent.length).toBeLessThanOrEqual(3 * value.length);
  });

  test('a hundred times at once, before there is an answer, is one payment too', async () => {
    await stage.add('users', person('oRush'));
    const answers = await Promise.all(Array.from({ length: 100 }, () => stage.generate('oRush', WISH)));
    expect(paidBy('oRush', ['one'])).toBe(1);
    const codes = codesOf(answers);
    expect(Object.keys(codes).every((code) => ['200', 'ONCE_IN_PROGRESS', 'STORE_CONFLICT'].includes(code))).toBe(true);
    expect(await stage.get('users', userIdOf('oRush'))).toMatchObject({ credits: 19, generateCount: 1 });
  });
});

test('requests that are refused never reach the image service, however many there are', async () => {
  await stage.add('users', person('oEager'), person('oBroke', { credits: 0 }));
  const bad: readonly (readonly [string, unknown])[] = [
    ['oEager', { prompt: '' }],
    ['oEager', { prompt: 7 }],
    ['oEager', { prompt: 'x', requestId: '../' }],
    ['oEager', null],
    ['oBroke', { prompt: '好的' }],
  ];
  const { value } = await stage.harmless(() =>
    Promise.all(Array.from({ length: 100 }, (_, n) => stage.generate(...(bad[n % bad.length] as [string, unknown])))),
  );
  expect(value.every(({ code }) => code === 400 || code === 402)).toBe(true);
});
