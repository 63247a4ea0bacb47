import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDeadline } from '../../src/core/index.ts';
import { nodeClock, nodePorts } from '../../src/core/node/index.ts';
import { createEmulator, type Emulator } from '../../src/emulator/index.ts';
import { createDesk } from '../../src/service/index.ts';
import { createCloudbaseBlobs, createCloudbaseStore } from '../../src/store/cloudbase/index.ts';
import { DAY_MS, LEASE_MS, openSdk } from '../support/in-process.ts';

/** The example of the README as another team would deploy it: plain JavaScript, with the built package installed. */
let folder: string;
let cloud: Emulator;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wx-durable-order-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(resolve('node_modules/wx-server-sdk'), join(folder, 'node_modules/wx-server-sdk'));
  symlinkSync(resolve('.'), join(folder, 'node_modules/wx-durable'));
  cpSync('examples/order', join(folder, 'functions/order'), { recursive: true });
  cloud = await createEmulator({ dir: join(folder, 'data'), functionsDir: join(folder, 'functions') });
});

afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

const load = async (collection: string, ...documents: readonly object[]): Promise<void> => {
  const body = documents.map((document) => JSON.stringify(document)).join('\n');
  await fetch(`${cloud.url}/_emulator/collections/${collection}`, { method: 'PUT', body });
};

const dump = async (collection: string): Promise<Record<string, unknown>[]> => {
  const text = await (await fetch(`${cloud.url}/_emulator/collections/${collection}`)).text();
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
};

async function order(data: object, openid = 'oBuyer'): Promise<{ code: number; data?: { status: string } }> {
  const reply = await cloud.invoke('order', { action: 'order', data }, { openid });
  return 'result' in reply ? (reply.result as { code: number }) : { code: reply.errCode };
}

const CUP = { sku: 'cup', count: 2, requestId: 'r1' };

beforeEach(async () => {
  cloud.faults.clear();
  await load('users', { _id: 'u1', openid: 'oBuyer', points: 100 });
  await load('products', { _id: 'cup', left: 5 });
  await load('orders');
  await load('emergency_backup');
});

async function expectOneOrder(): Promise<void> {
  expect(await dump('orders')).toEqual([expect.objectContaining({ sku: 'cup', count: 2, status: 'completed' })]);
  expect(await dump('users')).toEqual([expect.objectContaining({ points: 40, orderCount: 1 })]);
  expect(await dump('products')).toEqual([expect.objectContaining({ left: 3 })]);
}

describe('an order', () => {
  test('takes points and stock once and leaves one record, however often it is asked', async () => {
    expect(await order(CUP)).toMatchObject({ code: 200, data: { status: 'completed' } });
    expect(await order(CUP)).toMatchObject({ code: 200, data: { status: 'completed' } });
    await expectOneOrder();
  });

  test('gives the points back, once, where the stock is sold out', async () => {
    await load('products', { _id: 'cup', left: 1 });
    expect(await order(CUP)).toMatchObject({ code: 200, data: { status: 'failed' } });
    expect(await order(CUP)).toMatchObject({ code: 200, data: { status: 'failed' } });
    expect(await dump('users')).toEqual([expect.objectContaining({ points: 100 })]);
    expect(await dump('products')).toEqual([{ _id: 'cup', left: 1 }]);
  });

  test('is refused without points, with nothing written', async () => {
    await load('users', { _id: 'u1', openid: 'oBuyer', points: 59 });
    expect(await order(CUP)).toMatchObject({ code: 402, error: { code: 'ONCE_REFUSED' } });
    expect(await dump('users')).toEqual([{ _id: 'u1', openid: 'oBuyer', points: 59 }]);
    expect(await dump('orders')).toEqual([]);
  });

  test.each([
    ['another count under the same key', { ...CUP, count: 3 }, 409],
    ['no key', { sku: 'cup', count: 1 }, 400],
    ['an operator for a count', { ...CUP, count: { $gt: 0 } }, 400],
    ['a path for a sku', { ...CUP, sku: '../cup' }, 400],
    ['nothing at all', undefined, 400],
  ])('refuses %s', async (_what, data, code) => {
    await order(CUP);
    expect(await order(data as object)).toMatchObject({ code });
    await expectOneOrder();
  });

  test('ten at once for points for one make one order', async () => {
    await load('users', { _id: 'u1', openid: 'oBuyer', points: 60 });
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => order({ ...CUP, requestId: `parallel-${n}` })),
    );
    expect(answers.filter(({ code }) => code === 200)).toHaveLength(1);
    expect(await dump('orders')).toHaveLength(1);
    expect(await dump('users')).toEqual([expect.objectContaining({ points: 0, orderCount: 1 })]);
    expect(await dump('products')).toEqual([expect.objectContaining({ left: 3 })]);
  });
});

