/** Attacks 1, 7 and 19: being somebody else, using somebody else's key, and finding out what somebody else has. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { person, userIdOf, workIdOf, type Answer } from '../support/local-cloud.ts';
import { createAttackStage, expectRefusal, type AttackStage, type SentRequest } from './stage.ts';

let stage: AttackStage;

const VICTIM = 'oVictim';
const MALLORY = 'oMallory';
const THEIRS = workIdOf(VICTIM, 'theirs');
const ACTIONS = ['generate', 'getHistory', 'getDailyUsage', 'getServiceStatus', 'deleteWork'] as const;
const DATA = { prompt: '小猫', requestId: 'r1', workId: THEIRS };

beforeAll(async () => {
  stage = await createAttackStage();
  await stage.add('users', person(VICTIM, { credits: 7 }), person(MALLORY, { credits: 90 }));
  await stage.generate(VICTIM, { prompt: '邻居的画', requestId: 'theirs' });
});

afterAll(() => stage.close());

/** Every way in which an event can claim to be of the victim. */
const CLAIMS: readonly (readonly [string, object, object])[] = [
  ['openid in the event', { openid: VICTIM }, {}],
  ['OPENID in the event', { OPENID: VICTIM, WX_OPENID: VICTIM }, {}],
  ['_openid in the event', { _openid: VICTIM }, {}],
  ['userInfo in the event', { userInfo: { openId: VICTIM, appId: 'wx1' } }, {}],
  ['a whole context in the event', { wxContext: { OPENID: VICTIM }, context: { OPENID: VICTIM } }, {}],
  ['openid in the data', {}, { openid: VICTIM, OPENID: VICTIM }],
  ['_openid in the data', {}, { _openid: VICTIM }],
  ['userId in the data', {}, { userId: userIdOf(VICTIM), _id: userIdOf(VICTIM) }],
  ['userInfo in the data', {}, { userInfo: { openId: VICTIM } }],
  ['an operator as openid', { openid: { $ne: null } }, { openid: { $ne: null }, userId: { $gt: '' } }],
];

/** Of what is sent, all but what differs from call to call: moments, tokens, and what hangs on the record's id. */
const shapeOf = (sent: readonly SentRequest[]) =>
  sent.map(({ action, collectionName }) => `${action} ${collectionName}`);

describe('a forged identity', () => {
  test.each(CLAIMS)(
    'changes nothing about whose picture, credit and history it is: %s',
    async (what, inEvent, inData) => {
      const requestId = `forged-${createHash('sha256').update(what).digest('hex').slice(0, 8)}`;
      const event = { action: 'generate', ...inEvent, data: { prompt: '小猫', requestId, ...inData } };
      const victimBefore = await stage.get('users', userIdOf(VICTIM));
      const { value, sent } = await stage.watched(() => stage.call(MALLORY, event));
      expect(value).toMatchObject({ code: 200, data: { workId: workIdOf(MALLORY, requestId) } });
      expect(await stage.get('works', workIdOf(MALLORY, requestId))).toMatchObject({
        openid: MALLORY,
        userId: userIdOf(MALLORY),
      });
      expect(await stage.get('works', workIdOf(VICTIM, requestId))).toBeUndefined();
      expect(await stage.get('users', userIdOf(VICTIM))).toEqual(victimBefore);
      // The claim reached no statement: neither its text nor its operator.
      expect(JSON.stringify(sent)).not.toMatch(/oVictim|\$ne|wxContext/);
      expect(JSON.stringify(sent)).not.toContain(userIdOf(VICTIM));
      const reads = await stage.watched(() => stage.call(MALLORY, { action: 'getHistory', ...inEvent, data: inData }));
      expect(JSON.stringify(reads.value)).not.toContain('邻居的画');
      expect(JSON.stringify(reads.sent)).not.toMatch(/oVictim|\$ne/);
    },
  );

  test('is noted in the log, without either name', async () => {
    const text = await stage.heard(() => stage.call(MALLORY, { action: 'getDailyUsage', openid: VICTIM }));
    expect(text).toContain('"event":"auth.spoof-attempt"');
    expect(text).not.toMatch(/oVictim|oMallory/);
    const honest = await stage.heard(() => stage.call(MALLORY, { action: 'getDailyUsage', openid: MALLORY }));
    expect(honest).not.toContain('auth.spoof-attempt');
  });

  test.each(ACTIONS)('is refused for %s where the platform names nobody, with no statement sent', async (action) => {
    for (const [, inEvent, inData] of CLAIMS) {
      const event = { action, ...inEvent, data: { ...DATA, ...inData } };
      const { value, sent } = await stage.harmless(() => stage.call(undefined, event));
      expectRefusal(value, 401, 'AUTH_MISSING');
      expect(sent).toEqual([]);
    }
  });

  test.each(ACTIONS)('is refused for %s through HTTP access, whatever the headers say', async (action) => {
    const headers = { 'content-type': 'application/json', 'x-wx-openid': VICTIM, 'x-wx-source': 'wx_client' };
    const body = JSON.stringify({ action, openid: VICTIM, data: DATA });
    const { value, sent } = await stage.harmless(async () => {
      const url = `${stage.url}/http/generateImage?openid=${VICTIM}&action=${action}`;
      return (await (await fetch(url, { method: 'POST', headers, body })).json()) as Answer;
    });
    expectRefusal(value, 401, 'AUTH_MISSING');
    expect(sent).toEqual([]);
  });
});

