/** Recoveries that run at the same time, and a letter that is as large as a document may be. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { nodeClock } from '../../src/core/node/index.ts';
import { createLocalCloud, type Answer, type LocalCloud } from '../support/local-cloud.ts';
import { KEY, KIND_NAMES, LARGE_KINDS } from '../support/operations.ts';
import { load, lookLeniently, plantOperations, type Operations } from '../support/operations-truth.ts';

let cloud: LocalCloud;
let world: Operations;

beforeAll(async () => {
  cloud = await createLocalCloud({
    env: { WX_DURABLE_PROVIDER: 'local', WX_DURABLE_KEY: KEY, WX_DURABLE_ADMINS: 'oAdmin' },
  });
  const counts = Object.fromEntries(KIND_NAMES.map((kind) => [kind, LARGE_KINDS.includes(kind) ? 0 : 3]));
  world = plantOperations({ nowMs: nodeClock.now(), people: 30, counts });
});

afterEach(() => cloud.faults.clear());
afterAll(() => cloud.close());

const recover = () => cloud.maintain('recoverFromBackup');

async function settle(): Promise<void> {
  for (let run = 1; run <= 5; run += 1) await recover();
  await cloud.maintain('fixUserConsistency');
}

/** What each job of an answer came to. */
const jobsOf = ({ data }: Answer) =>
  (data?.['jobs'] as readonly { job: string; ran: boolean; why?: string }[]).map(({ job, ran, why }) => ({
    job,
    ran,
    why,
  }));

const lettersDone = ({ data }: Answer): number => (data?.['phases'] as { letters: { done: number } }).letters.done;

describe('two recoveries at once', () => {
  beforeEach(() => load(cloud, world));

  test.each([0, 20, 60])(
    'where the table of jobs is missing (%i ms a request) do no harm to one another',
    async (delayMs) => {
      cloud.faults.set([{ from: 'recoverFromBackup', inject: 'delay', delayMs }]);
      const answers = await Promise.all([recover(), recover()]);
      const waiting = Object.values(world.truth('after').letters).filter((state) => state !== 'waiting').length;
      for (const answer of answers) expect(answer.code).toBe(200);
      // Slow enough, both work on the same letters.
      if (delayMs > 50) expect(lettersDone(answers[0]) + lettersDone(answers[1])).toBeGreaterThan(waiting);
      expect(await lookLeniently(cloud, world)).toEqual(world.truth('after'));
    },
  );

  test('and a repair of the counters leave no counter wrong that the next repair would not make right', async () => {
    cloud.faults.set([{ inject: 'delay', delayMs: 20 }]);
    await Promise.all([recover(), recover(), cloud.maintain('fixUserConsistency')]);
    cloud.faults.clear();
    await settle();
    expect(await lookLeniently(cloud, world)).toEqual(world.truth('settled'));
  });
});

describe('two recoveries at once, where the table of jobs is there', () => {
  test('are one: the other is told that the job is taken, or has just been done', async () => {
    await load(cloud, world);
    await cloud.load('durable_jobs', []);
    cloud.faults.set([{ from: 'recoverFromBackup', inject: 'delay', delayMs: 20 }]);
    const [one, other] = (await Promise.all([recover(), recover()])).map(jobsOf);
    for (const index of [0, 1]) {
      const both = [one?.[index], other?.[index]];
      expect(both.filter((job) => job?.ran === true)).toHaveLength(1);
      expect(both.find((job) => job?.ran === false)?.why).toMatch(/^(leased|not-due)$/);
    }
    expect(await lookLeniently(cloud, world)).toEqual(world.truth('after'));
  });
});

describe('a letter that is as large as a document may be, among others', () => {
  test('comes home like them, though a busy machine may need more than one run', async () => {
    const counts = { 'a letter as large as a document may be': 1, 'its record in a letter only': 20 } as const;
    const large = plantOperations({ nowMs: nodeClock.now(), people: 10, counts });
    await load(cloud, large);
    await cloud.load('durable_jobs', []);
    let states = new Set<unknown>();
    for (let run = 1; run <= 5 && [...states].join() !== 'redriven'; run += 1) {
      await cloud.invoke('recoverFromBackup', { action: 'recover' }, { openid: 'oAdmin' });
      states = new Set((await cloud.dump('emergency_backup')).map(({ state }) => state));
    }
    expect(await lookLeniently(cloud, large)).toEqual(large.truth('after'));
    const [{ record } = { record: { _id: '' } }] = large.ofKind('a letter as large as a document may be');
    const { note } = (await cloud.get('works', record._id)) as { note?: string };
    expect(note).toBe((record as { note?: string }).note);
  });
});
