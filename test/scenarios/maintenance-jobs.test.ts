import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLocalCloud, person, resultOf, TIMER, type Answer, type LocalCloud } from '../support/local-cloud.ts';

const ADMIN = { openid: 'oAdmin' };
let cloud: LocalCloud;

beforeAll(async () => {
  cloud = await createLocalCloud({ env: { WX_DURABLE_PROVIDER: 'local', WX_DURABLE_ADMINS: 'oAdmin' } });
});

beforeEach(async () => {
  await cloud.load('durable_jobs', []);
  await cloud.load('users', [person('oOne', { generateCount: 3 })]);
});

afterAll(() => cloud.close());

const jobsOf = ({ data }: Answer) => (data as { jobs: readonly Readonly<Record<string, unknown>>[] }).jobs;

describe.each([
  ['fixUserConsistency', 'user-counts', 'hold-pruning'],
  ['recoverFromBackup', 'recovery', 'retention'],
])('%s, over the real SDK', (name, job, other) => {
  test('runs once though its timer fires again and again, and then writes nothing', async () => {
    const first = await cloud.maintain(name);
    expect(first).toMatchObject({ code: 200, message: '执行完成' });
    const whole = { ran: true, finished: true, lateMs: 0, kept: true };
    expect(jobsOf(first)).toEqual([
      { job, ...whole },
      { job: other, ...whole },
    ]);
    expect(await cloud.get('durable_jobs', job)).toMatchObject({
      _id: job,
      lease: null,
      checkpoint: null,
      runs: 1,
      lastError: null,
    });
    const before = await cloud.commits();
    for (let firing = 0; firing < 3; firing += 1) {
      const again = await cloud.maintain(name);
      expect(again).toMatchObject({ code: 200, message: '没有需要执行的任务' });
      expect(jobsOf(again)).toMatchObject([
        { job, ran: false, why: 'not-due' },
        { ran: false, why: 'not-due' },
      ]);
    }
    expect(await cloud.commits()).toBe(before);
  });

  test('runs again when an administrator asks, and once when five firings come at the same moment', async () => {
    await cloud.maintain(name);
    expect(jobsOf(resultOf(await cloud.invoke(name, {}, ADMIN)))).toMatchObject([
      { ran: true, kept: true },
      { ran: true, kept: true },
    ]);
    const answers = await Promise.all(Array.from({ length: 5 }, () => cloud.invoke(name, {}, ADMIN)));
    const outcomes = answers.map((answer) => jobsOf(resultOf(answer))[0]);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject(outcome?.['ran'] ? { kept: true } : { why: 'leased' });
    const ran = outcomes.filter((outcome) => outcome?.['ran']).length;
    // An instance that came when another was through ran too: each run has a number of its own.
    expect(await cloud.get('durable_jobs', job)).toMatchObject({ runs: 2 + ran, lease: null });
  });

  test('leaves a run alone that is at work, and takes over from one that was killed', async () => {
    const lease = (untilMs: number) => ({ token: 't', untilAt: new Date(Date.now() + untilMs), saves: 0 });
    const row = { _id: job, runs: 1, tries: 1, dueAt: new Date(0), checkpoint: null, checkpointVersion: null };
    await cloud.load('durable_jobs', [{ ...row, lease: lease(100_000) }]);
    expect(jobsOf(await cloud.maintain(name))[0]).toEqual({ job, ran: false, why: 'leased' });
    await cloud.load('durable_jobs', [{ ...row, lease: lease(-1_000) }]);
    expect(jobsOf(await cloud.maintain(name))[0]).toMatchObject({ job, ran: true, kept: true });
    expect(await cloud.get('durable_jobs', job)).toMatchObject({ lease: null, runs: 2, tries: 0 });
  });

  test('refuses a client that looks like the timer, and touches no job', async () => {
    const before = await cloud.commits();
    const forged = await cloud.invoke(name, { ...TIMER, action: 'repair', force: true }, { openid: 'oForger' });
    expect(resultOf(forged)).toMatchObject({ code: 403, error: { code: 'AUTH_DENIED' } });
    expect(await cloud.commits()).toBe(before);
  });
});

test('a checkpoint written by a run is gone on from by the next, as text in the table', async () => {
  const stopped = { checkpoint: '{"id":"u_zzz"}', checkpointVersion: 1, runs: 1, tries: 0, dueAt: new Date(0) };
  await cloud.load('durable_jobs', [{ _id: 'user-counts', lease: null, ...stopped }]);
  const answer = await cloud.maintain('fixUserConsistency');
  // Nobody comes after that id: whoever is wrong before it waits for the next walk.
  expect(answer).toMatchObject({ data: { done: 0, skipped: 0, repairs: [] } });
  expect(await cloud.get('durable_jobs', 'user-counts')).toMatchObject({ checkpoint: null, lease: null });
});
