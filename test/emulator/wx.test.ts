import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createNetwork, createWx, type StringStorage, type Wx, type WxOptions } from '../../src/emulator/wx/index.ts';
import { createMemoryStorage } from '../../src/emulator/wx/storage.ts';
import type { EmulatorOptions } from '../../src/emulator/index.ts';
import { functionsFolder, openEmulator, temporaryFolder } from './harness.ts';

const PROBE = `
const cloud = require('wx-server-sdk');
cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV });
exports.main = async (event) => {
  switch (event.do) {
    case 'throw': throw new TypeError('not today');
    case 'say': return 'x'.repeat(event.size);
    case 'spin': for (;;);
    default: { const { OPENID, UNIONID, SOURCE } = cloud.getWXContext(); return { event, OPENID, UNIONID, SOURCE }; }
  }
};`;

const MIB = 1024 * 1024;

interface Failure {
  readonly errCode?: number;
  readonly errMsg: string;
}

async function open(more: Partial<WxOptions> = {}, options: Partial<EmulatorOptions> = {}) {
  const emulator = await openEmulator({ functionsDir: functionsFolder({ probe: PROBE }, 1), ...options });
  const wx = createWx({ url: emulator.url, openid: 'oAlice', ...more });
  wx.cloud.init({ env: 'emu-env', traceUser: true });
  return { emulator, wx };
}

async function failureOf(call: Promise<unknown>): Promise<Failure> {
  const failure = await call.then(
    () => undefined,
    (error: Failure) => error,
  );
  if (failure === undefined) throw new Error('the call succeeded');
  return failure;
}

/** Both callbacks that must be told of the same end; `which` says whether it was success or fail. */
function called(start: (callbacks: object) => unknown): Promise<{ readonly which: string; readonly end: object }> {
  return new Promise((resolve, reject) => {
    let first: { which: string; end: object } | undefined;
    const answered = start({
      success: (end: object) => (first = { which: 'success', end }),
      fail: (end: object) => (first = { which: 'fail', end }),
      complete: (end: object) =>
        first?.end === end ? resolve(first) : reject(new Error('complete came first, or told something else')),
    });
    if (answered !== undefined) reject(new Error('with callbacks it answered all the same'));
  });
}

