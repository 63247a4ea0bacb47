import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { checkFunctions } from '../../src/cli/doctor/functions.ts';
import { heartbeatLines, missedJobs } from '../../src/cli/doctor/heartbeat.ts';
import { expectedJobs } from '../../src/service/index.ts';
import { isAtLeast } from '../../src/cli/doctor/machine.ts';
import { readRow } from '../../src/jobs/table.ts';
import type { FaultRule } from '../support/local-cloud.ts';
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
    ['no config.json', {}, "skipped f/config.json: the platform's default timeout"],
    ['no timeout', { 'cloudfunctions/f/config.json': '{}' }, "skipped f/config.json: the platform's default timeout"],
    [
      'the default of 3 s',
      { 'cloudfunctions/f/config.json': '{ "timeout": 3 }' },
      "skipped f/config.json: the platform's default timeout",
    ],
    ['damage', { 'cloudfunctions/f/config.json': '{' }, 'problem f/config.json is not valid JSON'],
    ['all in place', { 'cloudfunctions/f/config.json': '{ "timeout": 20 }' }, 'ok cloudfunctions: 1 functions'],
  ])('are looked at: %s', (_what, files, expected) => {
    expect(found({ 'cloudfunctions/f/index.js': '', ...files })[0]).toContain(expected);
  });

  test.each(['generateImage', 'recoverFromBackup', 'fixUserConsistency', 'checkDataIntegrity'])(
    'of %s, which takes longer than 3 s, must say how long',
    (name) => {
      const files = { [`cloudfunctions/${name}/index.js`]: '', [`cloudfunctions/${name}/config.json`]: `{ ${timer} }` };
      expect(found(files)[0]).toBe(`problem ${name}/config.json: no timeout; the platform's default is 3 s`);
    },
  );

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

describe('a project that has functions of its own alone', () => {
  const PROJECT = { 'coupons/index.js': '', 'recoverCoupons/index.js': '', 'recoverCoupons/config.json': '{}' };
  const folderOf = (files: Readonly<Record<string, string>>): string => {
    const root = join(stage.cli.folder, 'own');
    rmSync(root, { recursive: true, force: true });
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(root, path, '..'), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return root;
  };
  // Beside a cloud in which nobody deployed generateImage.
  const deaf: FaultRule = { action: 'functions.invokeFunction', inject: 'reset-before' };

  test('is told nothing of an image service, and 3 s are a hint: exit 0, 80 columns', async () => {
    await initialise(stage.cloud);
    stage.cloud.faults.set([deaf]);
    for (const lang of ['zh', 'en']) {
      const ended = await stage.wx(['doctor', '--functions', folderOf(PROJECT), '--lang', lang]);
      expect(ended.code).toBe(0);
      expect(ended.stdout).not.toMatch(/图片服务|image service|WX_DURABLE_PROVIDER/);
      expect(ended.stdout).toContain('coupons/config.json');
      expect(widest(ended.stdout)).toBeLessThanOrEqual(80);
    }
    const pictures = { ...PROJECT, 'generateImage/index.js': '', 'generateImage/config.json': '{ "timeout": 60 }' };
    const { result } = await stage.json(['doctor', '--functions', folderOf(pictures)]);
    expect(named(result, 'provider')).toMatchObject([{ status: 'skipped' }]);
  });

  test('has its durable.timer counted among what runs', async () => {
    const at = new Date();
    const row = { _id: 'recover-coupons', createdAt: at, beatAt: at, lastStartedAt: at, dueAt: at };
    await stage.cloud.load('durable_jobs', [row]);
    const { result } = await stage.json(['doctor', '--functions', folderOf(PROJECT)]);
    expect(named(result, 'timers')).toMatchObject([{ status: 'ok', said: '维护任务按时运行：recover-coupons' }]);
    await stage.cloud.load('durable_jobs', []);
  });
});

describe('the jobs that are missed', () => {
  const nowMs = Date.UTC(2026, 10, 22);
  const tableOf = (...names: readonly (readonly [name: string, agoMs: number])[]) => {
    const rows = names.map(([_id, agoMs]) => {
      const at = new Date(nowMs - agoMs);
      return readRow({ _id, createdAt: at, beatAt: at, lastStartedAt: at, dueAt: new Date(nowMs) });
    });
    return { isMissing: false, rows: new Map(rows.map((row) => [row.name, row])) };
  };
  const HOUR_MS = 3_600_000;
  const missed = (table: ReturnType<typeof tableOf>, functions?: readonly string[], env = {}) =>
    missedJobs(table, { env, functions }).map(({ name }) => name);

  test("are those of the functions in the folder, of WX_DURABLE_FUNCTIONS, or none beside a team's own timer", () => {
    const own = ['coupons', 'recoverCoupons'];
    const all = expectedJobs({}).map(({ name }) => name);
    expect(missed(tableOf(['recover-coupons', 0]), own)).toEqual([]);
    expect(missed(tableOf(['recover-coupons', 0]))).toEqual([]);
    expect(missed(tableOf(), own)).toEqual(all);
    expect(missed(tableOf(['recovery', 0]), own)).toEqual(all);
    expect(missed(tableOf(['recover-coupons', 0]), [...own, 'recoverFromBackup'])).toEqual(['recovery', 'retention']);
    const env = { WX_DURABLE_FUNCTIONS: 'checkDataIntegrity' };
    expect(missed(tableOf(['recover-coupons', 0]), own, env)).toEqual(['check-daily', 'check-weekly']);
  });

  test('include a timer of their own that has been silent for two days, and no document that never ran', () => {
    const line = (table: ReturnType<typeof tableOf>) =>
      heartbeatLines(table, { nowMs, kind: 'environment', jobs: [] })[0];
    expect(line(tableOf(['recover-coupons', 47 * HOUR_MS]))).toMatchObject({ status: 'ok' });
    expect(line(tableOf(['recover-coupons', 49 * HOUR_MS]))).toMatchObject({ status: 'problem' });
    const stray = readRow({ _id: 'doctor_x', at: new Date(nowMs) });
    expect(line({ isMissing: false, rows: new Map([['doctor_x', stray]]) })).toMatchObject({ status: 'problem' });
  });
});

test('versions are compared by number', () => {
  expect(isAtLeast('18.15.0', [18, 15])).toBe(true);
  expect(isAtLeast('v20.0.0', [18, 15])).toBe(true);
  expect(isAtLeast('18.9.1', [18, 15])).toBe(false);
  expect(isAtLeast('3.0.3', [3, 0, 4])).toBe(false);
  expect(isAtLeast('3.0.4', [3, 0, 4])).toBe(true);
});
