/** What the groups hear of walks: of every job of a firing, over as many runs as a walk takes. */
import { describe, expect, test } from 'vitest';
import { DurableError } from '../../src/core/index.ts';
import { createFixUserConsistency, createRecoverFromBackup } from '../../src/service/index.ts';
import type { Store } from '../../src/store/index.ts';
import { composeLetterFor } from '../support/letters.ts';
import { TIMER, type Answer } from '../support/local-cloud.ts';
import { createMemoryCloud, type MemoryCloud } from '../support/memory-cloud.ts';

const DAY_MS = 86_400_000;

async function createGround(through: (store: Store) => Store = (store) => store): Promise<MemoryCloud> {
  const cloud = createMemoryCloud({ through, env: { WX_DURABLE_ADMINS: 'oAdmin' } });
  await cloud.store.createCollection('durable_jobs');
  return cloud;
}

const raised = ({ log }: MemoryCloud) =>
  log.lines.filter(({ event }) => event === 'notify.raised').map(({ fields }) => fields['key']);

const denied = (): Promise<never> => Promise.reject(new DurableError('STORE_DENIED', 'planned'));

const record = (id: string) => ({
  ...{ _id: id, userId: 'u1', status: 'completed', token: 't', attempt: 1, hash: 'h', prompt: 'p' },
  createdAt: new Date(5),
});

describe('what failed', () => {
  test('in the repair of counters is told, although the pruning of the same firing went well', async () => {
    const cloud = await createGround((store) => ({
      ...store,
      update: (name, target, change, call) =>
        'generateCount' in (change.set ?? {}) ? denied() : store.update(name, target, change, call),
    }));
    await cloud.add('users', { _id: 'u1', generateCount: 9 });
    await cloud.repair();
    expect(raised(cloud)).toEqual(['fixUserConsistency.counts']);
  });

  test('in retention is told under a name of its own', async () => {
    const cloud = await createGround((store) => ({ ...store, remove: denied }));
    await cloud.add('works', record('w_1'));
    const letter = composeLetterFor(record('w_1'));
    await cloud.add('emergency_backup', { ...letter, state: 'redriven', recoveredAt: new Date(1) });
    await cloud.recover();
    expect(raised(cloud)).toEqual(['recoverFromBackup.retention-letters']);
  });
});

describe('a walk that takes two runs', () => {
  const ALERT = 'alert_fixUserConsistency.counts';

  /** A walk over two pages whose first run ends after the first, with the alert of an earlier walk still open. */
  async function walkTwice(firstUser: { readonly generateCount: number }) {
    let reads = 0;
    let isShort = true;
    const cloud: MemoryCloud = await createGround((store) => ({
      ...store,
      async page(name, request, call) {
        const isUsers = name === 'users' && request.limit === 100 && request.fields?.includes('quota.seq');
        if (isUsers && (reads += 1) === 2 && isShort) throw new DurableError('DEADLINE_PASSED', 'planned');
        return store.page(name, request, call);
      },
      update: (name, target, change, call) =>
        isShort && 'generateCount' in (change.set ?? {}) ? denied() : store.update(name, target, change, call),
    }));
    await cloud.store.createCollection('durable_alerts');
    const open = { key: 'fixUserConsistency.counts', state: 'open', severity: 'warning', title: 'x', claimedBy: 'x' };
    const counts = { openedAtMs: 1, lastSeenAtMs: 1, occurrences: 1, told: 1, nextAtMs: 0, claimedUntilMs: 0, seq: 1 };
    await cloud.add('durable_alerts', { _id: ALERT, ...open, ...counts });
    await cloud.add('users', { _id: 'u_000', ...firstUser });
    for (let n = 1; n < 150; n += 1) {
      await cloud.add('users', { _id: `u_${String(n).padStart(3, '0')}`, generateCount: 0 });
    }
    const env = { WX_DURABLE_ALERTS: 'wecom:0123456789abcdef0123456789abcdef' };
    const fetch = () => Promise.resolve(new Response('{"errcode":0}'));
    const fire = () =>
      cloud.clock.until(
        createFixUserConsistency({ ...cloud.runtime(), env, fetch })(TIMER, cloud.context) as Promise<Answer>,
      );
    const first = await fire();
    isShort = false;
    const second = await fire();
    return { first, second, state: (await cloud.get('durable_alerts', ALERT))?.['state'] };
  }

  const countsOf = ({ data }: Answer) =>
    (data?.['jobs'] as readonly { readonly job: string }[]).find(({ job }) => job === 'user-counts');

  test('resolves the alert where both were clean', async () => {
    const { first, second, state } = await walkTwice({ generateCount: 0 });
    expect(countsOf(first)).toMatchObject({ finished: false });
    expect(countsOf(second)).toMatchObject({ finished: true });
    expect(state).toBe('closed');
  });

  test('leaves it open where something failed in the first', async () => {
    const { second, state } = await walkTwice({ generateCount: 7 });
    expect(countsOf(second)).toMatchObject({ finished: true });
    expect(state).toBe('open');
  });
});

