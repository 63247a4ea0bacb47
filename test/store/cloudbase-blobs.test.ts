import { createRequire } from 'node:module';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDeadline, type Code } from '../../src/core/index.ts';
import { nodeClock } from '../../src/core/node/index.ts';
import type { FaultRule } from '../../src/emulator/index.ts';
import { createCloudbaseBlobs, type Cloud } from '../../src/store/cloudbase/index.ts';
import { codeOf } from '../store-contract/subject.ts';
import { startLoopback } from '../support/loopback.ts';
import { openSdkCloud, type SdkCloud } from './sdk-cloud.ts';

const bytes = new TextEncoder().encode('one letter');
let cloud: SdkCloud;
beforeAll(async () => {
  cloud = await openSdkCloud();
  // The first id that is asked for costs an upload of its own.
  await cloud.blobs.fileId('known.txt');
});
afterEach(() => cloud.meet());
afterAll(() => cloud.close());

let made = 0;
const freshName = (): string => `letters/${(made += 1)}.json`;

type Storage = NonNullable<FaultRule['storage']>;
type Row = readonly [storage: Storage, fault: FaultRule, code: Code | 'no error', isThere: boolean];

/** What `put` says under a fault at each of its four steps, and whether the file is there afterwards. */
const PUTS: readonly Row[] = [
  ['metadata', { inject: 'refused' }, 'STORE_UNAVAILABLE', false],
  ['metadata', { inject: 'reset-before' }, 'STORE_UNCERTAIN', false],
  ['metadata', { inject: 'status', status: 429 }, 'STORE_THROTTLED', false],
  ['metadata', { inject: 'status', status: 502, body: 'html' }, 'STORE_UNCERTAIN', false],
  ['metadata', { inject: 'error', code: 'STORAGE_EXCEED_AUTHORITY', message: 'no' }, 'STORE_DENIED', false],
  ['metadata', { inject: 'error', code: 'EXCEED_REQUEST_LIMIT', message: 'used up' }, 'STORE_QUOTA', false],
  ['metadata', { inject: 'error', code: 'INVALID_PARAM', message: 'path' }, 'STORE_REJECTED', false],
  // The SDK resolves `uploadFile:ok` for these four, with a file id.
  ['upload', { inject: 'status', status: 500, body: 'empty' }, 'STORE_UNCERTAIN', false],
  ['upload', { inject: 'status', status: 502, body: 'html' }, 'STORE_UNCERTAIN', false],
  ['upload', { inject: 'status', status: 200, body: 'empty' }, 'STORE_UNCERTAIN', false],
  ['upload', { inject: 'status-after', status: 500, body: 'empty' }, 'no error', true],
  ['upload', { inject: 'status', status: 500, body: 'text' }, 'STORE_UNCERTAIN', false],
  ['upload', { inject: 'reset-before' }, 'STORE_UNCERTAIN', false],
  ['upload', { inject: 'reset-after' }, 'STORE_UNCERTAIN', true],
  ['upload', { inject: 'error', code: 'AccessDenied', message: 'denied' }, 'STORE_DENIED', false],
  ['upload', { inject: 'hang' }, 'STORE_UNCERTAIN', false],
  ['upload', { inject: 'hang-after' }, 'STORE_UNCERTAIN', true],
  ['download-url', { inject: 'reset-before' }, 'STORE_UNCERTAIN', true],
  ['download', { inject: 'status', status: 500, body: 'empty' }, 'STORE_UNCERTAIN', true],
  ['download', { inject: 'status', status: 200, body: 'html' }, 'STORE_UNCERTAIN', true],
  ['download', { inject: 'cut' }, 'STORE_UNCERTAIN', true],
  ['download', { inject: 'hang' }, 'STORE_UNCERTAIN', true],
];

