import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { request, type OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Emulator } from '../../src/emulator/index.ts';
import {
  admin,
  commitLog,
  functionsFolder,
  openCollection,
  openEmulator,
  temporaryFolder,
  type Json,
} from './harness.ts';

interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

interface Heard {
  readonly status: number | undefined;
  readonly text: string;
}

/** A request exactly as it is written: `fetch` would tidy its path up. */
function send(emulator: Emulator, { method = 'POST', path, headers = {}, body = '' }: Sent): Promise<Heard> {
  const { hostname, port } = new URL(emulator.url);
  return new Promise((resolve, reject) => {
    const sending = request({ hostname, port, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString('utf8') }));
    });
    sending.on('error', reject).end(body);
  });
}

const insert = (document: string): string =>
  JSON.stringify({ action: 'database.insertDocument', collectionName: 'works', data: [document] });
const GOOD = insert('{"_id":"mine"}');
const call = (name: string): string =>
  JSON.stringify({ action: 'functions.invokeFunction', function_name: name, request_data: '{}' });
const metadata = (path: string): string => JSON.stringify({ action: 'storage.getUploadMetadata', path, method: 'put' });
const removal = (fileID: string): string =>
  JSON.stringify({ action: 'storage.batchDeleteFile', fileid_list: [fileID] });

const to = (path: string, body: string | Buffer = GOOD, headers: OutgoingHttpHeaders = {}): Sent => ({
  path,
  body,
  headers,
});
const put = (path: string, body = '{}', headers: OutgoingHttpHeaders = {}): Sent => ({
  method: 'PUT',
  path,
  body,
  headers,
});
const get = (path: string, headers: OutgoingHttpHeaders = {}): Sent => ({ method: 'GET', path, headers });

const SIGNED = { authorization: 'x'.repeat(40), 'x-cos-security-token': 't' };
const EVIL = { origin: 'https://evil.example' };

/** A folder of functions with another function beside it, which a path could lead to. */
function functionsBesideAnother(): string {
  const ran = `exports.main = async () => console.log('ran');`;
  const above = functionsFolder({ outside: ran });
  const folder = join(above, 'functions/probe');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'index.js'), ran);
  return join(above, 'functions');
}

