import { describe, expect, test } from 'vitest';
import { DurableError } from '../../src/core/index.ts';
import type { Job, Task } from '../../src/jobs/index.ts';
import { createFixUserConsistency, createRecoverFromBackup } from '../../src/service/index.ts';
import { createMaintenance, maintenanceTask } from '../../src/service/maintenance.ts';
import { createFlakyStore } from '../support/flaky-store.ts';
import { person, TIMER, userIdOf, workIdOf, type Answer } from '../support/local-cloud.ts';
import { createMemoryCloud, type MemoryCloud } from '../support/memory-cloud.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const ADMIN = 'oAdmin';

interface Ground {
  /** Without it the collection of jobs does not exist. @default true */
  readonly hasTable?: boolean;
  /** Each statement takes this long. @default 0 */
  readonly latencyMs?: number;
  /** Settings besides the administrator. */
  readonly env?: Readonly<Record<string, string>>;
}

async function createGround({ hasTable = true, latencyMs = 0, env = {} }: Ground = {}) {
  const memory: MemoryCloud = createMemoryCloud({
    env: { WX_DURABLE_ADMINS: ADMIN, ...env },
    through: (store) => createFlakyStore(store, { clock: memory.clock, latencyMs }),
  });
  if (hasTable) await memory.store.createCollection('durable_jobs');
  return memory;
}

const job = (name: string, minutes = 5): Job => ({ name, version: 1, schedule: { kind: 'every', minutes } });

/** A task that does as told and remembers how long it was given. */
function task(
  name: string,
  work: Task<never>['work'] = async () => ({ summary: null, report: { shown: { [name]: 'done' } } }),
) {
  const sharesMs: number[] = [];
  const made = maintenanceTask<never>({
    job: job(name),
    readCheckpoint: () => undefined,
    work(run) {
      sharesMs.push(run.deadline.remainingMs());
      return work(run);
    },
  });
  return { made, sharesMs };
}

function fire(memory: MemoryCloud, tasks: readonly ReturnType<typeof task>[], event: unknown = TIMER, openid?: string) {
  const main = createMaintenance(memory.runtime(openid), { source: 'example', tasks: tasks.map(({ made }) => made) });
  return memory.clock.until(main(event, memory.context) as Promise<Answer>);
}

describe('the jobs of one function', () => {
  test('share its time, and what one leaves over is there for the next', async () => {
    const memory = await createGround();
    const slow = task('slow', async ({ deadline }) => {
      await memory.clock.advance(deadline.remainingMs());
      return { summary: null };
    });
    const quick = task('quick');
    const last = task('last');
    expect(await fire(memory, [quick, slow, last])).toMatchObject({
      code: 200,
      data: { quick: 'done', last: 'done', jobs: [{ job: 'quick', ran: true }, { job: 'slow' }, { job: 'last' }] },
    });
    const [quickMs = 0, slowMs = 0, lastMs = 0] = [quick, slow, last].map(({ sharesMs }) => sharesMs[0]);
    // Of 59.5 seconds, less what is kept for the table and for telling the groups.
    expect(Math.round(quickMs / 1_000)).toBe(16);
    expect(Math.round(slowMs / 1_000)).toBe(25);
    expect(Math.round(lastMs / 1_000)).toBe(28);
  });

  test('that are not due take no share', async () => {
    const memory = await createGround();
    const [first, second] = [task('first'), task('second')];
    await fire(memory, [first]);
    await fire(memory, [first, second]);
    expect(first.sharesMs).toHaveLength(1);
    // Three seconds are kept for telling the groups.
    expect(second.sharesMs).toEqual([53_500]);
  });

  test('run all though one fails, which is what is answered', async () => {
    const memory = await createGround();
    const failing = task('failing', () => Promise.reject(new DurableError('STORE_QUOTA', 'full')));
    const sound = task('sound');
    expect(await fire(memory, [failing, sound])).toMatchObject({ code: 503, error: { code: 'STORE_QUOTA' } });
    expect(sound.sharesMs).toHaveLength(1);
    expect(memory.store.dump('durable_jobs')).toMatchObject([
      { _id: 'failing', lastError: { code: 'STORE_QUOTA' }, lease: null },
      { _id: 'sound', lastError: null, lease: null },
    ]);
  });

  test('that have nothing to do say so', async () => {
    const memory = await createGround();
    await fire(memory, [task('only')]);
    expect(await fire(memory, [task('only')])).toEqual({
      code: 200,
      message: '没有需要执行的任务',
      data: { jobs: [{ job: 'only', ran: false, why: 'not-due' }], overdue: [] },
    });
  });

  test.each([{}, { action: undefined }, null, 'run', 7])(
    'run for an administrator who sends %j, due or not',
    async (event) => {
      const memory = await createGround();
      const only = task('only');
      for (let run = 1; run <= 2; run += 1) {
        expect(await fire(memory, [only], event, ADMIN)).toMatchObject({ data: { jobs: [{ ran: true }] } });
        expect(only.sharesMs).toHaveLength(run);
      }
    },
  );

  test.each(['constructor', '__proto__', 'Repair', 7, null])('know no action %j', async (action) => {
    const memory = await createGround();
    const only = task('only');
    expect(await fire(memory, [only], { action }, ADMIN)).toMatchObject({
      code: 400,
      error: { code: 'ACTION_UNKNOWN' },
    });
    expect(only.sharesMs).toEqual([]);
  });

  test('do not take an action from what is no administrator', async () => {
    const memory = await createGround();
    const only = task('only');
    expect(await fire(memory, [only], { ...TIMER, action: 'constructor' })).toMatchObject({ code: 200 });
    expect(await fire(memory, [only], { action: 'repair' }, 'oOther')).toMatchObject({ code: 403 });
    expect(only.sharesMs).toHaveLength(1);
  });
});

