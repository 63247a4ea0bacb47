import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { letterFile } from '../../src/durable/tiers.ts';
import { DAY_MS, LEASE_MS, openCostlyCalls, type CostlyCalls } from '../support/costly-calls.ts';
import { olderIdOf } from '../support/letters.ts';
import type { SdkCloud } from '../store/sdk-cloud.ts';

const WORKS_DOWN = { action: 'insertDocument', collection: 'works', inject: 'refused' } as const;
const LETTERS_DOWN = { action: 'insertDocument', collection: 'emergency_backup', inject: 'refused' } as const;
const INVALID = { code: 'LETTER_INVALID' };

let cloud: SdkCloud;
let calls: CostlyCalls;

beforeAll(async () => {
  ({ cloud, calls } = await openCostlyCalls());
});

afterAll(() => cloud.close());

const putFile = (letterId: string, text: string) =>
  cloud.blobs.put(letterFile(letterId), new TextEncoder().encode(text));
const readFile = async (letterId: string): Promise<string> =>
  new TextDecoder().decode(await cloud.blobs.get(await cloud.blobs.fileId(letterFile(letterId))));

/** A paid call whose record is nowhere but in a letter; what sits in storage alone leaves the call open. */
async function callInto(tier: 'emergency_backup' | 'storage', accountId: string, id: string): Promise<void> {
  await calls.open(accountId);
  cloud.meet(WORKS_DOWN, ...(tier === 'storage' ? [LETTERS_DOWN] : []));
  expect(await calls.call(accountId, id)).toMatchObject({ outcome: 'final', savedIn: tier });
  cloud.meet();
}

describe('a call that is open, and whose letter in storage is half a file', () => {
  beforeAll(async () => {
    await callInto('storage', 'u_half', 'w_half');
    await putFile('w_half_1', (await readFile('w_half_1')).slice(0, 80));
    calls.forward(LEASE_MS);
  });

  test('is postponed, with nothing given back, while somebody may mend it', async () => {
    const { phases } = await calls.recover();
    expect(phases.holds?.failed).toEqual([{ id: 'w_half', ...INVALID }]);
    expect(await calls.work('w_half')).toBeUndefined();
    expect(await calls.user('u_half')).toMatchObject({ credits: 4, quota: { open: 1 } });
  });

  test('ends as failed after a day, with its credit back, and the letter stays for a person to look at', async () => {
    calls.forward(DAY_MS);
    const { phases } = await calls.recover();
    expect(phases.holds).toMatchObject({ failed: [] });
    expect(await calls.work('w_half')).toMatchObject({ status: 'failed', errorCode: 'ONCE_UNKNOWN' });
    expect(await calls.user('u_half')).toMatchObject({ credits: 5, generateCount: 0, quota: { open: 0 } });
    expect(calls.log.lines.map(({ event }) => event)).toContain('once.letter-overlooked');
    expect((await readFile('w_half_1')).length).toBe(80);
  });
});

describe('a call that is open, and whose letter was mended in time', () => {
  test('gets its picture', async () => {
    await callInto('storage', 'u_mended', 'w_mended');
    const whole = await readFile('w_mended_1');
    await putFile('w_mended_1', whole.slice(0, 80));
    calls.forward(LEASE_MS);
    await calls.recover();
    await putFile('w_mended_1', whole);
    expect((await calls.recover()).phases.holds?.failed).toEqual([]);
    expect(await calls.work('w_mended')).toMatchObject({ status: 'completed', picture: 'cloud://picture' });
    expect(await calls.user('u_mended')).toMatchObject({ credits: 4, generateCount: 1, quota: { open: 0 } });
  });
});

describe('a call whose own letter stands beside a damaged one', () => {
  test('gets its picture from the letter beside it', async () => {
    await calls.open('u_beside');
    // Another instance died with this letter half written.
    await cloud.store.insert('emergency_backup', {
      _id: 'w_beside_1',
      recordId: 'w_beside',
      payload: {},
      state: 'waiting',
    });
    cloud.meet(WORKS_DOWN);
    expect(await calls.call('u_beside', 'w_beside')).toMatchObject({ savedIn: 'emergency_backup' });
    cloud.meet();
    // A second call is answered from the letter, too.
    expect(await calls.call('u_beside', 'w_beside')).toMatchObject({ savedIn: 'emergency_backup', replayed: true });
    const { phases } = await calls.recover();
    expect(phases.letters).toMatchObject({ done: 1, failed: [{ id: 'w_beside_1', ...INVALID }] });
    expect(await calls.work('w_beside')).toMatchObject({ status: 'completed' });
    expect(calls.paid()).toBe(3);
  });
});

