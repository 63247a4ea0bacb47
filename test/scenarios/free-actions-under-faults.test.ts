import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLocalCloud, person, userIdOf, workIdOf, type Answer, type LocalCloud } from '../support/local-cloud.ts';
import { LOST_ONCE, type Fault } from '../support/lost-once.ts';

const OPENID = 'oLooks';
const work = (requestId: string, atMs: number) => ({
  _id: workIdOf(OPENID, requestId),
  userId: userIdOf(OPENID),
  status: 'completed',
  title: requestId,
  createdAt: new Date(atMs),
});

let cloud: LocalCloud;
let works = 0;

// A cloud for each way of losing: an instance that has met too many losses stops asking again, as it should.
const open = async (): Promise<void> => {
  cloud = await createLocalCloud();
  await cloud.add('users', person(OPENID));
  cloud.faults.set([{ action: 'insertDocument', collection: 'works', inject: 'refused' }]);
  // One picture that waits as a letter, and twelve that are stored.
  expect(await cloud.generate(OPENID, { prompt: '信', requestId: 'letter' })).toMatchObject({ code: 200 });
  cloud.faults.clear();
  await cloud.add('works', ...Array.from({ length: 12 }, (_, n) => work(`r${n}`, 1_000 + n)));
};
const close = (): Promise<void> => cloud.close();

/** Lets each of an action's requests in turn go wrong; answers what came of it, one a request. */
async function loseEach(fault: Fault, act: () => Promise<Answer>): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (let skip = 0; ; skip += 1) {
    cloud.faults.set([{ from: 'generateImage', ...fault, times: 1, skip }]);
    const answer = await act();
    const [report] = await cloud.fired();
    cloud.faults.clear();
    if (report?.fired !== 1) return answers;
    answers.push(answer);
  }
}

describe.each(Object.entries(LOST_ONCE))('where one of its requests %s', (_how, fault) => {
  beforeAll(open);
  afterAll(close);

  test.each([
    ['a history by number', 3, { action: 'getHistory', data: { page: 2, pageSize: 5 } }],
    ['a history by cursor', 3, { action: 'getHistory', data: { pageSize: 5 } }],
    ['the daily usage', 1, { action: 'getDailyUsage' }],
  ])('%s is the same as ever', async (_what, least, event) => {
    const usual = await cloud.call(OPENID, event);
    expect(usual).toMatchObject({ code: 200 });
    const answers = await loseEach(fault, () => cloud.call(OPENID, event));
    expect(answers.length).toBeGreaterThanOrEqual(least);
    for (const answer of answers) expect(answer).toEqual(usual);
  });

  test('a work is deleted, and deleted once', async () => {
    const deleted: string[] = [];
    const answers = await loseEach(fault, async () => {
      works += 1;
      const one = work(`doomed${works}`, 2_000 + works);
      await cloud.add('works', one);
      deleted.push(one._id);
      return cloud.call(OPENID, { action: 'deleteWork', data: { workId: one._id } });
    });
    expect(answers.length).toBeGreaterThanOrEqual(2);
    answers.forEach((answer, n) => expect(answer).toMatchObject({ code: 200, data: { workId: deleted[n] } }));
    const { data } = await cloud.call(OPENID, { action: 'getHistory', data: { pageSize: 50 } });
    expect((data as { list: { workId: string }[] }).list.map(({ workId }) => workId)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(new RegExp(deleted.join('|')))]),
    );
    for (const id of deleted) expect(await cloud.get('works', id)).toMatchObject({ deletedAt: expect.any(Date) });
  });
});

describe('where the database is gone', () => {
  beforeAll(open);
  afterAll(close);

  test.each(['getHistory', 'getDailyUsage', 'deleteWork'])('%s says so, and changes nothing', async (action) => {
    const before = await cloud.commits();
    cloud.faults.set([{ action: ['getDocument', 'modifyDocument', 'insertDocument'], inject: 'refused' }]);
    const data = { workId: workIdOf(OPENID, 'r1') };
    expect(await cloud.call(OPENID, { action, data })).toMatchObject({ code: 503 });
    cloud.faults.clear();
    expect(await cloud.commits()).toBe(before);
  });
});

describe('a function that is killed while it deletes a work', () => {
  beforeAll(open);
  afterAll(close);

  test.each(['kill-before', 'kill-after'] as const)(
    'by a %s leaves a deletion that can be asked again',
    async (inject) => {
      const one = work(inject, 3_000);
      await cloud.add('works', one);
      const event = { action: 'deleteWork', data: { workId: one._id } };
      cloud.faults.set([{ action: 'modifyDocument', collection: 'works', inject, times: 1 }]);
      expect(await cloud.invoke('generateImage', event, { openid: OPENID })).toHaveProperty('errCode');
      cloud.faults.clear();
      expect(await cloud.call(OPENID, event)).toMatchObject({ code: 200 });
      expect(await cloud.get('works', one._id)).toMatchObject({ deletedAt: expect.any(Date) });
    },
  );
});
