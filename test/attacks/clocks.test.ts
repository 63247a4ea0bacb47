/** Attack 18: a device whose clock stands in another year. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeClock } from '../../src/core/node/index.ts';
import { person, userIdOf, workIdOf, type Answer } from '../support/local-cloud.ts';
import { createAttackStage, type AttackStage } from './stage.ts';

const OPENID = 'oTraveller';
const MINUTE_MS = 60_000;

let stage: AttackStage;

beforeAll(async () => {
  stage = await createAttackStage();
  await stage.add('users', person(OPENID));
});

afterAll(() => stage.close());

const MOMENTS: readonly (readonly [string, unknown])[] = [
  ['2099', '2099-01-01T00:00:00.000Z'],
  ['1970', 0],
  ['the year 275760', 8.64e15],
  ['no moment', 'soon'],
  ['a date of the wire', { $date: 4_070_908_800_000 }],
];

const listOf = ({ data }: Answer) => (data as { list: { workId: string }[] }).list.map(({ workId }) => workId);

describe.each(MOMENTS)('a device that says it is %s', (what, moment) => {
  test('changes neither when a work was made, nor its day, nor its place in the history', async () => {
    const requestId = `at-${MOMENTS.findIndex(([name]) => name === what)}`;
    const claims = {
      ...{ createdAt: moment, updatedAt: moment, timestamp: moment, finishedAt: moment, at: moment, day: '20990101' },
      ...{ now: moment, time: moment, until: moment, clock: moment },
    };
    const startedAtMs = nodeClock.now();
    const event = { action: 'generate', ...claims, data: { prompt: '钟', requestId, ...claims } };
    const { value, sent } = await stage.watched(() => stage.call(OPENID, event));
    expect(value).toMatchObject({ code: 200 });
    const work = await stage.get('works', workIdOf(OPENID, requestId));
    for (const name of ['createdAt', 'finishedAt']) {
      const offMs = (work?.[name] as Date).getTime() - startedAtMs;
      expect(Math.abs(offMs)).toBeLessThan(10 * MINUTE_MS);
    }
    expect(work?.['day']).not.toBe('20990101');
    expect(JSON.stringify(sent)).not.toMatch(/2099|275760|4070908800000|"soon"/);
  });
});

test('the last of all is the newest of the history, whatever the others said', async () => {
  await stage.generate(OPENID, { prompt: '钟', requestId: 'last' });
  const list = listOf(await stage.call(OPENID, { action: 'getHistory', data: {} }));
  expect(list[0]).toBe(workIdOf(OPENID, 'last'));
  expect(list).toHaveLength(MOMENTS.length + 1);
});

test("a claimed day counts against today's quota all the same", async () => {
  const usage = await stage.call(OPENID, { action: 'getDailyUsage', day: '20990101', data: { day: '20990101' } });
  expect(usage).toMatchObject({ data: { used: MOMENTS.length + 1 } });
  const { quota } = (await stage.get('users', userIdOf(OPENID))) as unknown as { quota: { used: object } };
  expect(Object.keys(quota.used)).not.toContain('d20990101');
});