const READS: readonly (readonly [storage: Storage, fault: FaultRule, get: Code, exists: Code | 'no error'])[] = [
  ['download-url', { inject: 'refused' }, 'STORE_UNAVAILABLE', 'STORE_UNAVAILABLE'],
  ['download-url', { inject: 'reset-before' }, 'STORE_UNCERTAIN', 'STORE_UNCERTAIN'],
  ['download-url', { inject: 'cut' }, 'STORE_UNCERTAIN', 'STORE_UNCERTAIN'],
  ['download-url', { inject: 'hang' }, 'STORE_UNCERTAIN', 'STORE_UNCERTAIN'],
  ['download-url', { inject: 'status', status: 404 }, 'STORE_REJECTED', 'STORE_REJECTED'],
  ['download-url', { inject: 'status', status: 503, body: 'html' }, 'STORE_UNCERTAIN', 'STORE_UNCERTAIN'],
  ['download-url', { inject: 'status', status: 200, body: 'empty' }, 'STORE_UNCERTAIN', 'STORE_UNCERTAIN'],
  [
    'download-url',
    { inject: 'error', code: 'STORAGE_EXCEED_AUTHORITY', message: 'no' },
    'STORE_DENIED',
    'STORE_DENIED',
  ],
  ['download', { inject: 'reset-before' }, 'STORE_UNCERTAIN', 'no error'],
  ['download', { inject: 'cut' }, 'STORE_UNCERTAIN', 'no error'],
  ['download', { inject: 'status', status: 500 }, 'STORE_UNCERTAIN', 'no error'],
  ['download', { inject: 'status', status: 429 }, 'STORE_THROTTLED', 'no error'],
];

/** A cloud whose every file is at one address. */
function addressing(tempFileURL: string): Cloud {
  const never = (): never => {
    throw new Error('not asked for here');
  };
  const fileList = [{ fileID: 'cloud://e/a', status: 0, tempFileURL }];
  return {
    ...{ database: never, uploadFile: never, deleteFile: never },
    getTempFileURL: async () => ({ fileList }),
  };
}

const named = <T extends readonly [unknown, FaultRule, ...unknown[]]>(rows: readonly T[]) =>
  rows.map((row) => ({ row, name: `${String(row[0])}: ${JSON.stringify(row[1]).replaceAll('"', '')}` }));

