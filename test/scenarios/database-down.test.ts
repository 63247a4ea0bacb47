import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canonicalJson, parseCanonical } from '../../src/core/index.ts';
import { createSeal } from '../../src/core/node/index.ts';
import { createInProcess, DAY_MS, LEASE_MS, type InProcess } from '../support/in-process.ts';
import {
  createLocalCloud,
  person,
  userIdOf,
  workIdOf,
  type FaultRule,
  type LocalCloud,
} from '../support/local-cloud.ts';

const KEY = '5e'.repeat(32);
const ENV = { WX_DURABLE_PROVIDER: 'local', WX_DURABLE_KEY: KEY };
const EVERYTHING = ['users', 'works', 'emergency_backup'];
// The person and the record are read, the call is opened: what comes after that comes after payment too.
const DATABASE_GOES_AWAY: FaultRule = { collection: EVERYTHING, inject: 'refused', skip: 3 };
const STORAGE_IS_AWAY: FaultRule = {
  storage: ['metadata', 'upload', 'download-url', 'download', 'delete'],
  inject: 'refused',
};

let cloud: LocalCloud;

beforeAll(async () => {
  cloud = await createLocalCloud({ env: ENV });
});

afterAll(() => cloud.close());

const wishOf = (openid: string) => ({ prompt: `极光 ${openid}`, requestId: 'r1' });
const ordersOf = (openid: string): number =>
  cloud.pictureCalls().filter(({ requestId }) => requestId?.startsWith(workIdOf(openid, 'r1'))).length;

/** The functions at another time, with this deployment's settings. */
const inProcess = (env: Readonly<Record<string, string>> = ENV): InProcess =>
  createInProcess(cloud, { env: { ...env, WX_DURABLE_PROVIDER_URL: `${cloud.url}/_provider/v1` } });

describe('a database that goes away after the picture was paid for', () => {
  const OPENID = 'oStorage';
  const workId = workIdOf(OPENID, 'r1');

  test('leaves the record in storage, and the picture is answered', async () => {
    await cloud.add('users', person(OPENID));
    cloud.faults.set([DATABASE_GOES_AWAY]);
    expect(await cloud.generate(OPENID, wishOf(OPENID))).toMatchObject({
      code: 200,
      data: { workId, savedIn: 'storage', remainingCredits: 19 },
    });
    expect(await cloud.dump('works')).toEqual([]);
    expect(await cloud.dump('emergency_backup')).toEqual([]);
    expect((await cloud.files()).map(({ path }) => path)).toContain(`wx-durable/letters/${workId}_1.json`);
  });

  test('leaves nothing that a stranger could read in storage', () => {
    const file = join(cloud.folder, 'data/files');
    const text = readTree(file);
    expect(text).not.toMatch(/极光|oStorage/);
    expect(text).toMatch(/v1\.[\w-]{200,}/);
  });

  test('answers the same request from storage once the database is back, and orders nothing', async () => {
    cloud.faults.clear();
    expect(await cloud.generate(OPENID, wishOf(OPENID))).toMatchObject({
      code: 200,
      data: { workId, savedIn: 'storage' },
    });
    expect(ordersOf(OPENID)).toBe(1);
  });

  test('leaves the call open, so that the person sees it and recovery finds it', async () => {
    expect(await cloud.get('users', userIdOf(OPENID))).toMatchObject({
      credits: 19,
      generateCount: 0,
      quota: { open: 1 },
    });
    expect(await cloud.call(OPENID, { action: 'getHistory' })).toMatchObject({
      data: { list: [{ workId, savedIn: 'open', status: 'processing', prompt: `极光 ${OPENID}` }] },
    });
  });

  test('is recovered after the lease, and not before', async () => {
    const later = inProcess();
    await later.recover();
    expect(await cloud.get('works', workId)).toBeUndefined();
    later.clock.forward(LEASE_MS);
    expect(await later.recover()).toMatchObject({ data: { phases: { holds: { done: 1, failed: [] } } } });
    expect(await cloud.get('works', workId)).toMatchObject({ status: 'completed', isRecovered: true, openid: OPENID });
    expect(await cloud.get('users', userIdOf(OPENID))).toMatchObject({
      credits: 19,
      generateCount: 1,
      quota: { open: 0 },
    });
    expect(await cloud.generate(OPENID, wishOf(OPENID))).toMatchObject({
      code: 200,
      data: { workId, savedIn: 'works' },
    });
    expect(ordersOf(OPENID)).toBe(1);
  });

  test('is recovered by the same request too, when that comes first', async () => {
    await cloud.add('users', person('oComesBack'));
    cloud.faults.set([DATABASE_GOES_AWAY]);
    const { data } = await cloud.generate('oComesBack', wishOf('oComesBack'));
    expect(data).toMatchObject({ savedIn: 'storage' });
    cloud.faults.clear();
    const later = inProcess();
    later.clock.forward(LEASE_MS);
    const again = await later.generate('oComesBack', wishOf('oComesBack'));
    expect(again.data).toMatchObject({ workId: data?.['workId'], imageUrl: data?.['imageUrl'], savedIn: 'works' });
    expect(await cloud.get('users', userIdOf('oComesBack'))).toMatchObject({ generateCount: 1, quota: { open: 0 } });
    expect(ordersOf('oComesBack')).toBe(1);
  });
});

