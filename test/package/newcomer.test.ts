import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { pack } from '../../scripts/check-package/tarball.mjs';

// What somebody meets who installs the package into an empty folder; it is packed from dist/, so `npm run build` first.

const NOTES = `const cloud = require('wx-server-sdk');
const { createDurable } = require('wx-durable');
cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV });
const durable = createDurable({ cloud });
exports.main = durable.handler({
  async save({ openid, data, deadline }) {
    return durable.write('notes', { _id: openid + '_' + data.id, text: data.text }, { deadline });
  },
});`;

interface Dev {
  readonly url: string;
  readonly stdout: string;
  readonly stderr: string;
  call(name: string, event: unknown): Promise<{ result?: unknown; errMsg: string }>;
}

let folder: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wx-durable-newcomer-'));
  const { tarball } = await pack(resolve('.'), folder);
  const template = join(folder, 'template');
  mkdirSync(template);
  writeFileSync(join(template, 'package.json'), '{ "name": "newcomer", "private": true }\n');
  // Offline: nothing but the package itself is needed.
  await promisify(execFile)('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], { cwd: template });
});

afterEach(async () => {
  for (const child of children.splice(0)) await endGroup(child);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A folder of its own in which the packed package has been installed, and files have been written. */
function project(name: string, { files = {}, sdk = true }: { files?: Record<string, string>; sdk?: boolean } = {}) {
  const path = join(folder, name);
  cpSync(join(folder, 'template'), path, { recursive: true, verbatimSymlinks: true });
  if (sdk) symlinkSync(resolve('node_modules/wx-server-sdk'), join(path, 'node_modules/wx-server-sdk'), 'dir');
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    writeFileSync(join(path, file), text);
  }
  return path;
}

/** `npx wx-durable dev`, as it is typed; a group of its own, because npx starts further processes. */
async function npxDev(cwd: string, args: readonly string[] = []): Promise<Dev> {
  const all = ['--offline', 'wx-durable', 'dev', '--port', '0', ...args];
  const child = spawn('npx', all, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const seen = { stdout: '', stderr: '' };
  child.stderr.on('data', (chunk: Buffer) => (seen.stderr += chunk.toString()));
  const url = await new Promise<string>((found, fail) => {
    child.stdout.on('data', (chunk: Buffer) => {
      seen.stdout += chunk.toString();
      if (seen.stdout.includes('Ctrl-C')) found(/http:\/\/127\.0\.0\.1:\d+/.exec(seen.stdout)?.[0] ?? '');
    });
    child.once('close', () => fail(new Error(`dev ended: ${seen.stdout}${seen.stderr}`)));
  });
  return {
    url,
    ...seen,
    async call(name, event) {
      const headers = { 'x-wx-openid': 'oNew' };
      const response = await fetch(`${url}/invoke/${name}`, { method: 'POST', headers, body: JSON.stringify(event) });
      return (await response.json()) as { result?: unknown; errMsg: string };
    },
  };
}

async function endGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const closed = new Promise((done) => child.once('close', done));
  process.kill(-child.pid, 'SIGTERM');
  await closed;
}

test('in an empty project the local cloud runs the functions of the package, and makes a picture', async () => {
  const dev = await npxDev(project('empty'));
  expect(dev.stdout).toMatch(/云函数：.*generateImage/);
  expect(dev.stdout).toContain('wx-durable 自带');
  // Nothing is there to be built.
  expect(dev.stdout + dev.stderr).not.toContain('npm run build');
  const { result } = await dev.call('generateImage', { action: 'generate', data: { prompt: '海边的灯塔' } });
  expect(result).toMatchObject({ code: 200, data: { savedIn: 'works' } });
});

test("a project's own functions run where their packages are found, and who lacks one is named with the cure", async () => {
  const path = project('own', {
    files: {
      'cloudfunctions/notes/index.js': NOTES,
      'cloudfunctions/notes/package.json': '{ "dependencies": { "wx-server-sdk": "4.0.2", "wx-durable": "*" } }',
      'cloudfunctions/inside/index.js': "exports.main = async () => require('inner');",
      'cloudfunctions/inside/package.json': '{ "dependencies": { "inner": "1.0.0" } }',
      'cloudfunctions/inside/node_modules/inner/index.js': "module.exports = 'found';",
      'cloudfunctions/lacking/index.js': "exports.main = async () => require('dayjs');",
      'cloudfunctions/lacking/package.json': '{ "dependencies": { "dayjs": "1.11.23" } }',
    },
  });
  const dev = await npxDev(path, ['--functions', './cloudfunctions']);
  expect(dev.stdout).toContain('云函数：inside, lacking, notes\n');
  expect(dev.stderr).toContain('缺少依赖 dayjs，调用会失败：lacking\n');
  expect(dev.stderr).toContain('请停止后执行：npm i dayjs\n');

  await fetch(`${dev.url}/_emulator/collections/notes`, { method: 'PUT', body: '' });
  const save = { action: 'save', data: { id: '1', text: 'milk' } };
  expect((await dev.call('notes', save)).result).toMatchObject({ code: 200, data: { status: 'stored' } });
  expect((await dev.call('notes', save)).result).toMatchObject({ code: 200, data: { status: 'duplicate' } });
  const stored = await (await fetch(`${dev.url}/_emulator/collections/notes`)).text();
  expect(JSON.parse(stored)).toMatchObject({ _id: 'oNew_1', text: 'milk' });
  expect((await dev.call('inside', {})).result).toBe('found');
  expect((await dev.call('lacking', {})).errMsg).toContain("Cannot find module 'dayjs'");
});

test('without the SDK the local cloud says what to install, and the demonstration too', async () => {
  const path = project('bare', { sdk: false });
  const dev = await npxDev(path);
  expect(dev.stderr).toMatch(/缺少依赖 wx-server-sdk，调用会失败：.*generateImage/);
  expect(dev.stderr).toContain('请停止后执行：npm i wx-durable wx-server-sdk\n');
  const demo = promisify(execFile)('npx', ['--offline', 'wx-durable', 'demo'], { cwd: path });
  await expect(demo).rejects.toMatchObject({
    code: 6,
    stderr: expect.stringContaining('npm i wx-durable wx-server-sdk'),
  });
});

test("a project's functions are found without being named, and the package's where it has none", async () => {
  const path = project('found', { files: { 'cloudfunctions/hello/index.js': 'exports.main = () => 1;' } });
  const dev = await npxDev(path);
  expect(dev.stdout).toContain('云函数：hello\n  来自：cloudfunctions\n');
  expect(readFileSync(join(path, '.wx-durable/env.sh'), 'utf8')).toContain(dev.url);
});