describe('createCloudbaseBlobs', () => {
  it.each(named(PUTS))('never says "stored" for what cannot be read back: $name', async ({ row }) => {
    const [storage, fault, code, isThere] = row;
    const { blobs, meet } = cloud;
    const name = freshName();
    meet({ ...fault, storage });
    expect(await codeOf(blobs.put(name, bytes, { timeoutMs: fault.inject.startsWith('hang') ? 250 : 5_000 }))).toBe(
      code,
    );
    expect(await cloud.fired()).toEqual([1]);
    meet();
    const stored = await blobs.get(await blobs.fileId(name));
    expect(stored && [...stored]).toEqual(isThere ? [...bytes] : undefined);
    // The same again is what a retry does: then it is there, once.
    expect(await codeOf(blobs.put(name, bytes))).toBe('no error');
  });

  it.each(named(READS))('never says "none" for what cannot be read: $name', async ({ row }) => {
    const [storage, fault, onGet, onExists] = row;
    const { blobs, meet } = cloud;
    const fileId = await blobs.put(freshName(), bytes);
    const call = { timeoutMs: fault.inject === 'hang' ? 250 : 5_000 };
    meet({ ...fault, storage });
    expect(await codeOf(blobs.get(fileId, call))).toBe(onGet);
    expect(await codeOf(blobs.exists([fileId], call))).toBe(onExists);
    meet();
    expect(await blobs.exists([fileId])).toEqual(new Set([fileId]));
  });

  it('does not take an older content for the one that was just put', async () => {
    const { blobs, meet } = cloud;
    const name = freshName();
    const fileId = await blobs.put(name, new TextEncoder().encode('older'));
    meet({ storage: 'upload', inject: 'status', status: 500, body: 'empty', times: 1 });
    expect(await codeOf(blobs.put(name, bytes))).toBe('STORE_UNCERTAIN');
    expect(await blobs.get(fileId)).toEqual(new TextEncoder().encode('older'));
  });

  it('starts nothing after the deadline', async () => {
    const { blobs, meet, requests } = cloud;
    meet();
    const call = { deadline: createDeadline(nodeClock, nodeClock.now() - 1) };
    const fileId = await blobs.fileId('known.txt');
    expect(await codeOf(blobs.put(freshName(), bytes, call))).toBe('DEADLINE_PASSED');
    expect(await codeOf(blobs.get(fileId, call))).toBe('DEADLINE_PASSED');
    expect(await codeOf(blobs.exists([fileId], call))).toBe('DEADLINE_PASSED');
    expect(await codeOf(blobs.remove([fileId], call))).toBe('DEADLINE_PASSED');
    expect(await requests()).toBe(0);
  });

  it('tells the ids of files without a request once it has seen one', async () => {
    const { blobs, meet, requests } = cloud;
    meet();
    const ids = await Promise.all(Array.from({ length: 100 }, () => blobs.fileId(freshName())));
    expect(new Set(ids).size).toBe(100);
    expect(await requests()).toBe(0);
  });

  it('asks about files, and removes them, 50 to a request', async () => {
    const { blobs, meet, requests } = cloud;
    const ids = await Promise.all(Array.from({ length: 101 }, () => blobs.fileId(freshName())));
    meet();
    await blobs.exists(ids);
    expect(await requests()).toBe(3);
    await blobs.remove(ids);
    expect(await requests()).toBe(6);
  });

  it('reads a file with two requests, as the SDK does', async () => {
    const { blobs, meet, requests } = cloud;
    const fileId = await blobs.put(freshName(), bytes);
    meet();
    await blobs.get(fileId);
    expect(await requests()).toBe(2);
  });

  it.each([
    ['whose length is told', { 'content-length': '1000000000' }],
    ['whose length is not told', {}],
  ])('takes in no more than was asked for of a file without end, %s', async (_what, headers) => {
    const server = await startLoopback();
    let sent = 0;
    const closed = new Promise((resolve) => {
      server.answer((response) => {
        response.writeHead(200, headers).on('close', resolve);
        const more = (): void => {
          sent += 100_000;
          response.write(new Uint8Array(100_000), () => !response.destroyed && more());
        };
        more();
      });
    });
    const blobs = createCloudbaseBlobs(addressing(server.url), nodeClock, fetch);
    expect(await codeOf(blobs.get('cloud://e/a', { maxBytes: 1_000_000 }))).toBe('STORE_TOO_LARGE');
    // The connection is given up, and with it what the other side would still send; some megabytes wait in the system.
    await closed;
    expect(sent).toBeLessThan(50_000_000);
    await server.close();
  });

  // No local cloud answers so about one file of several; the shape is that of the SDK.
  it.each([
    [-503003, 'no error'],
    [-503002, 'STORE_DENIED'],
    [-501001, 'STORE_UNCERTAIN'],
  ])('tells a missing file from one it may not see: status %i', async (status, code) => {
    const fileList = [{ fileID: 'cloud://e/a', status, errMsg: 'x', tempFileURL: '' }];
    const answering = async () => ({ fileList });
    const strict: Cloud = {
      database: answering,
      uploadFile: answering,
      getTempFileURL: answering,
      deleteFile: answering,
    };
    const blobs = createCloudbaseBlobs(strict, nodeClock, fetch);
    expect(await codeOf(blobs.exists(['cloud://e/a']))).toBe(code);
    expect(await codeOf(blobs.remove(['cloud://e/a']))).toBe(code);
  });
});

const require = createRequire(import.meta.url);

// Functions in use were deployed with all three.
describe.each([
  ['4.0.2', 'wx-server-sdk'],
  ['3.0.4', 'wx-server-sdk-3'],
  ['2.6.3', 'wx-server-sdk-2'],
])('files through wx-server-sdk %s', (version, name) => {
  it('are read with two requests, refused where they are too large, and absent where they are', async () => {
    const sdk = require(name);
    expect(require(`${name}/package.json`).version).toBe(version);
    sdk.init({ env: sdk.DYNAMIC_CURRENT_ENV });
    const blobs = createCloudbaseBlobs(sdk as Cloud, nodeClock, fetch);
    const fileId = await blobs.put(freshName(), bytes);
    cloud.meet();
    expect(await blobs.get(fileId)).toEqual(bytes);
    expect(await cloud.requests()).toBe(2);
    expect(await codeOf(blobs.get(fileId, { maxBytes: bytes.length - 1 }))).toBe('STORE_TOO_LARGE');
    expect(await blobs.get(`${fileId}.gone`)).toBeUndefined();
    cloud.meet({ storage: 'download', inject: 'reset-before' });
    expect(await codeOf(blobs.get(fileId))).toBe('STORE_UNCERTAIN');
  });
});