describe('calling a function', () => {
  test('it runs on behalf of the user whose phone it is', async () => {
    const { emulator, wx } = await open({ unionid: 'uAlice' });
    const bob = createWx({ url: `${emulator.url}/`, openid: 'oBob' });
    bob.cloud.init();
    expect(await wx.cloud.callFunction({ name: 'probe', data: { say: '你好' } })).toEqual({
      result: { event: { say: '你好' }, OPENID: 'oAlice', UNIONID: 'uAlice', SOURCE: 'wx_client' },
      requestID: expect.any(String),
      errMsg: 'cloud.callFunction:ok',
    });
    const { result } = await bob.cloud.callFunction({ name: 'probe' });
    expect(result).toEqual({ event: {}, OPENID: 'oBob', SOURCE: 'wx_client' });
  });

  test('with callbacks it answers nothing, and tells success and then complete, or fail and then complete', async () => {
    const { wx } = await open();
    const good = await called((callbacks) => wx.cloud.callFunction({ name: 'probe', ...callbacks }));
    expect(good).toMatchObject({ which: 'success', end: { errMsg: 'cloud.callFunction:ok' } });
    const bad = await called((callbacks) => wx.cloud.callFunction({ name: 'nobody', ...callbacks }));
    expect(bad).toMatchObject({ which: 'fail', end: { errCode: -501000 } });
  });

  test.each<[string, object, number, RegExp]>([
    [
      'a function that is not there',
      { name: 'nobody' },
      -501000,
      /^cloud\.callFunction:fail Error: errCode: -501000 {2}\| errMsg: FunctionName parameter could not be found\./,
    ],
    [
      'a function that throws',
      { name: 'probe', data: { do: 'throw' } },
      -504002,
      /^cloud\.callFunction:fail Error: errCode: -504002 functions execute fail \| errMsg: TypeError: not today$/,
    ],
    [
      'a function that takes too long',
      { name: 'probe', data: { do: 'spin' } },
      -504003,
      /^cloud\.callFunction:fail Error: errCode: -504003 {2}\| errMsg: Invoking task timed out after 1 seconds$/,
    ],
    [
      'a result that is too large',
      { name: 'probe', data: { do: 'say', size: MIB } },
      -604001,
      /errCode: -604001 .*exceed/,
    ],
    ['a circle in the data', { name: 'probe', data: circle() }, -1, /^cloud\.callFunction:fail .*circular/],
    ['no name', {}, -501007, /parameter\.name should be string instead of undefined$/],
  ])('%s fails in the shape of the platform', async (_what, options, errCode, errMsg) => {
    const { wx } = await open();
    const failure = await failureOf(wx.cloud.callFunction(options as { name: string }));
    expect(failure).toBeInstanceOf(Error);
    expect(failure).toMatchObject({ errCode, errMsg: expect.stringMatching(errMsg), message: failure.errMsg });
  });

  test('before init everything of the cloud fails, and nothing is sent', async () => {
    const { emulator } = await open();
    const wx = createWx({ url: emulator.url, openid: 'oAlice' });
    const failure = await failureOf(wx.cloud.callFunction({ name: 'probe' }));
    expect(failure.errMsg).toContain("Cloud API isn't enabled, please call wx.cloud.init first");
    expect((await failureOf(wx.cloud.deleteFile({ fileList: [] }))).errMsg).toMatch(/^cloud\.deleteFile:fail/);
  });

  test.each([
    ['reset-before', /request:fail ECONNRESET/],
    ['reset-after', /request:fail ECONNRESET/],
    ['cut', /request:fail /],
    ['hang', /request:fail timeout/],
  ] as const)('a request that meets %s fails as a request without an answer', async (inject, errMsg) => {
    const { emulator, wx } = await open({ timeoutMs: 2000 });
    await wx.cloud.callFunction({ name: 'probe' });
    emulator.faults.set([{ function: 'probe', inject, times: 1 }]);
    expect(await failureOf(wx.cloud.callFunction({ name: 'probe' }))).toMatchObject({
      errCode: -601003,
      errMsg: expect.stringMatching(errMsg),
    });
    expect(await wx.cloud.callFunction({ name: 'probe' })).toMatchObject({ errMsg: 'cloud.callFunction:ok' });
  });

  test("a gateway's page in the place of the answer is a failed request", async () => {
    const { emulator, wx } = await open();
    emulator.faults.set([{ function: 'probe', inject: 'status', status: 502, body: 'html' }]);
    expect(await failureOf(wx.cloud.callFunction({ name: 'probe' }))).toMatchObject({
      errCode: -601003,
      errMsg: 'cloud.callFunction:fail request:fail status 502',
    });
  });
});

function circle(): object {
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  return circular;
}