describe('an unknown record', () => {
  const unclear = () => Promise.reject(new Error('the provider said nothing'));

  async function leaveUnknown(accountId: string, id: string): Promise<void> {
    await calls.open(accountId);
    expect(await calls.call(accountId, id, { pay: unclear })).toMatchObject({ outcome: 'unknown' });
  }

  test('whose account is gone becomes failed after a day, and not before', async () => {
    await leaveUnknown('u_gone', 'w_gone');
    await cloud.store.remove('users', { id: 'u_gone' });
    calls.forward(DAY_MS - 60_000);
    await calls.recover();
    expect(await calls.work('w_gone')).toMatchObject({ status: 'unknown' });
    calls.forward(LEASE_MS);
    expect((await calls.recover()).phases.unknown).toMatchObject({ done: 1 });
    expect(await calls.work('w_gone')).toMatchObject({ status: 'failed', errorCode: 'ONCE_UNKNOWN' });
  });

  test('whose hold is gone becomes failed after a day, and gives nothing back that nobody knows of', async () => {
    await leaveUnknown('u_bare', 'w_bare');
    await cloud.store.update('users', { id: 'u_bare' }, { unset: ['quota'] });
    calls.forward(DAY_MS + LEASE_MS);
    await calls.recover();
    expect(await calls.work('w_bare')).toMatchObject({ status: 'failed' });
    expect(await calls.user('u_bare')).toEqual({ _id: 'u_bare', credits: 4, generateCount: 0 });
  });

  test('whose hold is gone gets its picture from its letter in storage, which no walk finds', async () => {
    await callInto('storage', 'u_late', 'w_late');
    calls.forward(LEASE_MS);
    const file = await readFile('w_late_1');
    const { token } = (await calls.user('u_late')).quota.holds['w_late'] ?? {};
    const record = {
      _id: 'w_late',
      userId: 'u_late',
      status: 'unknown',
      token,
      attempt: 1,
      createdAt: new Date(calls.clock.now()),
    };
    await cloud.store.insert('works', record);
    await cloud.store.update('users', { id: 'u_late' }, { unset: ['quota'] });
    calls.forward(DAY_MS);
    await calls.recover();
    expect(file).toContain('cloud://picture');
    expect(await calls.work('w_late')).toMatchObject({
      status: 'completed',
      picture: 'cloud://picture',
      isRecovered: true,
    });
  });
});

describe('a letter of the older form', () => {
  const older = { userId: 'u_old', status: 'completed', backupReason: 'works_collection_save_failed', retryCount: 3 };
  const MOMENT = '2026-01-02T03:04:05.000Z';

  test.each([
    ['a text', MOMENT],
    ['a date', new Date(MOMENT)],
  ])('whose date is %s is superseded where its record is there under another id', async (what, createdAt) => {
    const id = `work_${what.slice(2)}`;
    await cloud.store.insert('works', { _id: `other-${id}`, userId: 'u_old', prompt: id, createdAt: new Date(MOMENT) });
    await cloud.store.insert('emergency_backup', { _id: `letter-${id}`, id, ...older, prompt: id, createdAt });
    expect((await calls.recover()).phases.letters).toMatchObject({ done: 1 });
    expect(await cloud.store.count('works', { id })).toBe(0);
  });

  test('whose date is a text comes home with a date', async () => {
    await cloud.store.insert('emergency_backup', {
      _id: 'l1',
      id: 'work_1',
      ...older,
      prompt: 'alone',
      createdAt: MOMENT,
    });
    await calls.recover();
    expect(await calls.work(olderIdOf({ ...older, prompt: 'alone', createdAt: new Date(MOMENT) }))).toMatchObject({
      id: 'work_1',
      prompt: 'alone',
      createdAt: new Date(MOMENT),
      isRecovered: true,
    });
  });
});
