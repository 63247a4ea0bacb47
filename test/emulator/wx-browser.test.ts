import { expect, test } from 'vitest';
import { commitLog, functionsFolder, openCollection, openEmulator } from './harness.ts';
import { bundleForBrowser, openPage, servePage } from '../support/pages.ts';

const PROBE = `
const cloud = require('wx-server-sdk');
cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV });
exports.main = async (event) => ({ said: event.say, by: cloud.getWXContext().OPENID });`;

const PHONE = `
import { createNetwork, createWx } from './src/emulator/wx/index.ts';
globalThis.phone = (url) => {
  const network = createNetwork();
  const wx = createWx({ url, openid: 'oPage', network, storage: localStorage });
  wx.cloud.init();
  return { wx, network };
};`;

// What runs inside of a page knows the page's own globals, which have no types here.
/* eslint-disable @typescript-eslint/no-explicit-any */

async function servePhone(): Promise<string> {
  const script = await bundleForBrowser(PHONE);
  return servePage(() => script);
}

test('a page of an allowed origin uses functions, files, storage and the connection as a mini program does', async () => {
  const origin = await servePhone();
  const emulator = await openEmulator({ functionsDir: functionsFolder({ probe: PROBE }, 5), allowedOrigins: [origin] });
  const page = await openPage(origin);
  await page.waitForFunction('globalThis.phone');
  const seen = await page.evaluate(async (url) => {
    const { wx, network } = (globalThis as any).phone(url);
    const failure = (call: Promise<unknown>) =>
      call.then(
        () => 'none',
        ({ errCode, errMsg }) => ({ errCode, errMsg }),
      );
    const called = await wx.cloud.callFunction({ name: 'probe', data: { say: '你好' } });
    const { fileID } = await wx.cloud.uploadFile({ cloudPath: '图/a.txt', filePath: 'data:text/plain,hello' });
    const { tempFilePath } = await wx.cloud.downloadFile({ fileID });
    const text = await (await fetch(tempFilePath)).text();
    const missing = await failure(wx.cloud.callFunction({ name: 'nobody' }));
    network.set('none');
    const offline = await failure(wx.cloud.callFunction({ name: 'probe' }));
    wx.setStorageSync('draft', { n: 1 });
    return { called, fileID, text, missing, offline, asked: await wx.getNetworkType() };
  }, emulator.url);
  expect(seen).toEqual({
    called: {
      result: { said: '你好', by: 'oPage' },
      requestID: expect.any(String),
      errMsg: 'cloud.callFunction:ok',
    },
    fileID: 'cloud://emu-env.emu/图/a.txt',
    text: 'hello',
    missing: { errCode: -501000, errMsg: expect.stringMatching(/^cloud\.callFunction:fail Error: errCode: -501000/) },
    offline: { errCode: -601003, errMsg: expect.stringContaining('net::ERR_INTERNET_DISCONNECTED') },
    asked: { networkType: 'none', errMsg: 'getNetworkType:ok' },
  });
  await page.reload();
  await page.waitForFunction('globalThis.phone');
  const kept = await page.evaluate((url) => (globalThis as any).phone(url).wx.getStorageSync('draft'), emulator.url);
  expect(kept).toEqual({ n: 1 });
});

test('a page of an allowed origin shows pictures of the storage', async () => {
  const origin = await servePhone();
  const emulator = await openEmulator({ allowedOrigins: [origin] });
  const page = await openPage(origin);
  await page.waitForFunction('globalThis.phone');
  const width = await page.evaluate(async (url) => {
    const { wx } = (globalThis as any).phone(url);
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"/>';
    const filePath = URL.createObjectURL(new Blob([svg]));
    const { fileID } = await wx.cloud.uploadFile({ cloudPath: 'a.svg', filePath });
    const { fileList } = await wx.cloud.getTempFileURL({ fileList: [fileID] });
    const image = new (globalThis as any).Image();
    image.src = fileList[0].tempFileURL;
    await image.decode();
    return image.naturalWidth as number;
  }, emulator.url);
  expect(width).toBe(30);
});

test('a page of any other origin reads nothing, runs nothing and writes nothing, whatever way it tries', async () => {
  const own = await servePhone();
  const foreign = await servePhone();
  const runs: string[] = [];
  const functionsDir = functionsFolder({ probe: `exports.main = async () => console.log('ran');` }, 5);
  const onConsole = ({ text }: { text: string }) => void runs.push(text);
  const emulator = await openEmulator({ functionsDir, onConsole, allowedOrigins: [own] });
  await openCollection('works', [{ _id: 'here' }]);
  const before = await commitLog(emulator);
  const page = await openPage(foreign);
  await page.waitForFunction('globalThis.phone');
  const tried = await page.evaluate(async (url) => {
    const insert = { action: 'database.insertDocument', collectionName: 'works', data: ['{}'] };
    const body = JSON.stringify(insert);
    const end = (call: Promise<unknown>) =>
      call.then(
        () => 'worked',
        ({ name }) => name as string,
      );
    const load = (tag: string, from: string) =>
      new Promise((done) => {
        const element = Object.assign((globalThis as any).document.createElement(tag), { src: from });
        element.onload = () => done('worked');
        element.onerror = () => done('error');
        (globalThis as any).document.head.append(element);
      });
    return {
      call: await end((globalThis as any).phone(url).wx.cloud.callFunction({ name: 'probe' })),
      simplePost: await end(fetch(`${url}/admin`, { method: 'POST', body })),
      // Answered by nothing that the page may see; what it did is looked for in the log.
      blindPost: await end(fetch(`${url}/admin`, { method: 'POST', body, mode: 'no-cors' }).then(() => undefined)),
      blindCall: await end(fetch(`${url}/invoke/probe`, { method: 'POST', mode: 'no-cors' })),
      put: await end(fetch(`${url}/_emulator/collections/works`, { method: 'PUT', body: '' })),
      read: await end(fetch(`${url}/_emulator/collections/works`)),
      script: await load('script', `${url}/http/probe`),
      image: await load('img', `${url.replace('127.0.0.1', 'localhost')}/http/probe`),
    };
  }, emulator.url);
  expect(tried).toEqual({
    ...{ call: 'Error', simplePost: 'TypeError', blindPost: 'worked', blindCall: 'worked' },
    ...{ put: 'TypeError', read: 'TypeError', script: 'error', image: 'error' },
  });
  expect(await commitLog(emulator)).toEqual(before);
  expect(runs).toEqual([]);

  // The control: the same attempts do something where the origin is allowed.
  const friend = await openPage(own);
  await friend.waitForFunction('globalThis.phone');
  await friend.evaluate((url) => (globalThis as any).phone(url).wx.cloud.callFunction({ name: 'probe' }), emulator.url);
  expect(runs).toEqual(['ran\n']);
});
