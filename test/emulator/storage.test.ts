import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createEmulator } from '../../src/emulator/index.ts';
import { admin, cloud, commitLog, failureOf, openEmulator, temporaryFolder } from './harness.ts';

const PATH = 'pictures/中文 a%b.png';
const FILE_ID = `cloud://emu-env.emu/${PATH}`;

async function download(fileID: string): Promise<string> {
  return String((await cloud.downloadFile({ fileID })).fileContent);
}

test('a buffer and a stream are uploaded and downloaded byte for byte', async () => {
  await openEmulator();
  const file = join(temporaryFolder(), 'source.bin');
  writeFileSync(file, 'from a stream');
  expect(await cloud.uploadFile({ cloudPath: PATH, fileContent: Buffer.from('from a buffer') })).toMatchObject({
    fileID: FILE_ID,
  });
  await cloud.uploadFile({ cloudPath: 'other', fileContent: createReadStream(file) });
  expect(await download(FILE_ID)).toBe('from a buffer');
  expect(await download('cloud://emu-env.emu/other')).toBe('from a stream');
});

test('an upload to the same path replaces the file', async () => {
  await openEmulator();
  for (const text of ['first', 'second']) await cloud.uploadFile({ cloudPath: PATH, fileContent: Buffer.from(text) });
  expect(await download(FILE_ID)).toBe('second');
});

test('files and the addresses given out for them outlive a restart', async () => {
  const dir = temporaryFolder();
  const first = await createEmulator({ dir });
  Object.assign(process.env, first.env);
  cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV });
  await cloud.uploadFile({ cloudPath: PATH, fileContent: Buffer.from('kept') });
  const { fileList } = await cloud.getTempFileURL({ fileList: [FILE_ID] });
  await first.close();
  const second = await openEmulator({ dir });
  expect(await download(FILE_ID)).toBe('kept');
  const address = fileList[0].tempFileURL.replace(first.url, second.url);
  expect(await (await fetch(encodeURI(address))).text()).toBe('kept');
});

test('a temporary address says what it is and opens only with its signature', async () => {
  await openEmulator();
  await cloud.uploadFile({ cloudPath: 'p/x.png', fileContent: Buffer.from('png') });
  const { fileList } = await cloud.getTempFileURL({
    fileList: ['cloud://emu-env.emu/p/x.png', 'cloud://emu-env.emu/none'],
  });
  expect(fileList).toMatchObject([
    { status: 0, errMsg: 'ok', tempFileURL: expect.stringContaining('/cos/p/x.png?sign=') },
    { status: -503003, errMsg: 'storage file not exists', tempFileURL: '' },
  ]);
  const response = await fetch(fileList[0].tempFileURL);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/png']);
  expect((await fetch(fileList[0].tempFileURL.replace(/sign=..../, 'sign=0000'))).status).toBe(403);
  expect((await fetch(fileList[0].tempFileURL.replace(/&t=\d+/, '&t=9999999999'))).status).toBe(403);
});

test('a temporary address ends with its age', async () => {
  let nowMs = 1_700_000_000_000;
  await openEmulator({ clock: { now: () => nowMs, after: () => () => undefined } });
  await cloud.uploadFile({ cloudPath: 'x', fileContent: Buffer.from('x') });
  const { fileList } = await cloud.getTempFileURL({ fileList: [{ fileID: 'cloud://emu-env.emu/x', maxAge: 60 }] });
  expect((await fetch(fileList[0].tempFileURL)).status).toBe(200);
  nowMs += 61_000;
  expect((await fetch(fileList[0].tempFileURL)).status).toBe(403);
});

test('deleting answers for each file by itself', async () => {
  await openEmulator();
  await cloud.uploadFile({ cloudPath: 'x', fileContent: Buffer.from('x') });
  const { fileList } = await cloud.deleteFile({
    fileList: ['cloud://emu-env.emu/x', 'cloud://emu-env.emu/none', 'cloud://other.emu/x'],
  });
  expect(fileList.map(({ status }: { status: number }) => status)).toEqual([0, -503003, -503003]);
  expect(await failureOf(cloud.downloadFile({ fileID: 'cloud://emu-env.emu/x' }))).toMatchObject({
    code: 'STORAGE_FILE_NONEXIST',
  });
});

test('files stand in the commit log and in a list of their own', async () => {
  const emulator = await openEmulator();
  await cloud.uploadFile({ cloudPath: 'x', fileContent: Buffer.from('12345') });
  expect(await commitLog(emulator)).toMatchObject([
    { seq: 1, op: 'putFile', id: 'x', document: { path: 'x', size: 5 } },
  ]);
  expect(JSON.parse(await (await fetch(`${emulator.url}/_emulator/files`)).text())).toMatchObject({
    path: 'x',
    size: 5,
  });
});

test('an upload without its signature stores nothing', async () => {
  const emulator = await openEmulator();
  const response = await fetch(`${emulator.url}/cos/x`, {
    method: 'PUT',
    body: 'x',
    headers: { authorization: 'guess' },
  });
  expect(response.status).toBe(403);
  expect(await response.text()).toContain('<Code>AccessDenied</Code>');
  expect(await (await fetch(`${emulator.url}/_emulator/files`)).text()).toBe('');
});

test.each(['/x', 'a//b', '../x', 'a/../../x', 'x'.repeat(851), ''])('the path %j is refused', async (path) => {
  const emulator = await openEmulator();
  expect(await admin(emulator, { action: 'storage.getUploadMetadata', path })).toMatchObject({ code: 'INVALID_PARAM' });
});

test('more than 50 files in one call are refused', async () => {
  await openEmulator();
  const fileList = Array.from({ length: 51 }, (_, index) => `cloud://emu-env.emu/${index}`);
  expect(await failureOf(cloud.deleteFile({ fileList }))).toMatchObject({ code: 'INVALID_PARAM' });
});