test.each<[string, Sent, RegExp]>([
  ['text that is no JSON', to('/admin', '{nope'), /^200 .*INVALID_PARAM/],
  ['JSON nested a hundred thousand times', to('/admin', '['.repeat(100_000)), /^200 .*INVALID_PARAM/],
  ['bytes that are no text', to('/admin', Buffer.from([0xff, 0xfe, 0x00, 0x80])), /^200 .*INVALID_PARAM/],
  ['an unknown action', to('/admin', '{"action":"database.dropEverything"}'), /^200 .*EMULATOR_UNSUPPORTED/],
  [
    "a call of WeChat's own API, which is a form",
    to('/admin', '--b--', { 'content-type': 'multipart/form-data; boundary=b' }),
    /^200 .*EMULATOR_UNSUPPORTED/,
  ],
  ['wrong EJSON', to('/admin', insert('{"n":{"$numberInt":"x"}}')), /^200 .*INVALID_PARAM/],
  [
    'a body of 100 MB',
    to('/admin', insert(`{"_id":"big","t":"${'x'.repeat(100 * 2 ** 20)}"}`)),
    /^200 .*EXCEED_REQUEST_SIZE_LIMIT/,
  ],
  ['an event of 100 MB', to('/invoke/probe', Buffer.alloc(100 * 2 ** 20, 32)), /^406 .*too large/],
  ['a folder above in a storage path', to('/admin', metadata('../x')), /^200 .*INVALID_PARAM/],
  ['one in its middle', to('/admin', metadata('a/../../x')), /^200 .*INVALID_PARAM/],
  ['a storage path from the root', to('/admin', metadata('/etc/x')), /^200 .*INVALID_PARAM/],
  ['an upload above the storage', put('/cos/../../x', 'x', SIGNED), /^404 /],
  ['an encoded one', put('/cos/%2e%2e%2f%2e%2e%2fx', 'x', SIGNED), /^403 .*AccessDenied/],
  ['an upload that is not signed', put('/cos/x', 'x'), /^403 .*AccessDenied/],
  [
    'a form that is not signed',
    to('/cos/x', '--b\r\n\r\n', { 'content-type': 'multipart/form-data; boundary=b' }),
    /^403 /,
  ],
  ['reading the log as a file', get('/cos/..%2fcommit.log'), /^403 .*AccessDenied/],
  ['reading the secret with a guessed signature', get('/cos/..%2fsecret?sign=0&t=9999999999'), /^403 .*AccessDenied/],
  [
    'removing a file above the storage',
    to('/admin', removal('cloud://emu-env.emu/../commit.log')),
    /STORAGE_FILE_NONEXIST/,
  ],
  ['a function above its folder', to('/admin', call('../outside')), /^200 .*FUNCTION_NOT_FOUND/],
  ['a function that is a path', to('/invoke/..%2foutside'), /-501000/],
  ['one over HTTP', to('/http/..%2foutside'), /^404 .*INVALID_PATH/],
  ['one that is an inherited name', to('/invoke/__proto__'), /-501000/],
  ['the Host of another site', to('/admin', GOOD, { host: 'evil.example' }), /^403 /],
  ['one that only begins like this machine', to('/admin', GOOD, { host: '127.0.0.1.evil.example' }), /^403 /],
  ['a page of another site', to('/admin', GOOD, EVIL), /^403 /],
  ['a page of another port of this machine', to('/admin', GOOD, { origin: 'http://localhost:1' }), /^403 /],
  ['a page without an origin', to('/admin', GOOD, { origin: 'null' }), /^403 /],
  [
    'its question whether it may',
    { ...to('/admin', '', { ...EVIL, 'access-control-request-method': 'POST' }), method: 'OPTIONS' },
    /^403 /,
  ],
  ['a form of another site', to('/invoke/probe', 'a=1', { ...EVIL, 'content-type': 'text/plain' }), /^403 /],
  ['a link on another site', get('/http/probe', { 'sec-fetch-site': 'cross-site' }), /^403 /],
  ['a picture of another port', get('/http/probe', { 'sec-fetch-site': 'same-site' }), /^403 /],
  ['a page that loads a collection', put('/_emulator/collections/works', '', EVIL), /^403 /],
  ['a page that clears the faults', { ...get('/_emulator/faults', EVIL), method: 'DELETE' }, /^403 /],
])('%s: refused, nothing is written, and the next request is served', async (_what, sent, answer) => {
  const folder = temporaryFolder();
  const functionsDir = functionsBesideAnother();
  const printed: string[] = [];
  const emulator = await openEmulator({
    dir: join(folder, 'data'),
    functionsDir,
    onConsole: ({ text }) => printed.push(text),
  });
  await openCollection('works', [{ _id: 'here' }]);
  const before = await commitLog(emulator);
  const { status, text } = await send(emulator, sent);
  expect(`${status} ${text.replaceAll('\n', ' ')}`).toMatch(answer);
  expect(await commitLog(emulator)).toEqual(before);
  expect(readdirSync(folder)).toEqual(['data']);
  expect(readdirSync(join(folder, 'data/files'))).toEqual([]);
  expect(printed).toEqual([]);
  expect(await admin(emulator, GOOD)).toMatchObject({ data: { insertedIds: ['mine'] } });
});

test.each([
  ['what is no HTTP', 'nonsense\r\n\r\n'],
  [
    'a request that breaks off in its body',
    `POST /admin HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9999\r\n\r\n${GOOD}`,
  ],
  ['a length that lies', `POST /admin HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\n\r\n${GOOD}`],
  ['two lengths', `POST /admin HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\ncontent-length: 400\r\n\r\n${GOOD}`],
])('%s on the socket writes nothing, and the server serves on', async (_what, bytes) => {
  const emulator = await openEmulator();
  await openCollection('works');
  const before = await commitLog(emulator);
  await new Promise<void>((done) => {
    const socket = connect(Number(new URL(emulator.url).port), '127.0.0.1', () => socket.end(bytes));
    socket
      .on('error', () => undefined)
      .on('close', () => done())
      .resume();
  });
  expect(await commitLog(emulator)).toEqual(before);
  expect(await admin(emulator, GOOD)).toMatchObject({ data: { insertedIds: ['mine'] } });
});

test('the same request is served where nothing is wrong with it: what refuses is the check, not the request', async () => {
  const emulator = await openEmulator({ allowedOrigins: [EVIL.origin] });
  await openCollection('works');
  const { status, text } = await send(emulator, to('/admin', GOOD, EVIL));
  expect(status).toBe(200);
  expect(JSON.parse(text) as Json).toMatchObject({ data: { insertedIds: ['mine'] } });
});
