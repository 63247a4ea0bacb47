import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { collections, neededIndexes } from '../../src/records/index.ts';
import { createBuiltCli, type BuiltCli, type Running } from './built-cli.ts';

const ECHO = `exports.main = async (event) => {
  console.log('first line\\nsecond line');
  console.error('a warning');
  const names = Object.keys(process.env).filter((name) => /^WX_DURABLE_|^OTHER/.test(name)).sort();
  return { said: event.say, settings: names.map((name) => name + '=' + process.env[name]) };
};`;

let cli: BuiltCli;
let running: Running[] = [];

beforeAll(async () => {
  cli = await createBuiltCli();
  mkdirSync(join(cli.folder, 'functions/echo'), { recursive: true });
  writeFileSync(join(cli.folder, 'functions/echo/index.js'), ECHO);
  writeFileSync(join(cli.folder, 'functions/echo/config.json'), '{ "timeout": 5 }');
});

afterEach(async () => {
  for (const { process: child, ended } of running) {
    child.kill('SIGKILL');
    await ended;
  }
  running = [];
});

afterAll(() => cli.remove());

interface Started extends Running {
  readonly url: string;
}

async function startDev(dir: string, args: readonly string[] = [], env: Record<string, string> = {}): Promise<Started> {
  const all = ['dev', '--port', '0', '--dir', dir, '--functions', 'functions', ...args];
  const dev = cli.start(all, env);
  running.push(dev);
  const [url] = await dev.sees(/http:\/\/127\.0\.0\.1:\d+/);
  await dev.sees(/Ctrl-C/);
  return { ...dev, url };
}

test('the local cloud says where it is, answers, and stops cleanly on SIGTERM', async () => {
  const dev = await startDev('data-health');
  expect((await fetch(`${dev.url}/_emulator/health`)).status).toBe(200);
  dev.process.kill('SIGTERM');
  const { code, stdout } = await dev.ended;
  expect(code).toBe(0);
  expect(stdout).toContain('本地云开发已启动');
  expect(stdout).toContain('云函数：echo');
  expect(stdout).toContain(`/invoke/echo`);
  const script = /\. (\S+env\.sh)/.exec(stdout)?.[1] ?? '';
  expect(readFileSync(script, 'utf8')).toMatch(/export TCB_CONTEXT_CNFG='\{"URL":/);
});

test('Ctrl-C stops it cleanly, and the data is there when it starts again', async () => {
  const first = await startDev('data-restart');
  const address = (url: string) => `${url}/_emulator/collections/users`;
  const loaded = await fetch(address(first.url), { method: 'PUT', body: '{"_id":"u1","name":"小明"}\n' });
  expect(loaded.status).toBe(200);
  first.process.kill('SIGINT');
  expect((await first.ended).code).toBe(0);

  const second = await startDev('data-restart');
  expect(JSON.parse(await (await fetch(address(second.url))).text())).toEqual({ _id: 'u1', name: '小明' });
});

test('the indexes that the queries need are declared from the start, beside those of a person', async () => {
  const first = await startDev('data-indexes');
  const namesOf = async (url: string, collection: string) => {
    const shown = (await (await fetch(`${url}/_emulator/indexes/${collection}`)).json()) as {
      indexes: { name: string }[];
    };
    return shown.indexes.map(({ name }) => name);
  };
  for (const { collection, fields } of neededIndexes) {
    const name = fields.map(({ path, direction }) => `${path}_${direction === 'asc' ? 1 : -1}`).join('_');
    expect(await namesOf(first.url, collection)).toContain(name);
  }
  const address = `${first.url}/_emulator/indexes/works`;
  await fetch(address, { method: 'PUT', body: '[{ "name": "mine", "keys": { "title": 1 } }]' });
  first.process.kill('SIGTERM');
  await first.ended;
  const second = await startDev('data-indexes');
  expect(await namesOf(second.url, 'works')).toEqual(expect.arrayContaining(['mine', 'status_1__id_1']));
});

test('the collections that the functions write to exist from the start', async () => {
  const { url } = await startDev('data-collections');
  const listed = (await (await fetch(`${url}/_emulator/collections`)).json()) as { name: string }[];
  expect(listed.map(({ name }) => name).sort()).toEqual(Object.values(collections).sort());
});

test("a function gets our settings and the provider, nothing else of this process's environment", async () => {
  const env = { WX_DURABLE_KEY: 'k', WX_DURABLE_PROVIDER: 'other', OTHER_SECRET: 's' };
  const { url } = await startDev('data-settings', ['--provider', 'zhipu'], env);
  const answer = await fetch(`${url}/invoke/echo`, { method: 'POST', body: '{"say":"你好"}' });
  const { result } = (await answer.json()) as { result: unknown };
  expect(result).toEqual({ said: '你好', settings: ['WX_DURABLE_KEY=k', 'WX_DURABLE_PROVIDER=zhipu'] });
});

test("a function's console lines appear with its name and request in front", async () => {
  const dev = await startDev('data-console');
  await fetch(`${dev.url}/invoke/echo`, { method: 'POST', body: '{}' });
  await dev.sees(/^\[echo \S+\] first line\n\[echo \S+\] second line$/m);
  dev.process.kill('SIGTERM');
  expect((await dev.ended).stderr).toMatch(/^\[echo \S+\] a warning$/m);
});

test('--lang en says the same in English', async () => {
  const dev = await startDev('data-english', ['--lang', 'en']);
  await dev.sees(/The local cloud is running at/);
});

test('a port in use is said in one sentence', async () => {
  const { url } = await startDev('data-port');
  const args = ['dev', '--port', new URL(url).port, '--dir', 'data-port-2', '--functions', 'functions'];
  const { code, stdout, stderr } = await cli.start(args).ended;
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr.trim()).toMatch(/^端口 \d+ 已被占用，请用 --port 换一个$/);
});

