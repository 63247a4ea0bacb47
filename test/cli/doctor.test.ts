import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { checkFunctions } from '../../src/cli/doctor/functions.ts';
import { heartbeatLines } from '../../src/cli/doctor/heartbeat.ts';
import { expectedJobs } from '../../src/service/index.ts';
import { isAtLeast } from '../../src/cli/doctor/machine.ts';
import { readRow } from '../../src/jobs/table.ts';
import { asEnvironment, createOpsStage, initialise, widest, type OpsStage } from './ops-stage.ts';

let stage: OpsStage;

beforeAll(async () => {
  stage = await createOpsStage();
});

afterEach(() => stage.cloud.faults.clear());
afterAll(() => stage.close());

interface Check {
  readonly name: string;
  readonly status: string;
  readonly said: string;
}

const named = (result: Readonly<Record<string, unknown>>, name: string): readonly Check[] =>
  (result['checks'] as Check[]).filter((check) => check.name === name);

test('missing collections are a problem that names what to do: exit 10', async () => {
  const { code, stdout } = await stage.wx(['doctor']);
  expect(code).toBe(10);
  expect(stdout).toMatch(/❌ 缺少集合 durable_jobs、.*\n {3}➜ 运行 wx-durable init/);
  expect(stdout).toContain('无法与数据库核对时钟（缺少集合 durable_jobs）');
  expect(widest(stdout)).toBeLessThanOrEqual(80);
});

test('where everything is in place it ends with 0, and leaves no document behind', async () => {
  await initialise(stage.cloud);
  const before = await stage.json(['doctor']);
  expect(before.code).toBe(10);
  expect(named(before.result, 'indexes')).toMatchObject([
    {
      status: 'problem',
      said: expect.stringContaining('works (userId_1_status_1)') as string,
      todo: '运行 wx-durable init',
    },
  ]);
  expect((await stage.wx(['init'])).code).toBe(0);
  const { code, result } = await stage.json(['doctor']);
  expect({ code, status: result['status'] }).toEqual({ code: 0, status: 'ok' });
  expect(named(result, 'indexes')).toMatchObject([{ status: 'ok' }]);
  expect(named(result, 'clock')).toMatchObject([{ status: 'ok' }]);
  expect(named(result, 'provider')).toMatchObject([{ status: 'ok', said: '图片服务：local' }]);
  expect(await stage.cloud.dump('durable_jobs')).toEqual([]);
});

test('what cannot be read is unknown and never good: exit 12', async () => {
  stage.cloud.faults.set([{ collection: 'works', inject: 'reset-before' }]);
  const { code, result } = await stage.json(['doctor']);
  expect({ code, status: result['status'] }).toEqual({ code: 12, status: 'unknown' });
  expect(named(result, 'collections')).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ status: 'unknown', said: expect.stringContaining('works') as string }),
    ]),
  );
});

test('a function whose settings were not applied runs with 3 s, which it tells itself', async () => {
  const path = join(stage.cloud.folder, 'cloudbaserc.json');
  const config = readFileSync(path, 'utf8');
  writeFileSync(path, config.replaceAll('"timeout": 60', '"timeout": 3'));
  const { code, result } = await stage.json(['doctor']);
  expect(code).toBe(10);
  expect(named(result, 'timeout')).toMatchObject([
    { status: 'problem', said: expect.stringContaining('3 秒') as string },
  ]);
  writeFileSync(path, config);
  expect(named((await stage.json(['doctor'])).result, 'timeout')).toEqual([]);
});

test('a wrong setting is named, and its value is not', async () => {
  const { code, stdout, stderr } = await stage.wx(['doctor'], { WX_DURABLE_KEY: 'not-a-key-0123' });
  expect(code).toBe(10);
  expect(stdout).toContain('WX_DURABLE_KEY');
  expect(stdout + stderr).not.toContain('not-a-key-0123');
});

test('an environment is not written to unless that is asked for, and timers that never fired are a problem', async () => {
  const before = await stage.cloud.commits();
  const args = ['doctor', '--env-id', 'my-env-123', '--json'];
  const { code, stdout } = await stage.cli.start(args, asEnvironment(stage.cloud)).ended;
  const result = JSON.parse(stdout) as Readonly<Record<string, unknown>>;
  expect(code).toBe(10);
  expect(named(result, 'clock')).toMatchObject([{ status: 'skipped' }]);
  expect(named(result, 'timers')).toMatchObject([{ status: 'problem' }]);
  expect(await stage.cloud.commits()).toBe(before);
});

