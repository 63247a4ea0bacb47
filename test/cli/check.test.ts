import { execFile } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { composeLetter, createAuthenticator } from '../../src/durable/letter.ts';
import { composeLetterFor } from '../support/letters.ts';
import { person, userIdOf } from '../support/local-cloud.ts';
import { testHash } from '../support/ports.ts';
import { createOpsStage, initialise, widest, type OpsStage } from './ops-stage.ts';

let stage: OpsStage;

beforeAll(async () => {
  stage = await createOpsStage();
  await initialise(stage.cloud);
  await stage.cloud.add('users', person('oCheck'));
  await stage.cloud.generate('oCheck', { prompt: '灯塔', requestId: 'r1' });
});

afterEach(() => stage.cloud.faults.clear());
afterAll(() => stage.close());

describe('check', () => {
  test('of a sound cloud is good: exit 0, and the report is kept', async () => {
    const { code, stdout } = await stage.wx(['check']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/数据完整性报告/);
    expect(widest(stdout)).toBeLessThanOrEqual(80);
    expect(await stage.cloud.dump('integrity_reports')).toHaveLength(1);
  });

  test('--read-only writes nothing', async () => {
    const before = await stage.cloud.commits();
    const { code, result } = await stage.json(['check', '--read-only']);
    expect({ code, isStored: result['isStored'] }).toEqual({ code: 0, isStored: false });
    expect(await stage.cloud.commits()).toBe(before);
  });

  test('with problems ends with 10, unknown with 12, and --fail-on warn with 10 on a note', async () => {
    const [user] = await stage.cloud.dump('users');
    await stage.cloud.load('users', [{ ...user, generateCount: 9 }]);
    const wrong = await stage.json(['check', '--section', 'users']);
    expect({ code: wrong.code, status: wrong.result['status'] }).toEqual({ code: 10, status: 'problems' });
    await stage.cloud.load('users', [{ ...user }]);
    expect((await stage.wx(['check', '--section', 'users'])).code).toBe(0);
    stage.cloud.faults.set([{ collection: 'users', inject: 'refused' }]);
    const blind = await stage.json(['check', '--section', 'users']);
    expect({ code: blind.code, status: blind.result['status'] }).toEqual({ code: 12, status: 'unknown' });
    stage.cloud.faults.clear();
    // Without WX_DURABLE_KEY the log tier is off, which is a note.
    expect((await stage.wx(['check', '--section', 'tiers', '--fail-on', 'warn'])).code).toBe(10);
    expect((await stage.wx(['check', '--section', 'tiers'])).code).toBe(0);
  });

  test('tells what it found, or that it found nothing out, also where the report cannot be kept', async () => {
    const kept = (await stage.cloud.dump('integrity_reports')).length;
    stage.cloud.faults.set([{ inject: 'status', status: 503, body: 'text' }]);
    const { code, stdout, stderr } = await stage.wx(['check', '--json']);
    expect(code).toBe(12);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'unknown', finished: true, isStored: false });
    expect(stderr).toContain('没能保存到 integrity_reports');
    // Sound, but it was to be kept as well.
    stage.cloud.faults.set([{ collection: 'integrity_reports', inject: 'refused' }]);
    const sound = await stage.json(['check']);
    expect({ code: sound.code, ...sound.result }).toMatchObject({ code: 12, status: 'ok', isStored: false });
    stage.cloud.faults.clear();
    expect(await stage.cloud.dump('integrity_reports')).toHaveLength(kept);
  });

  test("looks at another team's calls by the names of their collections, and says what to do about those", async () => {
    const made = new Date(Date.now() - 3 * 86_400_000);
    const order = {
      ...{ _id: 'o_1', userId: userIdOf('oCheck'), status: 'unknown', hash: 'h', token: 't', attempt: 1 },
      ...{ createdAt: made, finishedAt: null, sku: 'cup' },
    };
    await stage.cloud.load('orders', [order]);
    const reports = (await stage.cloud.dump('integrity_reports')).length;
    const { code, result } = await stage.json(['check', '--records', 'orders', '--yes']);
    expect({ code, status: result['status'], isStored: result['isStored'] }).toEqual({
      ...{ code: 10, status: 'problems', isStored: false },
    });
    const { sections } = result['report'] as { sections: { name: string; findings: unknown }[] };
    expect(sections.map(({ name }) => name)).toEqual(['calls', 'backup', 'tiers']);
    expect(sections[0]?.findings).toMatchObject([{ kind: 'unknown-overdue', ids: ['o_1'] }]);
    expect(result['advice']).toMatchObject([{ command: 'wx-durable recover --records orders --accounts users' }]);
    expect(await stage.cloud.dump('integrity_reports')).toHaveLength(reports);
    await stage.cloud.load('orders', [{ ...order, status: 'completed', finishedAt: made }]);
    const { stdout } = await stage.wx(['check', '--records', 'orders', '--read-only']);
    expect(stdout).toContain('✅ 良好');
    expect(widest(stdout)).toBeLessThanOrEqual(80);
  });

  test('names for a letter the command that brings it home, and that command does', async () => {
    const request = { collection: 'notes', attempt: 1, failures: [], atMs: Date.now(), record: { _id: 'oAnna_2' } };
    await stage.cloud.load('notes', []);
    await stage.cloud.load('emergency_backup', [{ ...composeLetter(createAuthenticator(testHash), request) }]);
    const { code, result } = await stage.json(['check', '--read-only', '--section', 'backup']);
    const [advice] = result['advice'] as { command: string }[];
    expect({ code, command: advice?.command }).toEqual({ code: 10, command: 'wx-durable recover --also notes' });
    expect((await stage.wx(advice?.command.split(' ').slice(1) ?? [])).code).toBe(0);
    expect(await stage.cloud.get('notes', 'oAnna_2')).toBeDefined();
    expect((await stage.wx(['check', '--read-only', '--section', 'backup'])).code).toBe(0);
    await stage.cloud.load('emergency_backup', []);
  });

  test('names a call that was interrupted, as soon as its lease is over: exit 10', async () => {
    const until = Date.now() - 1_000;
    const hold = { st: 'open', records: 'coupons', token: 't', attempt: 1, hash: 'h', at: until - 60_000, until };
    await stage.cloud.load('coupons', []);
    await stage.cloud.load('members', [{ _id: 'm1', quota: { open: 1, seq: 1, holds: { w_killed: hold } } }]);
    const args = ['check', '--records', 'coupons', '--accounts', 'members', '--read-only'];
    const { code, stdout } = await stage.wx(args);
    expect(code).toBe(10);
    expect(stdout).toMatch(/1 次调用被中断.*\n +w_killed/);
    expect(stdout).toContain('wx-durable recover --records coupons --accounts members');
    expect(stdout).not.toContain('良好');
    expect(widest(stdout)).toBeLessThanOrEqual(80);
  });

  test('of other calls than pictures has no sections about pictures', async () => {
    const { code, stderr } = await stage.wx(['check', '--records', 'orders', '--section', 'works']);
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining('calls、backup、tiers') as unknown });
  });

  test.each([
    [['--section', 'everything'], 'works, backup'],
    [['--fail-on', 'never'], 'Allowed choices'],
    [['--time-limit', '0'], '1 到 86400'],
  ])('%j is a usage error', async (args, explanation) => {
    const { code, stderr } = await stage.wx(['check', ...args]);
    expect(code).toBe(3);
    expect(stderr).toContain(explanation);
  });
});