test('a data folder in use is refused, and the first local cloud goes on', async () => {
  const { url } = await startDev('data-shared');
  const args = ['dev', '--port', '0', '--dir', 'data-shared', '--functions', 'functions'];
  const { code, stdout, stderr } = await cli.start(args).ended;
  expect({ code, stdout }).toEqual({ code: 11, stdout: '' });
  expect(stderr.trim()).toMatch(/^数据目录 data-shared 正被另一个本地云开发使用/);
  expect((await fetch(`${url}/_emulator/health`)).status).toBe(200);
});

test('a function that needs the SDK and says so nowhere but in its code: the start names what to install', async () => {
  mkdirSync(join(cli.folder, 'lacking/hello'), { recursive: true });
  writeFileSync(join(cli.folder, 'lacking/hello/index.js'), `const cloud = require('wx-server-sdk');`);
  const dev = cli.start(['dev', '--port', '0', '--dir', 'data-lacking', '--functions', 'lacking']);
  running.push(dev);
  await dev.says(/缺少依赖 wx-server-sdk，调用会失败：hello\n {3}请停止后执行：npm i wx-server-sdk$/m);
});

test('a folder without functions is said, and the local cloud runs all the same', async () => {
  mkdirSync(join(cli.folder, 'empty'), { recursive: true });
  const dev = cli.start(['dev', '--port', '0', '--dir', 'data-none', '--functions', 'empty']);
  running.push(dev);
  await dev.sees(/empty 中没有云函数（每个云函数是一个含 index.js 的文件夹）/);
  await dev.sees(/Ctrl-C/);
});

test.each<[string, readonly string[], number, RegExp]>([
  ['functions that are nowhere', ['--functions', 'nope'], 6, /^没有目录 nope/],
  ['a single function', ['--functions', 'functions/echo'], 6, /^functions\/echo 本身就是一个云函数：.*\/functions$/],
  [
    'a picture service nobody knows',
    ['--provider', 'nonsense'],
    3,
    /^不认识图片服务 nonsense：可用的有 local、zhipu、/,
  ],
  ['an origin that is none', ['--allow-origin', 'localhost:5173'], 1, /"localhost:5173" is no origin/],
])('%s: it says so and does not start', async (_what, args, exitCode, said) => {
  const { code, stdout, stderr } = await cli.start(['dev', '--port', '0', '--dir', 'data-slip', ...args]).ended;
  expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
  expect(stderr.trim()).toMatch(said);
});

test('a picture service of any name runs where its address is set', async () => {
  const address = { WX_DURABLE_PROVIDER_URL: 'http://127.0.0.1:9/v1' };
  const dev = await startDev('data-own-provider', ['--provider', 'ours'], address);
  await dev.sees(/图片服务：ours/);
});

test('a page of an origin that was allowed on the command line may use it, and no other', async () => {
  const { url } = await startDev('data-origins', ['--allow-origin', 'http://localhost:5173', 'https://dev.example']);
  const ask = (origin: string) => fetch(`${url}/_emulator/health`, { headers: { origin } });
  const told = await ask('https://dev.example');
  expect(told.headers.get('access-control-allow-origin')).toBe('https://dev.example');
  expect((await ask('http://localhost:5174')).status).toBe(403);
});

test('a log that is damaged is said in the language of the person, with its place and what to do', async () => {
  const first = await startDev('data-damaged');
  await fetch(`${first.url}/_emulator/collections/users`, { method: 'PUT', body: '{"_id":"u1"}\n' });
  first.process.kill('SIGTERM');
  await first.ended;
  const path = join(cli.folder, 'data-damaged/commit.log');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"u1"', '"u2"'));
  const args = ['dev', '--port', '0', '--dir', 'data-damaged'];
  const { code, stdout, stderr } = await cli.start(args).ended;
  expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
  expect(stderr.trim()).toMatch(
    /^数据目录 data-damaged 的日志已损坏（第 \d+ 条，第 \d+ 字节）：请从备份恢复该目录，或用 --dir 换一个$/,
  );
  expect((await cli.start([...args, '--lang', 'en']).ended).stderr).toMatch(/^the log of .* is damaged/);
});

test('without a provider the pictures of the functions are painted on this machine', async () => {
  const { url } = await startDev('data-provider');
  const answer = await fetch(`${url}/invoke/echo`, { method: 'POST', body: '{}' });
  const { result } = (await answer.json()) as { result: { settings: string[] } };
  expect(result.settings[0]).toBe('WX_DURABLE_PROVIDER=local');
});
