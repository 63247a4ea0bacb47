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
