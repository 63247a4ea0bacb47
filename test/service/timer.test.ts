import { expect, test } from 'vitest';
import { createTimer } from '../../src/service/timer.ts';
import { TIMER, type Answer } from '../support/local-cloud.ts';
import { createMemoryCloud } from '../support/memory-cloud.ts';

const nothing = async (): Promise<undefined> => undefined;

test.each(['recovery', 'retention', 'user-counts'])(
  'a timer may not be called "%s": it would keep our own job from running',
  (name) => {
    expect(() => createTimer(createMemoryCloud().runtime(), name, nothing)).toThrow(/CONFIG_INVALID/);
  },
);

test.each([Number.NaN, 0, -5, 1_441, Number.POSITIVE_INFINITY, '5'])('%s is no interval in minutes', (minutes) => {
  const options = { everyMinutes: minutes as number };
  expect(() => createTimer(createMemoryCloud().runtime(), 'mine', nothing, options)).toThrow(/CONFIG_INVALID/);
});

test('an answer whose checkpoint is null is the end of a walk', async () => {
  const cloud = createMemoryCloud();
  await cloud.store.createCollection('durable_jobs');
  let runs = 0;
  const work = async () => {
    runs += 1;
    return { checkpoint: null };
  };
  const timer = createTimer(cloud.runtime(), 'mine', work, { everyMinutes: 60 });
  for (let firing = 0; firing < 3; firing += 1) {
    await cloud.clock.until(timer(TIMER, cloud.context) as Promise<Answer>);
    await cloud.clock.advance(5 * 60_000);
  }
  expect(runs).toBe(1);
});

test('fired before its time it says in Beijing time when it is due, and the time is true', async () => {
  const cloud = createMemoryCloud();
  await cloud.store.createCollection('durable_jobs');
  const timer = createTimer(cloud.runtime(), 'mine', nothing, { everyMinutes: 60 });
  const fire = () => cloud.clock.until(timer(TIMER, cloud.context) as Promise<Answer>);
  expect(await fire()).toMatchObject({ message: '执行完成' });
  const early = await fire();
  expect(early.data).toEqual({ why: 'not-due', dueAt: expect.any(String) });
  const dueAt = String(early.data?.['dueAt']);
  const inBeijing = new Date(dueAt).toLocaleString('sv-SE', { timeZone: 'Asia/Shanghai' });
  expect(early.message).toBe(`未到执行时间：${inBeijing}（北京时间）起可再次执行`);
  await cloud.clock.advance(new Date(dueAt).getTime() - cloud.clock.now() - 1_000);
  expect(await fire()).toMatchObject({ data: { why: 'not-due' } });
  await cloud.clock.advance(1_000);
  expect(await fire()).toMatchObject({ message: '执行完成' });
});

test("the log tells a recovery's counts, and nothing of what other work answers", async () => {
  const cloud = createMemoryCloud();
  const walk = { done: 2, skipped: 1, failed: [{ id: 'w_secret', code: 'STORE_UNAVAILABLE' as const }] };
  const ran = async (answer: object): Promise<unknown> => {
    const timer = createTimer(cloud.runtime(), 'mine', async () => answer);
    await cloud.clock.until(timer(TIMER, cloud.context) as Promise<Answer>);
    return cloud.log.lines.filter(({ event }) => event === 'job.ran').at(-1)?.fields['summary'];
  };
  expect(JSON.parse(String(await ran({ phases: { holds: walk } })))).toEqual({
    holds: { done: 2, skipped: 1, failed: 1, failures: { STORE_UNAVAILABLE: 1 } },
  });
  expect(await ran({ names: ['oAnna'] })).toBe('{}');
  expect(await ran({ phases: ['oAnna'] })).toBe('{}');
  expect(await ran({ phases: { a: null, b: { done: 'oAnna', skipped: 0, failed: [] } } })).toBe('{}');
});
