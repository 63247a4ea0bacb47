import { randomBytes } from 'node:crypto';
import { createReadStream, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Emulator } from '../../src/emulator/index.ts';
import { readForm } from '../../src/emulator/wire/multipart.ts';
import { admin, openEmulator, temporaryFolder, type Json } from './harness.ts';

// The node-sdk under wx-server-sdk 2 and 3, unmodified: it sends files as forms.
const sdk = createRequire(import.meta.url)('cloudbase-node-sdk-2');

let emulator: Emulator;
let app: {
  uploadFile(file: Json): Promise<{ fileID: string }>;
  downloadFile(file: Json): Promise<{ fileContent: Buffer }>;
};

beforeEach(async () => {
  emulator = await openEmulator();
  app = sdk.init({ env: 'emu-env', secretId: 'x', secretKey: 'x' });
});

describe('The older SDKs upload', () => {
  test('bytes of every kind, under a name with spaces and Chinese', async () => {
    const fileContent = Buffer.concat([Buffer.from('--\r\n\r\n'), randomBytes(100_000), Buffer.from('\r\n--')]);
    const { fileID } = await app.uploadFile({ cloudPath: 'pictures/中文 a.bin', fileContent });
    expect(fileID).toMatch(/^cloud:\/\/.*\/pictures\/中文 a\.bin$/);
    expect((await app.downloadFile({ fileID })).fileContent.equals(fileContent)).toBe(true);
  });

  test('streams, and files without a byte', async () => {
    const path = join(temporaryFolder(), 'note.txt');
    writeFileSync(path, 'seven\nlines');
    const streamed = await app.uploadFile({ cloudPath: 'note.txt', fileContent: createReadStream(path) });
    expect((await app.downloadFile(streamed)).fileContent.toString()).toBe('seven\nlines');
    const empty = await app.uploadFile({ cloudPath: 'empty', fileContent: Buffer.alloc(0) });
    expect((await app.downloadFile(empty)).fileContent).toHaveLength(0);
  });
});

describe('A form that is sent by hand', () => {
  async function send(change: (fields: Record<string, string>) => void): Promise<Response> {
    const answer = await admin(emulator, { action: 'storage.getUploadMetadata', path: 'a/b', method: 'put' });
    const { url, token, authorization } = answer['data'] as Record<string, string>;
    const fields = { Signature: authorization ?? '', 'x-cos-security-token': token ?? '', key: 'a/b', file: 'hello' };
    change(fields);
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    return fetch(url ?? '', { method: 'POST', body: form });
  }

  test('is taken when it is signed', async () => {
    expect((await send(() => undefined)).status).toBe(200);
  });

  test.each<[string, (fields: Record<string, string>) => void]>([
    ['whose signature is wrong', (fields) => (fields['Signature'] = 'x')],
    ['that names another file than its address', (fields) => (fields['key'] = 'a/c')],
    ['without a file', (fields) => delete fields['file']],
  ])('%s is refused', async (_name, change) => {
    const answer = await send(change);
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('<Code>AccessDenied</Code>');
  });

  test('that breaks off before its end is none', () => {
    const body = '--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nhello\r\n--b--\r\n';
    const type = 'multipart/form-data; boundary=b';
    expect(readForm(type, Buffer.from(body))?.get('file')?.toString()).toBe('hello');
    expect(readForm(type, Buffer.from(body.slice(0, -6)))).toBeUndefined();
    expect(readForm('text/plain', Buffer.from(body))).toBeUndefined();
  });
});