describe("another person's key", () => {
  test('is a request of its own under the same name, with another record, and pays by itself', async () => {
    const paidBefore = stage.pictureCalls().length;
    const answer = await stage.generate(MALLORY, { prompt: '邻居的画', requestId: 'theirs' });
    expect(answer).toMatchObject({ code: 200, data: { workId: workIdOf(MALLORY, 'theirs') } });
    expect(workIdOf(MALLORY, 'theirs')).not.toBe(THEIRS);
    expect(stage.pictureCalls().length).toBe(paidBefore + 1);
    // Its owner's own repetition is answered from the record, and pays nothing: that is what the key is for.
    expect(await stage.generate(VICTIM, { prompt: '邻居的画', requestId: 'theirs' })).toMatchObject({
      code: 200,
      data: { workId: THEIRS },
    });
    expect(stage.pictureCalls().length).toBe(paidBefore + 1);
  });

  test.each([
    ['that would be the same text with the openid before it', `${VICTIM}\u0000theirs`],
    ['that is the id of their record', THEIRS],
    ['of 129 characters', 'r'.repeat(129)],
  ])('does not lead to their record: one %s', async (_what, requestId) => {
    const { data } = await stage.generate(MALLORY, { prompt: '别的', requestId });
    expect(data?.['workId']).not.toBe(THEIRS);
    expect(JSON.stringify(data ?? {})).not.toContain('邻居的画');
  });
});

describe('asking what somebody else has', () => {
  const ids = [
    ["another person's work", THEIRS],
    ['a work that nobody has', workIdOf(VICTIM, 'no such')],
    ["another person's account", userIdOf(VICTIM)],
  ] as const;

  test('is answered word for word alike, with the same statements, whether it is there or not', async () => {
    const seen = [];
    for (const [, workId] of ids) {
      const { value, sent } = await stage.harmless(() =>
        stage.call(MALLORY, { action: 'deleteWork', data: { workId } }),
      );
      expectRefusal(value, 404, 'WORK_NOT_FOUND');
      seen.push({ answer: { ...value, requestId: '' }, shape: shapeOf(sent) });
    }
    expect(seen[0]?.shape.length).toBeGreaterThan(1);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
  });

  test('tells the owner another thing: the sameness above is about whose it is', async () => {
    const { value, sent } = await stage.watched(() =>
      stage.call(VICTIM, { action: 'deleteWork', data: { workId: THEIRS } }),
    );
    expect(value).toMatchObject({ code: 200, data: { workId: THEIRS } });
    expect(shapeOf(sent).length).toBeGreaterThan(1);
    expect(await stage.get('works', THEIRS)).toHaveProperty('deletedAt');
  });

  test("does not come out of a cursor that names another person's work", async () => {
    const { createdAt } = (await stage.get('works', THEIRS)) as unknown as { createdAt: Date };
    const cursor = `${createdAt.getTime() + 1}-${THEIRS}`;
    const { value, sent } = await stage.harmless(() => stage.call(MALLORY, { action: 'getHistory', data: { cursor } }));
    expect(value).toMatchObject({ code: 200 });
    expect(JSON.stringify(value)).not.toContain(THEIRS);
    // Each of its statements asks for this person's own records.
    const lists = sent.filter(({ query = '' }) => query.includes('userId'));
    expect(lists.length).toBeGreaterThan(0);
    for (const { query } of lists) expect(query).toContain(userIdOf(MALLORY));
  });
});
