import { createHook } from 'node:async_hooks';
import { expect, test } from 'vitest';
import { durably } from '../../src/emulator/data.ts';
import { jsonReply, type Exchange } from '../../src/emulator/http/index.ts';
import { openJournal, type Journal } from '../../src/emulator/journal/index.ts';
import { createTestClock } from '../support/test-clock.ts';
import { createFailingDisk, type FailingDisk } from './failing-disk.ts';
import { openCollection, openEmulator, type Json } from './harness.ts';

const open = (disk: FailingDisk, durability: 'fsync' | 'write' = 'fsync'): Journal =>
  openJournal({ path: 'data/log', clock: createTestClock(), disk, durability, replay: () => undefined });

const create = (name: string) => [{ op: 'create', collection: name }] as const;

/** A gate that stays shut until it is opened. */
function createGate(): { readonly opened: Promise<void>; open(): void } {
  let openIt: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (openIt = resolve));
  return { opened, open: () => openIt() };
}

const turns = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** Notes in `done` when `work` has settled. */
function note(done: string[], name: string, work: Promise<unknown>): Promise<unknown> {
  return work.then(() => done.push(name));
}

test('a change is acknowledged when it is on the medium, and those that come during a flush wait for the next', async () => {
  const disk = createFailingDisk();
  const journal = open(disk);
  const gate = createGate();
  disk.holdFlushes(gate.opened);
  const done: string[] = [];
  journal.append(create('first'));
  const first = note(done, 'first', journal.synced());
  await turns(3);
  journal.append(create('second'));
  const second = note(done, 'second', journal.synced());
  await turns(3);
  expect(done).toEqual([]);
  gate.open();
  await first;
  expect(disk.afterFailure('power-least').bytesOf('data/log').toString()).toContain('first');
  expect(done).toEqual(['first']);
  await second;
  expect(disk.flushes).toBe(2);
  expect(disk.afterFailure('power-least').bytesOf('data/log').toString()).toContain('second');
});

test('a hundred who wait at a time share two flushes at most', async () => {
  const disk = createFailingDisk();
  const journal = open(disk);
  const write = async (n: number): Promise<void> => {
    journal.append(create(`c${n}`));
    await journal.synced();
  };
  await Promise.all(Array.from({ length: 100 }, (_, n) => write(n)));
  expect(disk.flushes).toBeLessThanOrEqual(2);
});

test('nothing is flushed where nothing was written, and nobody waits then', async () => {
  const disk = createFailingDisk();
  const journal = open(disk);
  journal.append(create('works'));
  await journal.synced();
  disk.holdFlushes(new Promise(() => undefined));
  await journal.synced();
  expect(disk.flushes).toBe(1);
});

test('after a flush that failed nothing is acknowledged and nothing accepted, although a second flush would succeed', async () => {
  const disk = createFailingDisk();
  const journal = open(disk);
  disk.breakFlushes(true);
  journal.append(create('works'));
  const message = /could not be written to the disk \(EIO: the medium is broken\); mend the disk and start again/;
  await expect(journal.synced()).rejects.toThrow(message);
  disk.breakFlushes(false);
  await expect(journal.synced()).rejects.toThrow(message);
  expect(() => journal.append(create('more'))).toThrow(message);
});

test('where the failure of power does not matter, nobody waits for a flush', async () => {
  const disk = createFailingDisk();
  const journal = open(disk, 'write');
  disk.holdFlushes(new Promise(() => undefined));
  journal.append(create('works'));
  await journal.synced();
  expect(disk.afterFailure('kill').bytesOf('data/log').toString()).toContain('works');
});

test('a read that may have seen a change is answered after the change is on the medium, and not before', async () => {
  const disk = createFailingDisk();
  const journal = open(disk);
  const gate = createGate();
  disk.holdFlushes(gate.opened);
  const route = { method: 'GET', path: /^\/$/, handle: () => jsonReply({ seen: 'works' }) };
  const exchange = {} as Exchange;
  const done: string[] = [];
  await durably(route, { journal }).handle(exchange);
  journal.append(create('works'));
  const reading = note(done, 'read', Promise.resolve(durably(route, { journal }).handle(exchange)));
  await turns(5);
  expect(done).toEqual([]);
  gate.open();
  await reading;
  expect(disk.flushes).toBe(1);
});

/** Operations of this process on files that somebody waits for: of all that happens in `work`, only flushes. */
async function countFlushes(work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const hook = createHook({
    init(_id, type) {
      if (type === 'FSREQCALLBACK') count += 1;
    },
  });
  hook.enable();
  await work().finally(() => hook.disable());
  return count;
}

async function addTen(durability: 'fsync' | 'write' | undefined): Promise<number> {
  await openEmulator({ ...(durability === undefined ? {} : { durability }) });
  const works = await openCollection('works');
  return countFlushes(async () => {
    for (let n = 0; n < 10; n += 1) await works.add({ data: { _id: `d${n}` } satisfies Json });
  });
}

test('the local cloud flushes before it answers, unless it is told that the death of the process is all there is', async () => {
  expect(await addTen(undefined)).toBe(10);
  expect(await addTen('fsync')).toBe(10);
  expect(await addTen('write')).toBe(0);
});

test('a hundred documents added at a time need far fewer flushes than a hundred', async () => {
  await openEmulator();
  const works = await openCollection('works');
  const flushes = await countFlushes(() =>
    Promise.all(Array.from({ length: 100 }, (_, n) => works.add({ data: { _id: `d${n}` } }))),
  );
  expect(flushes).toBeGreaterThan(0);
  expect(flushes).toBeLessThan(70);
  console.log(`# 100 adds at a time through the SDK: ${flushes} flushes`);
});