describe('a timer that stopped firing', () => {
  test('is reported by the function that still fires, until it fires again', async () => {
    const memory = await createGround();
    await memory.repair();
    await memory.recover();
    const overdue = (answer: Answer) => (answer.data as { overdue: readonly { name: string; why: string }[] }).overdue;
    await memory.clock.advance(HOUR_MS);
    expect(overdue(await memory.recover())).toEqual([]);
    await memory.clock.advance(2 * HOUR_MS);
    const silent = { name: 'user-counts', why: 'silent', sinceMs: 3 * HOUR_MS };
    expect(overdue(await memory.recover())).toContainEqual(silent);
    expect(memory.log.lines).toContainEqual({
      level: 'warn',
      event: 'job.overdue',
      fields: { job: 'user-counts', why: 'silent', sinceMs: 3 * HOUR_MS },
    });
    await memory.repair();
    expect(overdue(await memory.recover()).map(({ name }) => name)).not.toContain('user-counts');
  });

  const missedUnder = async (functions: string | undefined): Promise<readonly string[]> => {
    const memory = await createGround(functions === undefined ? {} : { env: { WX_DURABLE_FUNCTIONS: functions } });
    await memory.recover();
    await memory.clock.advance(3 * HOUR_MS);
    const { data } = await memory.recover();
    return (data as { overdue: readonly { name: string }[] }).overdue.map(({ name }) => name);
  };
  const COUNTS = ['hold-pruning', 'user-counts'];
  const CHECKS = ['check-daily', 'check-weekly'];

  test.each([
    ['nobody says', undefined, [...COUNTS, ...CHECKS]],
    ['two are named', 'recoverFromBackup, checkDataIntegrity', CHECKS],
    ['only this one is named', 'recoverFromBackup', []],
  ])('is missed where its function is deployed: %s', async (_what, functions, missed) => {
    expect([...(await missedUnder(functions))].sort()).toEqual([...missed].sort());
  });

  test('is missed, and the setting logged, where the setting names no function of ours', async () => {
    const memory = await createGround({ env: { WX_DURABLE_FUNCTIONS: 'recoverFromBackups' } });
    expect(await memory.recover()).toMatchObject({ code: 200 });
    expect(memory.log.lines).toContainEqual({
      level: 'error',
      event: 'alerts.off',
      fields: { code: 'CONFIG_INVALID', variable: 'WX_DURABLE_FUNCTIONS' },
    });
    expect(await missedUnder('recoverFromBackups')).toHaveLength(4);
  });
});

describe('where the collection of jobs does not exist', () => {
  test('maintenance runs at every firing, and log and answer say which command creates it', async () => {
    const memory = await createGround({ hasTable: false });
    for (let firing = 0; firing < 2; firing += 1) {
      expect(await memory.repair()).toMatchObject({
        code: 200,
        data: {
          jobs: [
            { ran: true, kept: false },
            { ran: true, kept: false },
          ],
          notice: expect.stringContaining('wx-durable init') as unknown,
        },
      });
    }
    expect(memory.log.lines).toContainEqual({
      level: 'error',
      event: 'job.table-missing',
      fields: { collection: 'durable_jobs', fix: 'wx-durable init' },
    });
  });
});

const LEASE_END_MS = Date.UTC(2026, 10, 22, 3, 59);
const HOLD = {
  ...{ st: 'open', price: 1, day: '20261122', token: 't1', attempt: 1, hash: '' },
  ...{ at: LEASE_END_MS - 60_000, until: LEASE_END_MS },
};

