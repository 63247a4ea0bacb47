import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createEmulator } from '../../src/emulator/index.ts';
import { createTestClock } from '../support/test-clock.ts';
import { cloud, openCollection, openEmulator, temporaryFolder, type Json } from './harness.ts';

const CONFLICT = /TransactionConflict/;
const NOT_THERE = /TransactionNotExist/;

async function accounts() {
  await openEmulator();
  const collection = await openCollection('accounts', [
    { _id: 'anna', money: 10 },
    { _id: 'ben', money: 10 },
  ]);
  const money = async (id: string): Promise<unknown> => (await collection.doc(id).get()).data.money;
  return { collection, money, db: cloud.database() };
}

const change = (by: number) => ({ data: { money: cloud.database().command.inc(by) } });

describe('a transaction', () => {
  test('is seen by nobody before its commit, and as a whole after it', async () => {
    const { db, money } = await accounts();
    const transaction = await db.startTransaction();
    await transaction.collection('accounts').doc('anna').update(change(-3));
    await transaction.collection('accounts').doc('ben').update(change(3));
    const inside = await transaction.collection('accounts').doc('anna').get();
    expect([inside.data.money, await money('anna'), await money('ben')]).toEqual([7, 10, 10]);
    await transaction.commit();
    expect([await money('anna'), await money('ben')]).toEqual([7, 13]);
  });

  test('leaves nothing behind when it is rolled back', async () => {
    const { db, collection, money } = await accounts();
    const transaction = await db.startTransaction();
    await transaction.collection('accounts').doc('anna').update(change(-3));
    await transaction.collection('accounts').add({ data: { _id: 'carl' } });
    await transaction.collection('accounts').doc('ben').remove();
    await transaction.rollback();
    expect(await money('anna')).toBe(10);
    expect((await collection.count()).total).toBe(2);
  });

  test('reads what was there at its first operation, not at its start and not later', async () => {
    const { db, collection } = await accounts();
    const transaction = await db.startTransaction();
    await collection.doc('anna').update(change(1));
    const read = async () => (await transaction.collection('accounts').doc('anna').get()).data.money as number;
    expect(await read()).toBe(11);
    await collection.doc('anna').update(change(1));
    await collection.add({ data: { _id: 'carl', money: 0 } });
    expect(await read()).toBe(11);
    const { data } = await transaction
      .collection('accounts')
      .where({ money: db.command.gte(0) })
      .get();
    expect(data.map((one: Json) => one['_id']).sort()).toEqual(['anna', 'ben']);
    await transaction.commit();
  });

  test('meets a conflict at the operation that is too late, and is over then', async () => {
    const { db, collection, money } = await accounts();
    const transaction = await db.startTransaction();
    await transaction.collection('accounts').doc('anna').get();
    await collection.doc('anna').update(change(5));
    await expect(transaction.collection('accounts').doc('anna').update(change(1))).rejects.toThrow(CONFLICT);
    await expect(transaction.commit()).rejects.toThrow(NOT_THERE);
    expect(await money('anna')).toBe(15);
  });

  test('meets a conflict where another transaction has written, which goes on', async () => {
    const { db, money } = await accounts();
    const [first, second] = [await db.startTransaction(), await db.startTransaction()];
    await first.collection('accounts').doc('anna').update(change(1));
    await expect(second.collection('accounts').doc('anna').update(change(2))).rejects.toThrow(CONFLICT);
    await first.commit();
    expect(await money('anna')).toBe(11);
  });

  test('lets both commit where each changed what the other only read', async () => {
    const { db, money } = await accounts();
    const [first, second] = [await db.startTransaction(), await db.startTransaction()];
    await first.collection('accounts').doc('anna').get();
    await second.collection('accounts').doc('ben').get();
    await first.collection('accounts').doc('ben').update(change(1));
    await second.collection('accounts').doc('anna').update(change(1));
    await first.commit();
    await second.commit();
    expect([await money('anna'), await money('ben')]).toEqual([11, 11]);
  });

  test('is retried by runTransaction when its commit conflicts, and an injected conflict has let go of it', async () => {
    const emulator = await openEmulator();
    const collection = await openCollection('accounts', [{ _id: 'anna', money: 10 }]);
    emulator.faults.set([
      {
        action: 'commitTransaction',
        inject: 'error',
        code: 'DATABASE_TRANSACTION_CONFLICT',
        message: 'conflict',
        times: 2,
      },
    ]);
    let runs = 0;
    await cloud.database().runTransaction(async (transaction: ReturnType<typeof cloud.database>) => {
      runs += 1;
      await transaction.collection('accounts').doc('anna').update(change(1));
    });
    expect(runs).toBe(3);
    expect((await collection.doc('anna').get()).data.money).toBe(11);
  });

  test('stays committed when its answer is lost and the SDK aborts it', async () => {
    const emulator = await openEmulator();
    const collection = await openCollection('accounts', [{ _id: 'anna', money: 10 }]);
    emulator.faults.set([{ action: 'commitTransaction', inject: 'reset-after', times: 1 }]);
    const run = cloud.database().runTransaction(async (transaction: ReturnType<typeof cloud.database>) => {
      await transaction.collection('accounts').doc('anna').update(change(1));
    });
    await expect(run).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect((await collection.doc('anna').get()).data.money).toBe(11);
  });

  test('keeps unique indexes unique', async () => {
    const emulator = await openEmulator();
    await openCollection('users', [{ _id: 'u1', openid: 'o1' }]);
    const body = JSON.stringify([{ keys: { openid: 1 }, unique: true }]);
    await fetch(`${emulator.url}/_emulator/indexes/users`, { method: 'PUT', body });
    const transaction = await cloud.database().startTransaction();
    const users = transaction.collection('users');
    await expect(users.add({ data: { _id: 'u2', openid: 'o1' } })).rejects.toThrow(/E11000/);
    await users.doc('u1').update({ data: { openid: 'o9' } });
    await users.add({ data: { _id: 'u3', openid: 'o1' } });
    await transaction.commit();
    expect((await cloud.database().collection('users').count()).total).toBe(2);
  });
});