describe('files', () => {
  const PICTURE = Uint8Array.from({ length: 300 }, (_, n) => n % 256);

  test('what is uploaded from the phone comes back the same, has an address, and can be deleted', async () => {
    const { emulator, wx } = await open({ readFile: (path) => readFile(path) });
    const filePath = join(temporaryFolder(), 'picture.png');
    writeFileSync(filePath, PICTURE);
    const up = await wx.cloud.uploadFile({ cloudPath: '海边/灯 塔?#1%.png', filePath });
    const fileID = 'cloud://emu-env.emu/海边/灯 塔?#1%.png';
    expect(up).toEqual({ fileID, statusCode: 200, errMsg: 'cloud.uploadFile:ok' });

    const down = await wx.cloud.downloadFile({ fileID });
    expect(down).toMatchObject({ statusCode: 200, errMsg: 'cloud.downloadFile:ok' });
    expect(await bytesAt(down.tempFilePath)).toEqual(PICTURE);

    const { fileList } = await wx.cloud.getTempFileURL({
      fileList: [{ fileID, maxAge: 60 }, 'cloud://emu-env.emu/no'],
    });
    expect(fileList).toMatchObject([
      { fileID, status: 0, errMsg: 'ok', maxAge: 60 },
      { status: -503003, errMsg: 'storage file not exists', tempFileURL: '' },
    ]);
    expect(await bytesAt(fileList[0]?.tempFileURL ?? '')).toEqual(PICTURE);

    expect(await wx.cloud.deleteFile({ fileList: [fileID, fileID] })).toEqual({
      fileList: [
        { fileID, status: 0, errMsg: 'ok' },
        { fileID, status: -503003, errMsg: 'storage file not exists' },
      ],
      errMsg: 'cloud.deleteFile:ok',
    });
    expect(await (await fetch(`${emulator.url}/_emulator/files`)).text()).toBe('');
  });

  test('a downloaded file is a file that can be uploaded again', async () => {
    const { wx } = await open();
    const { fileID } = await wx.cloud.uploadFile({ cloudPath: 'a.txt', filePath: 'data:text/plain,hello' });
    const { tempFilePath } = await wx.cloud.downloadFile({ fileID });
    const copy = await wx.cloud.uploadFile({ cloudPath: 'b.txt', filePath: tempFilePath });
    const again = await wx.cloud.downloadFile({ fileID: copy.fileID });
    expect(await (await fetch(again.tempFilePath)).text()).toBe('hello');
  });

  test('what storage refuses fails with the number of its code', async () => {
    const { emulator, wx } = await open();
    const upload = (cloudPath: string) => wx.cloud.uploadFile({ cloudPath, filePath: 'data:,x' });
    expect(await failureOf(upload('../x'))).toMatchObject({
      errCode: -501007,
      errMsg: expect.stringMatching(
        /^cloud\.uploadFile:fail Error: errCode: -501007 invalid parameters \| errMsg: cloudPath/,
      ),
    });
    expect(await failureOf(wx.cloud.downloadFile({ fileID: 'cloud://emu-env.emu/no' }))).toMatchObject({
      errCode: -503003,
      errMsg: expect.stringMatching(/^cloud\.downloadFile:fail Error: errCode: -503003 storage file not exists \| /),
    });
    const many = Array.from({ length: 51 }, (_, n) => `cloud://emu-env.emu/${n}`);
    expect(await failureOf(wx.cloud.getTempFileURL({ fileList: many }))).toMatchObject({ errCode: -501007 });
    emulator.faults.set([{ storage: 'upload', inject: 'error', code: 'AccessDenied', message: 'denied' }]);
    expect(await failureOf(upload('x'))).toMatchObject({
      errCode: -503001,
      errMsg: expect.stringMatching(/\[AccessDenied\]: denied$/),
    });
    expect(await failureOf(wx.cloud.uploadFile({ cloudPath: 'x', filePath: '/nowhere' }))).toMatchObject({
      errCode: -1,
      errMsg: 'cloud.uploadFile:fail file not found /nowhere',
    });
  });
});

async function bytesAt(address: string): Promise<Uint8Array> {
  return new Uint8Array(await (await fetch(address)).arrayBuffer());
}

describe('the connection', () => {
  test('without one every request fails, and what was under way is cut off although it took effect', async () => {
    const network = createNetwork();
    const { emulator, wx } = await open({ network });
    emulator.faults.set([{ function: 'probe', inject: 'hang-after', times: 1 }]);
    const underWay = failureOf(wx.cloud.callFunction({ name: 'probe' }));
    while ((await fired(emulator.url)) === 0);
    network.set('none');
    const offline = {
      errCode: -601003,
      errMsg: 'cloud.callFunction:fail request:fail net::ERR_INTERNET_DISCONNECTED',
    };
    expect(await underWay).toMatchObject(offline);
    expect(await failureOf(wx.cloud.callFunction({ name: 'probe' }))).toMatchObject(offline);
    network.set('4g');
    expect(await wx.cloud.callFunction({ name: 'probe' })).toMatchObject({ errMsg: 'cloud.callFunction:ok' });
  });

  async function fired(url: string): Promise<number> {
    const [rule] = (await (await fetch(`${url}/_emulator/faults`)).json()) as { fired: number }[];
    return rule?.fired ?? 0;
  }

  test('its type is told when asked, and every change of it to those who listen', async () => {
    const network = createNetwork('5g');
    const { wx } = await open({ network });
    const told: unknown[] = [];
    const listener = (status: object) => void told.push(status);
    wx.onNetworkStatusChange(listener);
    expect(await wx.getNetworkType()).toEqual({ networkType: '5g', errMsg: 'getNetworkType:ok' });
    const asked = await called((callbacks) => wx.getNetworkType(callbacks));
    expect(asked).toMatchObject({ which: 'success', end: { networkType: '5g' } });
    network.set('none');
    network.set('none');
    network.set('wifi');
    wx.offNetworkStatusChange(listener);
    network.set('2g');
    expect(told).toEqual([
      { isConnected: false, networkType: 'none' },
      { isConnected: true, networkType: 'wifi' },
    ]);
  });
});