describe('the repair of counters', () => {
  test('rides out passing failures, and keeps its place after each page', async () => {
    let statements = 0;
    const passing = async <T>(run: () => Promise<T>): Promise<T> => {
      if ((statements += 1) % 7 === 0) throw new DurableError('STORE_UNAVAILABLE', 'planned');
      return run();
    };
    const cloud = await createGround((store) => ({
      ...store,
      page: (...ask) => (ask[0] === 'durable_jobs' ? store.page(...ask) : passing(() => store.page(...ask))),
      group: (...ask) => passing(() => store.group(...ask)),
    }));
    for (let n = 1_000; n < 1_500; n += 1) await cloud.add('users', { _id: `u_${n}`, generateCount: n % 5 });
    const { data } = await cloud.repair();
    expect(data).toMatchObject({ done: 400, failed: [] });
    expect(await cloud.store.count('users', { generateCount: 0 })).toBe(500);
  });

  test('killed in its third page goes on with that page', async () => {
    const pages: unknown[] = [];
    let isKilled = true;
    const cloud: MemoryCloud = await createGround((store) => ({
      ...store,
      async page(name, request, call) {
        if (name !== 'users' || !request.fields?.includes('quota.seq')) return store.page(name, request, call);
        pages.push(request.after?.id);
        if (pages.length === 3 && isKilled) throw new DurableError('STORE_DENIED', 'planned');
        return store.page(name, request, call);
      },
    }));
    for (let n = 1_000; n < 1_250; n += 1) await cloud.add('users', { _id: `u_${n}`, generateCount: 1 });
    expect(await cloud.repair()).toMatchObject({ error: { code: 'STORE_DENIED' } });
    isKilled = false;
    await cloud.repair();
    expect(pages).toEqual([undefined, 'u_1099', 'u_1199', 'u_1199']);
    expect(await cloud.store.count('users', { generateCount: 0 })).toBe(250);
  });

  test.each(['true', 1, null])('is refused for a dryRun of %j, which is neither true nor false', async (dryRun) => {
    const cloud = await createGround();
    await cloud.add('users', { _id: 'u1', generateCount: 9 });
    const main = createFixUserConsistency(cloud.runtime('oAdmin'));
    const answer = await cloud.clock.until(main({ action: 'repair', dryRun }, cloud.context) as Promise<Answer>);
    expect(answer).toMatchObject({ code: 400, error: { code: 'INPUT_INVALID' } });
    expect(await cloud.get('users', 'u1')).toMatchObject({ generateCount: 9 });
  });

  test('names no user in the log, and takes a counter that is absent for 0', async () => {
    const cloud = await createGround();
    await cloud.add('users', { _id: 'oSecret', generateCount: 9 }, { _id: 'u_new', credits: 1 });
    expect((await cloud.repair()).data).toMatchObject({ done: 1, repairs: [{ userId: 'oSecret', after: 0 }] });
    expect(cloud.log.lines.filter((line) => JSON.stringify(line).includes('oSecret'))).toEqual([]);
    expect(cloud.log.lines.filter(({ event }) => event === 'repair.user-count')).toHaveLength(1);
  });
});

test('a place that recovery begins anew from, since pictures were left, is no part of a walk', async () => {
  const cloud = await createGround();
  const at = new Date(cloud.clock.now());
  await cloud.add('durable_jobs', {
    ...{ _id: 'recovery', runs: 1, tries: 0, dueAt: new Date(cloud.clock.now() - DAY_MS), createdAt: at, beatAt: at },
    ...{ checkpoint: '{"phase":"holds"}', checkpointVersion: 1 },
  });
  const posts: unknown[] = [];
  const fetch = (_url: unknown, init: { readonly body?: unknown } = {}) => {
    posts.push(init.body);
    return Promise.resolve(new Response('{"errcode":0}'));
  };
  await cloud.store.createCollection('durable_alerts');
  const open = { key: 'recoverFromBackup.letters', state: 'open', severity: 'warning', title: 'x', claimedBy: 'x' };
  const counts = { openedAtMs: 1, lastSeenAtMs: 1, occurrences: 1, told: 1, nextAtMs: 0, claimedUntilMs: 0, seq: 1 };
  await cloud.add('durable_alerts', { _id: 'alert_recoverFromBackup.letters', ...open, ...counts });
  const env = { WX_DURABLE_ALERTS: 'wecom:0123456789abcdef0123456789abcdef' };
  const runtime = { ...cloud.runtime(), env, fetch: fetch as never };
  await cloud.clock.until(createRecoverFromBackup(runtime)(TIMER, cloud.context) as Promise<Answer>);
  expect(await cloud.get('durable_alerts', 'alert_recoverFromBackup.letters')).toMatchObject({ state: 'closed' });
  expect(posts).toHaveLength(1);
});