describe('a plain write to what a transaction has written', () => {
  test('waits for the commit, and then counts on top of it', async () => {
    const { db, collection, money } = await accounts();
    const transaction = await db.startTransaction();
    await transaction.collection('accounts').doc('anna').update(change(-3));
    let isDone = false;
    const plain = collection
      .doc('anna')
      .update(change(100))
      .then(() => (isDone = true));
    // Another request and its answer have passed, and the waiting one has not been answered.
    await collection.doc('ben').update(change(1));
    expect(isDone).toBe(false);
    await transaction.commit();
    await plain;
    expect(await money('anna')).toBe(107);
  });

  test('goes on when the transaction is 30 seconds old, which is then over', async () => {
    const clock = createTestClock();
    await openEmulator({ clock });
    const collection = await openCollection('accounts', [{ _id: 'anna', money: 10 }]);
    const transaction = await cloud.database().startTransaction();
    await transaction.collection('accounts').doc('anna').update(change(-3));
    const plain = collection.doc('anna').update(change(100));
    await collection.count();
    await clock.advance(30_000);
    await plain;
    await expect(transaction.commit()).rejects.toThrow(NOT_THERE);
    expect((await collection.doc('anna').get()).data.money).toBe(110);
  });
});

describe('the log', () => {
  test('has a transaction as a whole or not at all, wherever the writer was killed', async () => {
    const dir = temporaryFolder();
    const emulator = await openEmulator({ dir });
    await openCollection('accounts', [{ _id: 'anna', money: 10 }]);
    const path = join(dir, 'commit.log');
    const before = readFileSync(path).length;
    const transaction = await cloud.database().startTransaction();
    await transaction.collection('accounts').doc('anna').update(change(-3));
    await transaction.collection('accounts').add({ data: { _id: 'ben', money: 3 } });
    await transaction.commit();
    await emulator.close();
    const whole = readFileSync(path);
    for (let length = before; length <= whole.length; length += 7) {
      writeFileSync(path, whole.subarray(0, length));
      expect(await contentOf(dir)).toEqual([{ _id: 'anna', money: 10 }]);
    }
    writeFileSync(path, whole);
    expect(await contentOf(dir)).toEqual([
      { _id: 'anna', money: 7 },
      { _id: 'ben', money: 3 },
    ]);
  });
});

async function contentOf(dir: string): Promise<unknown> {
  const emulator = await createEmulator({ dir });
  const text = await (await fetch(`${emulator.url}/_emulator/collections/accounts`)).text();
  await emulator.close();
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line.replaceAll(/\{"\$numberInt":"(-?\d+)"\}/g, '$1')) as unknown);
}