describe('an order leaves one record and takes once when', () => {
  const writes = ['insertDocument', 'modifyDocument'] as const;
  test.each([
    ['every first answer of an insert is lost', { action: 'insertDocument', inject: 'reset-after', times: 1 }],
    ['the answer about opening is lost', { action: 'modifyDocument', collection: 'users', inject: 'cut', times: 1 }],
    [
      'the answer about the stock is lost',
      { action: 'modifyDocument', collection: 'products', inject: 'reset-after', times: 2 },
    ],
    ['the stock cannot be reached at first', { collection: 'products', inject: 'refused', times: 2 }],
    ['the first two writes never arrive', { action: [...writes], inject: 'reset-before', times: 2 }],
    [
      'reads are throttled',
      { action: 'getDocument', inject: 'error', code: 'EXCEED_CONCURRENT_REQUEST_LIMIT', times: 1 },
    ],
  ] as const)('%s', async (_what, fault) => {
    cloud.faults.set([fault]);
    expect(await order(CUP)).toMatchObject({ code: 200, data: { status: 'completed' } });
    cloud.faults.clear();
    await expectOneOrder();
  });

  test('orders cannot be written: it is kept as a letter and answered from there', async () => {
    cloud.faults.set([{ collection: 'orders', action: 'insertDocument', inject: 'refused' }]);
    expect(await order(CUP)).toMatchObject({ code: 200, data: { status: 'completed' } });
    expect(await dump('emergency_backup')).toEqual([
      expect.objectContaining({ collection: 'orders', backupReason: 'orders_collection_save_failed' }),
    ]);
    expect(await order(CUP)).toMatchObject({ code: 200, data: { status: 'completed' } });
    expect(await dump('users')).toEqual([expect.objectContaining({ points: 40, orderCount: 1 })]);
    expect(await dump('products')).toEqual([expect.objectContaining({ left: 3 })]);
  });
});

/** The recovery of the README's timer, so much later. */
async function recoverAfter(delayMs: number): Promise<void> {
  const clock = { ...nodeClock, now: () => nodeClock.now() + delayMs };
  const sdk = openSdk(cloud);
  const store = createCloudbaseStore(sdk, clock);
  const blobs = createCloudbaseBlobs(sdk, clock, fetch);
  const log = { write: () => undefined };
  const parts = { ...nodePorts, clock, log, store, blobs, seal: undefined, env: {}, identity: () => ({}) };
  const deadline = createDeadline(clock, clock.now() + 20_000);
  const { phases } = await createDesk(parts).recover({ records: 'orders', deadline });
  expect(Object.values(phases).flatMap(({ failed }) => failed)).toEqual([]);
}

const before = { inject: 'kill-before', times: 1 } as const;
const after = { inject: 'kill-after', times: 1 } as const;
const change = (collection: string) => ({ action: 'modifyDocument', collection });
const insert = { action: 'insertDocument', collection: 'orders' };

describe('an order whose function is killed', () => {
  const kill = async (fault: object): Promise<void> => {
    cloud.faults.set([fault as Parameters<Emulator['faults']['set']>[0][number]]);
    expect(await cloud.invoke('order', { action: 'order', data: CUP }, { openid: 'oBuyer' })).toMatchObject({
      errMsg: expect.stringContaining('the instance was killed'),
    });
    cloud.faults.clear();
  };

  test.each([
    ['before it was opened', { ...change('users'), ...before }],
    ['after its record was written', { ...insert, ...after }],
    ['before it was closed', { ...change('users'), ...before, skip: 1 }],
    ['after it was closed', { ...change('users'), ...after, skip: 1 }],
  ] as const)('%s is answered when it is asked again, and closed by recovery', async (_when, fault) => {
    await kill(fault);
    expect(await order(CUP)).toMatchObject({ code: 200, data: { status: 'completed' } });
    await recoverAfter(LEASE_MS);
    await expectOneOrder();
  });

  test.each([
    ['after it was opened', { ...change('users'), ...after }, 5],
    ['before it took the stock', { ...change('products'), ...before }, 5],
    // Nobody can say that this stock belongs to an order: `pay` was killed before it could answer.
    ['after it took the stock', { ...change('products'), ...after }, 3],
    ['before its record was written', { ...insert, ...before }, 3],
  ] as const)(
    '%s is unknown, takes nothing more, and gives the points back after a day',
    async (_when, fault, left) => {
      await kill(fault);
      expect(await order(CUP)).toMatchObject({ code: 409, error: { code: 'ONCE_IN_PROGRESS' } });
      await recoverAfter(LEASE_MS);
      expect(await dump('orders')).toEqual([expect.objectContaining({ sku: 'cup', status: 'unknown' })]);
      expect(await order(CUP)).toMatchObject({ code: 200, data: { status: 'unknown' } });
      expect(await dump('users')).toEqual([expect.objectContaining({ points: 40 })]);
      await recoverAfter(DAY_MS + LEASE_MS);
      expect(await dump('orders')).toEqual([expect.objectContaining({ sku: 'cup', status: 'failed' })]);
      expect(await dump('users')).toEqual([expect.objectContaining({ points: 100 })]);
      expect((await dump('users'))[0]).not.toHaveProperty('orderCount');
      expect(await dump('products')).toEqual([expect.objectContaining({ left })]);
      expect(await order(CUP)).toMatchObject({ code: 200, data: { status: 'failed' } });
    },
  );
});

describe('an order that was paid while its record could not be written', () => {
  test.each([
    ['orders', [insert]],
    ['orders and letters', [insert, { action: 'insertDocument', collection: 'emergency_backup' }]],
  ])('to %s is brought home by recovery, and counted once', async (_where, places) => {
    cloud.faults.set(places.map((place) => ({ ...place, inject: 'refused' }) as const));
    expect(await order(CUP)).toMatchObject({ code: 200, data: { status: 'completed' } });
    expect(await dump('orders')).toEqual([]);
    cloud.faults.clear();
    await recoverAfter(LEASE_MS);
    await recoverAfter(2 * LEASE_MS);
    await expectOneOrder();
  });
});
