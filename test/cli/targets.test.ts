import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { asEnvironment, createOpsStage, MORE_COLLECTIONS, type OpsStage } from './ops-stage.ts';

let stage: OpsStage;

beforeAll(async () => {
  stage = await createOpsStage();
});

afterAll(() => stage.close());

const collections = async (): Promise<readonly string[]> => {
  const listed = (await (await fetch(`${stage.cloud.url}/_emulator/collections`)).json()) as { name: string }[];
  return listed.map(({ name }) => name);
};

describe('a command on the local cloud', () => {
  test('says its target first, on standard error, and only its result on standard output', async () => {
    const { code, stdout, stderr } = await stage.wx(['init', '--dry-run', '--json']);
    expect(code).toBe(10);
    expect(stderr.split('\n')[0]).toBe(`目标：本地云 ${stage.cloud.url}`);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      command: 'init',
      target: { kind: 'local', name: stage.cloud.url },
    });
  });

  test('finds it by WX_DURABLE_LOCAL, and by the shell that is connected to it', async () => {
    for (const env of [{ WX_DURABLE_LOCAL: stage.cloud.url }, stage.cloud.env]) {
      const { stderr } = await stage.cli.start(['init', '--dry-run'], env).ended;
      expect(stderr.split('\n')[0]).toBe(`目标：本地云 ${stage.cloud.url}`);
    }
  });

  test('that meets a missing collection says what makes it, and no stack of the SDK', async () => {
    stage.cloud.faults.set([
      { inject: 'error', code: 'DATABASE_COLLECTION_NOT_EXIST', message: 'Db or Table not exist: users' },
    ]);
    const { code, stderr } = await stage.wx(['recover', '--dry-run']);
    stage.cloud.faults.clear();
    expect(code).toBe(5);
    expect(stderr).toContain('➜ 运行 wx-durable init');
    expect(stderr).toMatch(/cause: .*Db or Table not exist/);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test('says it in English where that is asked for', async () => {
    const { stderr } = await stage.wx(['init', '--dry-run', '--lang', 'en']);
    expect(stderr.split('\n')[0]).toBe(`target: local cloud ${stage.cloud.url}`);
  });

  test.each<[readonly string[], object]>([
    [
      ['init', '--local', 'http://127.0.0.1:9'],
      { command: 'init', error: { exitCode: 5, message: expect.stringContaining('http://127.0.0.1:9') } },
    ],
    [
      ['check', '--sektion'],
      { command: 'check', error: { exitCode: 3, message: expect.stringContaining('--sektion') } },
    ],
  ])('%j that asked for JSON fails with JSON', async (args, expected) => {
    const { code, stdout } = await stage.cli.start([...args, '--json']).ended;
    expect(stdout.trim().split('\n')).toHaveLength(1);
    const told = JSON.parse(stdout) as { error: { exitCode: number } };
    expect(told).toMatchObject({ schemaVersion: 1, ...expected });
    expect(told.error.exitCode).toBe(code);
  });

  test('ends with 5 and one sentence where no local cloud runs', async () => {
    const { code, stdout, stderr } = await stage.cli.start(['init', '--local', 'http://127.0.0.1:9']).ended;
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
    expect(stderr.trim()).toMatch(/^http:\/\/127\.0\.0\.1:9 上没有正在运行的本地云.*wx-durable dev/);
  });

  test.each([
    [['--local', 'http://example.com'], '不是本机地址'],
    [['--local', 'http://127.0.0.1:80@example.com'], '不是本机地址'],
    [['--local', 'http://127.0.0.1:80', '--env-id', 'my-env'], '只能选一个'],
    [['--env-id', '../x'], '不是有效的环境 ID'],
  ])('refuses %j as a usage error', async (args, explanation) => {
    const { code, stdout, stderr } = await stage.cli.start(['init', ...args], asEnvironment(stage.cloud)).ended;
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain(explanation);
  });

  test('ends with 6 where wx-server-sdk is not installed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wx-durable-alone-'));
    cpSync(join(stage.cli.folder, 'cli'), join(folder, 'cli'), { recursive: true });
    const args = [join(folder, 'cli/index.js'), 'init', '--local', stage.cloud.url];
    const child = spawn(process.execPath, args, { cwd: folder, env: { PATH: process.env['PATH'] } });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const code = await new Promise((ended) => child.on('close', ended));
    rmSync(folder, { recursive: true });
    expect(code).toBe(6);
    expect(said).toContain('npm i wx-server-sdk');
  });
});

describe('a command on a real environment', () => {
  const SECRET = 'very-secret-key-0123456789abcdef';
  const inEnvironment = (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    stage.cli.start([...args, '--env-id', 'my-env-123'], { ...asEnvironment(stage.cloud, SECRET), ...more }).ended;

  test.each([
    [{ TENCENTCLOUD_SECRETID: '', TENCENTCLOUD_SECRETKEY: '' }, /TENCENTCLOUD_SECRETID、TENCENTCLOUD_SECRETKEY/],
    [{ TENCENTCLOUD_SECRETKEY: '' }, /^缺少环境变量 TENCENTCLOUD_SECRETKEY：/],
    [{ TENCENTCLOUD_SECRETID: 'emulator' }, /连接着本地云/],
  ])('ends with 2 without credentials of its own: %j', async (env, explanation) => {
    const { code, stdout, stderr } = await inEnvironment(['init'], env);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(explanation);
  });

  test('names the environment first, and the other address that the SDK was told to use', async () => {
    const { code, stderr } = await inEnvironment(['init', '--dry-run']);
    expect(code).toBe(10);
    expect(stderr.split('\n')[0]).toBe(`目标：环境 my-env-123（经 ${stage.cloud.url}）`);
  });

  test('writes nothing off a terminal, and names --yes', async () => {
    const before = await stage.cloud.commits();
    for (const command of [['init'], ['recover'], ['prune'], ['check'], ['doctor', '--write']]) {
      const { code, stdout, stderr } = await inEnvironment(command);
      expect({ command, code, stdout }).toEqual({ command, code: 3, stdout: '' });
      expect(stderr).toMatch(/my-env-123 需要确认.*--yes/);
    }
    expect(await stage.cloud.commits()).toBe(before);
  });

  test('writes with --yes', async () => {
    expect((await inEnvironment(['init', '--yes'])).code).toBe(0);
    expect(await collections()).toEqual(expect.arrayContaining([...MORE_COLLECTIONS]));
  });

  test('never prints the secret key, whatever it says and whatever fails', async () => {
    const runs = [
      await inEnvironment(['doctor', '--verbose']),
      await inEnvironment(['init', '--json']),
      await inEnvironment(['explain', 'w_1'], { TCB_CONTEXT_CNFG: '{"URL":"http://127.0.0.1:9/admin"}' }),
      await inEnvironment(['recover', '--yes'], { TCB_CONTEXT_CNFG: '{"URL":"http://127.0.0.1:9/admin"}' }),
    ];
    for (const { stdout, stderr } of runs) {
      expect(stdout + stderr).not.toContain(SECRET);
      expect(stdout + stderr).not.toContain('AKIDtest');
    }
    // Control: the last two really failed.
    expect(runs.slice(2).map(({ code }) => code)).toEqual([12, 5]);
  });
});