describe('database and storage that go away together', () => {
  const OPENID = 'oLogOnly';
  const workId = workIdOf(OPENID, 'r1');

  test('leave the record in the log, encrypted, and the answer says that it is not saved yet', async () => {
    await cloud.add('users', person(OPENID));
    cloud.faults.set([DATABASE_GOES_AWAY, STORAGE_IS_AWAY]);
    const printed = cloud.printed.length;
    expect(await cloud.generate(OPENID, wishOf(OPENID))).toMatchObject({
      code: 200,
      message: '图片已生成，但记录尚未保存，请先保存图片',
      data: { workId, savedIn: 'log', imageUrl: expect.stringContaining('/_provider/pictures/') },
    });
    cloud.faults.clear();
    const text = cloud.printed.slice(printed).join('');
    expect(text).not.toMatch(/极光|oLogOnly/);
    const line = text.split('\n').find((one) => one.includes('"write.sealed"'));
    const { sealed } = JSON.parse(String(line)) as { sealed: string };
    expect(parseCanonical(createSeal(KEY).open(sealed))).toMatchObject({
      recordId: workId,
      payload: { openid: OPENID, originalPrompt: `极光 ${OPENID}`, status: 'completed' },
    });
    expect(() => createSeal('00'.repeat(32)).open(sealed)).toThrow('LETTER_INVALID');
  });

  test('make the same request wait while the call may still be running, and pay nothing', async () => {
    expect(await cloud.generate(OPENID, wishOf(OPENID))).toMatchObject({
      code: 409,
      error: { code: 'ONCE_IN_PROGRESS' },
    });
    expect(ordersOf(OPENID)).toBe(1);
  });
});

describe('database and storage that go away where there is no key for the log', () => {
  const OPENID = 'oLost';
  const workId = workIdOf(OPENID, 'r1');
  let time: InProcess;

  beforeAll(async () => {
    await cloud.add('users', person(OPENID));
    time = inProcess({ WX_DURABLE_PROVIDER: 'local' });
  });

  test('are told to the person and to the operators: nothing was promised', async () => {
    cloud.faults.set([DATABASE_GOES_AWAY, STORAGE_IS_AWAY]);
    expect(await time.generate(OPENID, wishOf(OPENID))).toEqual({
      code: 500,
      message: '记录保存失败，请联系客服',
      error: { code: 'WRITE_LOST', category: 'fault' },
      requestId: 'r1',
    });
    expect(time.log.lines.map(({ event }) => event)).toContain('write.lost');
    expect(canonicalJson(time.log.lines)).not.toMatch(/极光|oLost/);
    cloud.faults.clear();
  });

  test('leave a record that says `unknown` after the lease, paid with the credit that was taken', async () => {
    time.clock.forward(LEASE_MS);
    expect(await time.generate(OPENID, wishOf(OPENID))).toMatchObject({ code: 504, error: { code: 'ONCE_UNKNOWN' } });
    expect(await cloud.get('works', workId)).toMatchObject({
      status: 'unknown',
      openid: OPENID,
      originalPrompt: `极光 ${OPENID}`,
      finishedAt: null,
    });
    expect(await cloud.get('users', userIdOf(OPENID))).toMatchObject({
      credits: 19,
      generateCount: 0,
      quota: { open: 1 },
    });
    expect(ordersOf(OPENID)).toBe(1);
  });

  test('are over after a day without evidence: the record has failed, and the credit is back', async () => {
    time.clock.forward(DAY_MS);
    await time.recover();
    expect(await cloud.get('works', workId)).toMatchObject({ status: 'failed', errorCode: 'ONCE_UNKNOWN' });
    expect(await cloud.get('users', userIdOf(OPENID))).toMatchObject({
      credits: 20,
      generateCount: 0,
      quota: { open: 0 },
    });
    expect(await time.generate(OPENID, wishOf(OPENID))).toMatchObject({
      code: 502,
      error: { code: 'PROVIDER_FAILED' },
    });
    expect(ordersOf(OPENID)).toBe(1);
  });
});

function readTree(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}