describe('storage', () => {
  const phone = (storage?: StringStorage, openid = 'oAlice'): Wx =>
    createWx({ url: 'http://127.0.0.1:1', openid, ...(storage === undefined ? {} : { storage }) });

  test('values come back as they were, dates too, and a missing key is the empty text', () => {
    const wx = phone();
    const values = ['文', 0, false, null, [1, { a: [] }], { deep: { 值: 1.5 } }, new Date(5)];
    values.forEach((value, index) => wx.setStorageSync(`k${index}`, value));
    expect(values.map((_, index) => wx.getStorageSync(`k${index}`))).toEqual(values);
    expect(wx.getStorageSync('nothing')).toBe('');
    const given = { list: [1] };
    wx.setStorageSync('own', given);
    given.list.push(2);
    expect(wx.getStorageSync('own')).toEqual({ list: [1] });
  });

  test('what is set later or at once is the same storage, and a missing key fails only later', async () => {
    const wx = phone();
    expect(await wx.setStorage({ key: 'a', data: { n: 1 } })).toEqual({ errMsg: 'setStorage:ok' });
    expect(wx.getStorageSync('a')).toEqual({ n: 1 });
    expect(await wx.getStorage({ key: 'a' })).toEqual({ data: { n: 1 }, errMsg: 'getStorage:ok' });
    expect(await wx.getStorageInfo()).toMatchObject({ keys: ['a'], currentSize: 1, limitSize: 10_240 });
    await wx.removeStorage({ key: 'a' });
    expect(await failureOf(wx.getStorage({ key: 'a' }))).toMatchObject({ errMsg: 'getStorage:fail data not found' });
    const asked = await called((callbacks) => wx.getStorage({ key: 'a', ...callbacks }));
    expect(asked).toMatchObject({ which: 'fail' });
    wx.setStorageSync('b', 1);
    await wx.clearStorage();
    expect(wx.getStorageInfoSync()).toEqual({ keys: [], currentSize: 0, limitSize: 10_240 });
  });

  test('a value above 1 MB and a total above 10 MB are refused, and what was there stays', () => {
    const wx = phone();
    wx.setStorageSync('k', 'old');
    expect(() => wx.setStorageSync('k', 'x'.repeat(MIB))).toThrow(/^setStorageSync:fail entry size limit reached$/);
    const nearly = 'x'.repeat(MIB - 20);
    for (let n = 0; n < 10; n += 1) wx.setStorageSync(`big${n}`, nearly);
    expect(() => wx.setStorageSync('big10', nearly)).toThrow(/exceed storage max size 10Mb/);
    wx.setStorageSync('big0', nearly);
    expect(wx.getStorageSync('k')).toBe('old');
    expect(wx.getStorageSync('big10')).toBe('');
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(() => wx.setStorageSync('circle', circle)).toThrow(/^setStorageSync:fail .*circular/);
  });

  test('a given storage outlives the phone, and users do not see one another', () => {
    const storage = createMemoryStorage();
    storage.setItem('of the page', 'mine');
    phone(storage).setStorageSync('k', 'kept');
    const again = phone(storage);
    expect(again.getStorageSync('k')).toBe('kept');
    expect(again.getStorageInfoSync().keys).toEqual(['k']);
    expect(phone(storage, 'oBob').getStorageSync('k')).toBe('');
    again.clearStorageSync();
    expect([storage.length, storage.key(0)]).toEqual([1, 'of the page']);
  });
});