describe('the settings of functions', () => {
  const folder = (files: Readonly<Record<string, string>>): string => {
    const root = join(stage.cli.folder, 'settings');
    rmSync(root, { recursive: true, force: true });
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(root, path, '..'), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return root;
  };
  const timer = '"triggers": [{ "name": "t", "type": "timer", "config": "0 */5 * * * * *" }]';
  const found = (files: Readonly<Record<string, string>>) =>
    checkFunctions(folder(files)).map(({ status, said }) => `${status} ${said.en}`);

  test.each([
    ['no config.json', {}, 'problem f/config.json: no timeout'],
    ['no timeout', { 'cloudfunctions/f/config.json': '{}' }, 'problem f/config.json: no timeout'],
    ['the default of 3 s', { 'cloudfunctions/f/config.json': '{ "timeout": 3 }' }, 'problem f/config.json: no timeout'],
    ['damage', { 'cloudfunctions/f/config.json': '{' }, 'problem f/config.json is not valid JSON'],
    ['all in place', { 'cloudfunctions/f/config.json': '{ "timeout": 20 }' }, 'ok cloudfunctions: 1 functions'],
  ])('are looked at: %s', (_what, files, expected) => {
    expect(found({ 'cloudfunctions/f/index.js': '', ...files })[0]).toContain(expected);
  });

  test("a maintenance function without a timer never runs, in either tool's file", () => {
    const own = { 'cloudfunctions/recoverFromBackup/index.js': '' };
    const config = 'cloudfunctions/recoverFromBackup/config.json';
    expect(found({ ...own, [config]: '{ "timeout": 60 }' })[0]).toContain('no timer');
    expect(found({ ...own, [config]: `{ "timeout": 60, ${timer} }` })[0]).toMatch(/^ok/);
    const manifest = '{ "functions": [{ "name": "recoverFromBackup", "timeout": 60, "triggers": [] }] }';
    const both = { ...own, [config]: `{ "timeout": 60, ${timer} }`, 'cloudbaserc.json': manifest };
    expect(found(both)[0]).toContain('cloudbaserc.json recoverFromBackup: no timer');
  });

  test('no functions in the folder is no finding, unless somebody named the folder', () => {
    const root = folder({ 'package.json': '{}' });
    expect(checkFunctions(root)).toMatchObject([{ status: 'skipped' }]);
    expect(checkFunctions(root, 'functionz')).toMatchObject([
      { status: 'problem', said: { zh: 'functionz 中没有云函数' } },
    ]);
  });
});

describe('the timers', () => {
  const nowMs = Date.UTC(2026, 10, 22);
  const tableOf = (beatAgoMs: number) => {
    const at = new Date(nowMs - beatAgoMs);
    const row = readRow({ _id: 'recovery', createdAt: at, beatAt: at, dueAt: new Date(nowMs) });
    return { isMissing: false, rows: new Map([['recovery', row]]) };
  };

  test('are missed on an environment only, once they have been silent for hours', () => {
    const statusOf = (agoMs: number, kind: 'local' | 'environment') =>
      heartbeatLines(tableOf(agoMs), { nowMs, kind, jobs: expectedJobs({}) }).map(({ status }) => status)[0];
    expect(statusOf(60_000, 'environment')).toBe('ok');
    expect(statusOf(24 * 3_600_000, 'environment')).toBe('problem');
    expect(statusOf(24 * 3_600_000, 'local')).toBe('ok');
  });
});

test('versions are compared by number', () => {
  expect(isAtLeast('18.15.0', [18, 15])).toBe(true);
  expect(isAtLeast('v20.0.0', [18, 15])).toBe(true);
  expect(isAtLeast('18.9.1', [18, 15])).toBe(false);
  expect(isAtLeast('3.0.3', [3, 0, 4])).toBe(false);
  expect(isAtLeast('3.0.4', [3, 0, 4])).toBe(true);
});