/** Somebody whose call was killed: nobody knows what came of it, so that recovery looks again for a day. */
const stranded = (openid: string) =>
  person(openid, { quota: { open: 1, seq: 1, used: {}, holds: { [workIdOf(openid, 'r1')]: HOLD } } });

describe('recovery with more open calls than one firing has time for', () => {
  const LETTER = {
    _id: 'work_1640995200000_abc123',
    id: 'work_1640995200000_abc123',
    backupReason: 'works_collection_save_failed',
    originalError: 'x',
    retryCount: 3,
    userId: userIdOf('oLetter'),
    openid: 'oLetter',
    status: 'completed',
    prompt: '旧',
    createdAt: new Date(5),
  };

  /** How many firings it takes until the letter behind the open calls is home; undefined if it never is. */
  async function firingsUntilHome(hasTable: boolean): Promise<number | undefined> {
    const memory = await createGround({ hasTable, latencyMs: 900 });
    await memory.add('users', ...Array.from({ length: 1_000 }, (_, n) => stranded(`oStranded${n}`)));
    await memory.add('emergency_backup', LETTER);
    const context = { ...memory.context, time_limit_in_ms: 20_000 };
    for (let firing = 1; firing <= 40; firing += 1) {
      const answer = await memory.clock.until(createRecoverFromBackup(memory.runtime())(TIMER, context));
      expect(answer).toMatchObject({ code: 200 });
      if (memory.store.dump('works').some(({ id }) => id === LETTER.id)) return firing;
      await memory.clock.advance(5 * MINUTE_MS);
    }
    return undefined;
  }

  test('comes to the letters behind them all the same', async () => {
    const firings = await firingsUntilHome(true);
    expect(firings).toBeGreaterThan(3);
    expect(firings).toBeLessThan(30);
  });

  test('would never come to them if it began anew each time', async () => {
    expect(await firingsUntilHome(false)).toBeUndefined();
  });
});

describe('the repair of more counters than one firing has time for', () => {
  test('goes on where it stopped until all are right, and keeps no person’s name', async () => {
    const memory = await createGround({ latencyMs: 100 });
    const people = Array.from({ length: 250 }, (_, n) =>
      person(`oCounted${n}`, { generateCount: n % 5 === 0 ? 9 : 0 }),
    );
    await memory.add('users', ...people);
    const context = { ...memory.context, time_limit_in_ms: 6_000 };
    const finished: unknown[] = [];
    for (let firing = 0; firing < 10; firing += 1) {
      const answer = await memory.clock.until(
        createFixUserConsistency(memory.runtime())(TIMER, context) as Promise<Answer>,
      );
      const [first] = (answer.data as { jobs: readonly { finished?: boolean; why?: string }[] }).jobs;
      finished.push(first?.finished ?? first?.why);
      expect(JSON.stringify([memory.store.dump('durable_jobs')[0]?.['lastSummary'], answer])).not.toContain('oCounted');
      await memory.clock.advance(10 * MINUTE_MS);
    }
    expect(finished).toEqual([
      ...finished.filter((end) => end === false),
      true,
      ...finished.filter((end) => end === 'not-due'),
    ]);
    expect(finished.filter((end) => end === false).length).toBeGreaterThan(0);
    for (const user of memory.store.dump('users')) expect(user['generateCount']).toBe(0);
  });

  test('is planned for an administrator who asks, page by page, and nothing is changed', async () => {
    const memory = await createGround();
    await memory.add('users', person('oPlanned', { generateCount: 4 }), person('oRight'));
    const before = memory.store.dump('users');
    const ask = (event: unknown) =>
      memory.clock.until(createFixUserConsistency(memory.runtime(ADMIN))(event, memory.context) as Promise<Answer>);
    const plan = await ask({ action: 'repair', dryRun: true });
    expect(plan).toMatchObject({
      code: 200,
      data: { dryRun: true, done: 1, skipped: 1, repairs: [{ userId: userIdOf('oPlanned'), before: 4, after: 0 }] },
    });
    expect(memory.store.dump('users')).toEqual(before);
    expect(memory.store.dump('durable_jobs')).toEqual([]);
    const after = { id: userIdOf('oPlanned') };
    const rest = await ask({ action: 'repair', dryRun: true, after });
    expect((rest.data as { repairs: unknown }).repairs).toEqual([]);
    for (const wrong of [7, 'x', { id: 7 }, { id: 'x', value: { $gt: 1 } }, null]) {
      expect(await ask({ action: 'repair', dryRun: true, after: wrong })).toMatchObject({ code: 400 });
    }
    expect(await ask({ action: 'repair' })).toMatchObject({ code: 200, data: { done: 1 } });
    expect(await memory.get('users', userIdOf('oPlanned'))).toMatchObject({ generateCount: 0 });
  });
});
