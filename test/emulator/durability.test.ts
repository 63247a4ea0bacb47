import { appendFileSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createEmulator, type Emulator } from '../../src/emulator/index.ts';
import { cloud, openCollection, openEmulator, stored, temporaryFolder } from './harness.ts';

/** A data folder in which `count` documents were stored one by one. */
async function folderWith(count: number): Promise<{ dir: string; log: string }> {
  const dir = temporaryFolder();
  const emulator = await createEmulator({ dir });
  Object.assign(process.env, emulator.env);
  cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV });
  const works = await openCollection('works');
  for (let n = 0; n < count; n += 1) await works.add({ data: { _id: `d${n}`, n, text: '图片' } });
  await emulator.close();
  return { dir, log: join(dir, 'commit.log') };
}

async function recoveryOf(emulator: Emulator): Promise<unknown> {
  return ((await (await fetch(`${emulator.url}/_emulator/health`)).json()) as { recovery: unknown }).recovery;
}

test('everything is there again after a restart, with its types and its order', async () => {
  const dir = temporaryFolder();
  const before = await openEmulator({ dir });
  const works = await openCollection('works', [{ _id: 1, at: new Date(5) }, { _id: '1', n: 1 }, { _id: 'gone' }]);
  await works.doc('gone').remove();
  await works.doc('1').update({ data: { n: 2 } });
  await openCollection('empty');
  await before.close();
  const after = await openEmulator({ dir });
  expect(await stored(after, 'works')).toEqual([
    { _id: 1, at: { $date: '1970-01-01T00:00:00.005Z' } },
    { _id: '1', n: 2 },
  ]);
  expect(await (await fetch(`${after.url}/_emulator/collections`)).json()).toEqual([
    { name: 'works', count: 2 },
    { name: 'empty', count: 0 },
  ]);
});

test.each([1, 9, 40])(
  'a last entry that lacks %i bytes is cut off, and what stands before it stays',
  async (missingBytes) => {
    const { dir, log } = await folderWith(3);
    truncateSync(log, statSync(log).size - missingBytes);
    const emulator = await openEmulator({ dir });
    expect(await recoveryOf(emulator)).toMatchObject({ entries: 3, lastSeq: 3, tornBytes: expect.any(Number) });
    expect((await stored(emulator, 'works')).map(({ _id }) => _id)).toEqual(['d0', 'd1']);
    await cloud
      .database()
      .collection('works')
      .add({ data: { _id: 'd2' } });
    await emulator.close();
    const again = await openEmulator({ dir });
    expect(await recoveryOf(again)).toMatchObject({ entries: 4, tornBytes: 0 });
    expect(await stored(again, 'works')).toHaveLength(3);
  },
);

test('zeros behind the last entry, as a crashed file system leaves them, are cut off', async () => {
  const { dir, log } = await folderWith(2);
  appendFileSync(log, Buffer.alloc(4096));
  expect(await recoveryOf(await openEmulator({ dir }))).toMatchObject({ entries: 3, tornBytes: 4096 });
});

test('a damaged entry in the middle is an error with its position, and the log is left as it is', async () => {
  const { dir, log } = await folderWith(3);
  const lines = readFileSync(log, 'utf8').split('\n');
  const damaged = lines.map((line, index) => (index === 2 ? line.replace('"n":1', '"n":7') : line)).join('\n');
  writeFileSync(log, damaged);
  const position = Buffer.byteLength(lines.slice(0, 2).join('\n')) + 1;
  await expect(createEmulator({ dir })).rejects.toThrow(
    `entry 3 of the local cloud's log, at byte ${position}, is damaged: its checksum does not fit`,
  );
  expect(readFileSync(log, 'utf8')).toBe(damaged);
});

test('a last entry that is complete but damaged is an error too: it was acknowledged', async () => {
  const { dir, log } = await folderWith(2);
  writeFileSync(log, readFileSync(log, 'utf8').replace('"n":1', '"n":7'));
  await expect(createEmulator({ dir })).rejects.toThrow('entry 3');
});

test.each([
  ['missing', (lines: string[]) => lines.filter((_, index) => index !== 1)],
  ['doubled', (lines: string[]) => lines.flatMap((line, index) => (index === 1 ? [line, line] : [line]))],
])('a sound entry that is %s is noticed by its number', async (_name, change) => {
  const { dir, log } = await folderWith(3);
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  writeFileSync(log, `${change(lines).join('\n')}\n`);
  await expect(createEmulator({ dir })).rejects.toThrow('stands in its place');
});

test('a folder is used by one emulator at a time, and is free again after it closed', async () => {
  const dir = temporaryFolder();
  const emulator = await openEmulator({ dir });
  await expect(createEmulator({ dir })).rejects.toThrow(`is in use by process ${process.pid}`);
  await emulator.close();
  await openEmulator({ dir });
});

test('the lock of a process that is gone, or of one whose number is used anew, does not count', async () => {
  for (const holder of [
    { pid: 2 ** 22 + 1, startedTicks: null },
    { pid: process.ppid, startedTicks: '1' },
    'garbage',
  ]) {
    const dir = temporaryFolder();
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'lock.json'), typeof holder === 'string' ? holder : JSON.stringify(holder));
    const emulator = await openEmulator({ dir });
    expect(JSON.parse(readFileSync(join(dir, 'lock.json'), 'utf8'))).toMatchObject({ pid: process.pid });
    await emulator.close();
  }
});

test('a port that is taken is a clear error, and the folder stays free', async () => {
  const first = await openEmulator();
  const dir = temporaryFolder();
  const port = Number(new URL(first.url).port);
  await expect(createEmulator({ dir, port })).rejects.toThrow(`cannot listen on port ${port} (EADDRINUSE)`);
  await openEmulator({ dir });
});
