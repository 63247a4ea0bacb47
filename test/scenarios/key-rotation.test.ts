import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LEASE_MS, openCostlyCalls, type Keys, type CostlyCalls } from '../support/costly-calls.ts';
import type { SdkCloud } from '../store/sdk-cloud.ts';

const OLD = 'a'.repeat(64);
const NEW = 'b'.repeat(64);
const WORKS_DOWN = { action: 'insertDocument', collection: 'works', inject: 'refused' } as const;
const LETTERS_DOWN = { action: 'insertDocument', collection: 'emergency_backup', inject: 'refused' } as const;

let cloud: SdkCloud;
let calls: CostlyCalls;

beforeAll(async () => {
  ({ cloud, calls } = await openCostlyCalls());
});

afterAll(() => cloud.close());

/** Leaves a letter in each tier, written under these keys. */
async function leaveLetters(name: string, keys: Keys): Promise<void> {
  for (const tier of ['emergency_backup', 'storage'] as const) {
    await calls.open(`u_${name}_${tier}`);
    cloud.meet(WORKS_DOWN, ...(tier === 'storage' ? [LETTERS_DOWN] : []));
    const answer = await calls.call(`u_${name}_${tier}`, `w_${name}_${tier}`, keys);
    expect(answer).toMatchObject({ outcome: 'final', savedIn: tier });
    cloud.meet();
  }
}

async function expectHome(name: string): Promise<void> {
  for (const tier of ['emergency_backup', 'storage']) {
    expect(await calls.work(`w_${name}_${tier}`)).toMatchObject({ status: 'completed', picture: 'cloud://picture' });
    expect(await calls.user(`u_${name}_${tier}`)).toMatchObject({ credits: 4, generateCount: 1, quota: { open: 0 } });
  }
}

describe('letters that were waiting when the key was turned on', () => {
  test('come home where the hold of their call has their token', async () => {
    await leaveLetters('turned', {});
    calls.forward(LEASE_MS);
    const { phases } = await calls.recover({ key: NEW });
    expect(phases).toMatchObject({ holds: { done: 1, failed: [] }, letters: { done: 1, failed: [] } });
    await expectHome('turned');
  });

  test('answer a second call of their request', async () => {
    await leaveLetters('asked', {});
    const paid = calls.paid();
    expect(await calls.call('u_asked_storage', 'w_asked_storage', { key: NEW })).toMatchObject({ savedIn: 'storage' });
    expect(calls.paid()).toBe(paid);
  });

  test('are left, and told of, where no hold of theirs is known: somebody may have planted them', async () => {
    await leaveLetters('planted', {});
    await cloud.store.update('users', { id: 'u_planted_emergency_backup' }, { unset: ['quota'] });
    const failure = { id: 'w_planted_emergency_backup_1', code: 'LETTER_INVALID' };
    for (let run = 0; run < 7; run += 1) {
      expect((await calls.recover({ key: NEW })).phases.letters).toMatchObject({ failed: [failure] });
    }
    expect(await calls.work('w_planted_emergency_backup')).toBeUndefined();
    expect(await cloud.store.get('emergency_backup', failure.id)).toMatchObject({ state: 'waiting' });
  });

  test('are left where their token is not the one of the hold', async () => {
    await leaveLetters('other', {});
    const token = 'f'.repeat(32);
    await cloud.store.update(
      'users',
      { id: 'u_other_emergency_backup' },
      { set: { 'quota.holds.w_other_emergency_backup.token': token } },
    );
    await calls.recover({ key: NEW });
    expect(await calls.work('w_other_emergency_backup')).toBeUndefined();
  });
});

describe('letters that were waiting when the key was changed', () => {
  test('wait for the previous key, and come home when it is given', async () => {
    await leaveLetters('rotated', { key: OLD });
    calls.forward(LEASE_MS);
    for (let run = 0; run < 6; run += 1) {
      const { phases } = await calls.recover({ key: NEW });
      expect(phases.letters?.failed).toContainEqual({ id: 'w_rotated_emergency_backup_1', code: 'LETTER_INVALID' });
      expect(phases.holds?.failed).toContainEqual({ id: 'w_rotated_storage', code: 'LETTER_INVALID' });
    }
    expect(await calls.work('w_rotated_storage')).toBeUndefined();
    await calls.recover({ key: NEW, previousKeys: ['c'.repeat(64), OLD] });
    await expectHome('rotated');
  });
});