test('the script that operators know is the same check', async () => {
  const script = join(stage.cli.folder, 'scripts/check-data-integrity.js');
  mkdirSync(join(stage.cli.folder, 'dist'), { recursive: true });
  cpSync(join(stage.cli.folder, 'cli'), join(stage.cli.folder, 'dist/cli'), { recursive: true });
  cpSync('scripts/check-data-integrity.js', script);
  cpSync('package.json', join(stage.cli.folder, 'package.json'));
  const ended = await new Promise<{ code: unknown; stdout: string }>((done) => {
    const args = [script, '--local', stage.cloud.url, '--section', 'users', '--json'];
    execFile(process.execPath, args, { cwd: stage.cli.folder }, (error, stdout) =>
      done({ code: error?.code ?? 0, stdout }),
    );
  });
  expect(ended.code).toBe(0);
  expect(JSON.parse(ended.stdout)).toMatchObject({ command: 'check', status: 'ok' });
});

test('report sets the kept reports side by side, newest first; exit 4 where there are none', async () => {
  const { code, result } = await stage.json(['report']);
  expect(code).toBe(0);
  expect(result['points']).toMatchObject([{ status: 'ok', works: 1 }]);
  await stage.cloud.load('integrity_reports', []);
  expect((await stage.wx(['report'])).code).toBe(4);
});

describe('prune', () => {
  const work = { _id: 'w_old', userId: userIdOf('oCheck'), status: 'completed', token: 't' };
  const letter = { ...composeLetterFor(work), state: 'redriven', recoveredAt: new Date(Date.UTC(2020, 0, 1)) };

  test('--dry-run names what would go and removes nothing', async () => {
    await stage.cloud.add('works', work);
    await stage.cloud.load('emergency_backup', [letter]);
    const before = await stage.cloud.commits();
    const { code, result } = await stage.json(['prune', '--dry-run']);
    expect({ code, removals: result['removals'] }).toEqual({
      code: 0,
      removals: [{ collection: 'emergency_backup', id: 'w_old_1' }],
    });
    expect(await stage.cloud.commits()).toBe(before);
  });

  test('what cannot be read is unknown, and never nothing: exit 12', async () => {
    stage.cloud.faults.set([{ collection: 'emergency_backup', inject: 'refused' }]);
    const { code, stdout } = await stage.wx(['prune', '--dry-run']);
    expect(code).toBe(12);
    expect(stdout).toMatch(/已恢复的备份记录 +❓ +❓ +0\n/);
    expect(stdout.replace(/\n/g, '')).toContain('❓ 已恢复的备份记录读不到');
    expect((await stage.json(['prune', '--dry-run'])).result).toMatchObject({
      ...{ letters: { gone: 0, failed: 0, unread: 'STORE_UNAVAILABLE' } },
    });
  });

  test('removes what is home, and the record stays; a letter whose record is missing stays as well: exit 10', async () => {
    const orphan = { ...composeLetterFor({ ...work, _id: 'w_gone' }), state: 'redriven', recoveredAt: new Date(0) };
    await stage.cloud.load('emergency_backup', [letter, orphan]);
    const { code, stdout } = await stage.wx(['prune']);
    expect(code).toBe(10);
    expect(stdout).toMatch(/已恢复的备份记录 +1 +1/);
    expect((await stage.cloud.dump('emergency_backup')).map(({ _id }) => _id)).toEqual(['w_gone_1']);
    expect(await stage.cloud.get('works', 'w_old')).toMatchObject(work);
  });
});
