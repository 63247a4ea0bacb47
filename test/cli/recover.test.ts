import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { canonicalJson } from '../../src/core/index.ts';
import { createSeal } from '../../src/core/node/index.ts';
import { composeLetter, createAuthenticator } from '../../src/durable/letter.ts';
import type { Document } from '../../src/store/index.ts';
import { composeLetterFor } from '../support/letters.ts';
import { person, userIdOf, workIdOf, type FaultRule } from '../support/local-cloud.ts';
import { testHash } from '../support/ports.ts';
import { asEnvironment, createOpsStage, initialise, widest, type OpsStage } from './ops-stage.ts';

const KEY = '5e'.repeat(32);

let stage: OpsStage;

beforeAll(async () => {
  stage = await createOpsStage();
  await initialise(stage.cloud);
});

afterEach(() => stage.cloud.faults.clear());
afterAll(() => stage.close());

const workOf = (id: string): Document => ({
  _id: id,
  userId: userIdOf('oLetters'),
  status: 'completed',
  token: `token-of-${id}`,
  createdAt: new Date(Date.UTC(2026, 10, 22)),
});

const WORKS_ARE_DOWN: FaultRule = { action: 'insertDocument', collection: 'works', inject: 'refused' };
const statesOf = async () => (await stage.cloud.dump('emergency_backup')).map(({ state }) => state);

describe('a record that could not be written', () => {
  const workId = workIdOf('oKept', 'r1');

  test('is listed by --dry-run, which writes nothing', async () => {
    await stage.cloud.add('users', person('oKept'));
    stage.cloud.faults.set([WORKS_ARE_DOWN]);
    const kept = await stage.cloud.generate('oKept', { prompt: '灯塔', requestId: 'r1' });
    expect(kept).toMatchObject({ code: 200, data: { savedIn: 'emergency_backup' } });
    stage.cloud.faults.clear();
    const before = await stage.cloud.commits();
    const { code, stdout } = await stage.wx(['recover', '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`等待恢复的备份记录 +1 +${workId}_1`));
    expect(widest(stdout)).toBeLessThanOrEqual(80);
    expect(await stage.cloud.commits()).toBe(before);
  });

  test('is brought home, once', async () => {
    const { code, result } = await stage.json(['recover']);
    expect(code).toBe(0);
    expect(result).toMatchObject({ finished: true, phases: { letters: { done: 1, failedCount: 0 } } });
    expect(await stage.cloud.get('works', workId)).toMatchObject({ status: 'completed', isRecovered: true });
    const again = await stage.json(['recover']);
    expect(again).toMatchObject({ code: 0, result: { passes: 1, phases: { letters: { done: 0 } } } });
  });
});

test('letters written under a key are left alone where this shell has none: exit 2 names it', async () => {
  const signed = createAuthenticator(testHash, createSeal(KEY));
  const request = { collection: 'works', attempt: 1, failures: [], atMs: 1 };
  const letter = composeLetter(signed, { ...request, record: workOf('w_keyed') });
  await stage.cloud.load('emergency_backup', [letter]);
  const before = await stage.cloud.commits();
  const { code, stdout, stderr } = await stage.wx(['recover']);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain('WX_DURABLE_KEY');
  expect(await stage.cloud.commits()).toBe(before);
  expect((await stage.wx(['recover'], { WX_DURABLE_KEY: KEY })).code).toBe(0);
  expect(await statesOf()).toEqual(['redriven']);
});

test('a record that fails is named with its code, does not stop the others, and makes it end with 10', async () => {
  const bad = { ...composeLetterFor(workOf('w_bad')), mac: 'sha256:0' };
  await stage.cloud.load('emergency_backup', [bad, composeLetterFor(workOf('w_good'))]);
  const { code, stdout } = await stage.wx(['recover']);
  expect(code).toBe(10);
  expect(stdout).toMatch(/w_bad_1 +LETTER_INVALID +备份记录无法识别/);
  expect(await stage.cloud.get('works', 'w_good')).toMatchObject({ status: 'completed' });
});

describe('a call of which nothing is known', () => {
  const until = Date.now() - 3_600_000;
  const moment = new Date(until + 86_400_000 + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
  const strand = async (openid: string, workId: string) => {
    const hold = { st: 'open', price: 1, day: '20261122', token: 't', attempt: 1, hash: '', at: until - 60_000, until };
    await stage.cloud.load('emergency_backup', []);
    await stage.cloud.load('users', [
      person(openid, { quota: { open: 1, seq: 1, used: {}, holds: { [workId]: hold } } }),
    ]);
  };

  test('is looked at once, is not said to be done, and it is told when it will be decided', async () => {
    await strand('oStranded', 'w_stranded');
    const { code, result } = await stage.json(['recover']);
    expect(code).toBe(0);
    expect(result).toMatchObject({
      ...{ finished: true, passes: 1, phases: { holds: { done: 0, skipped: 1, failedCount: 0 } } },
      stays: { holds: { count: 1, ids: ['w_stranded'], decidedByAtMs: until + 86_400_000 } },
    });
    expect(await stage.cloud.get('works', 'w_stranded')).toMatchObject({ status: 'unknown' });
    const { stdout } = await stage.wx(['recover']);
    expect(stdout).toContain(`1 次调用还没有结果；到 ${moment}（北京时间）`);
    expect(widest(stdout)).toBeLessThanOrEqual(80);
    expect(widest((await stage.wx(['recover', '--lang', 'en'])).stdout)).toBeLessThanOrEqual(80);
    expect(stdout).toContain('w_stranded');
    await stage.cloud.load('users', []);
    expect((await stage.json(['recover'])).result['stays']).toMatchObject({ holds: { count: 0 } });
  });
});

describe('calls of another kind', () => {
  const until = Date.now() - 3_600_000;
  const order = { _id: 'w_order', userId: 'm1', status: 'completed', token: 't', attempt: 1, item: 'mug' };
  const hold = {
    ...{ st: 'open', records: 'orders', price: 0, day: '20261122', token: 't', attempt: 1, hash: '' },
    ...{ at: until - 60_000, until, take: [['points', -30]], done: [['orderCount', 1]] },
  };
  const kind = ['--records', 'orders', '--accounts', 'members'];

  test('are finished in the collections that the options name, and explained from there', async () => {
    const request = { collection: 'orders', attempt: 1, failures: [], atMs: 1, record: order };
    await stage.cloud.load('users', []);
    await stage.cloud.load('orders', []);
    await stage.cloud.load('members', [
      { _id: 'm1', points: 70, quota: { open: 1, seq: 1, holds: { w_order: hold } } },
    ]);
    await stage.cloud.load('emergency_backup', [
      { ...composeLetter(createAuthenticator(testHash), request) },
      composeLetterFor(workOf('w_picture')),
    ]);
    const seen = await stage.json(['recover', '--dry-run', ...kind]);
    expect(seen.result['waiting']).toMatchObject({ holds: { count: 1, ids: ['w_order'] }, letters: { count: 1 } });
    expect((await stage.wx(['explain', 'w_order', ...kind])).stdout).toMatch(/orders +无/);
    const { code, result } = await stage.json(['recover', ...kind]);
    expect({ code, phases: result['phases'] }).toMatchObject({ code: 0, phases: { holds: { done: 1 } } });
    expect(await stage.cloud.get('orders', 'w_order')).toMatchObject({ item: 'mug', isRecovered: true });
    expect(await stage.cloud.get('members', 'm1')).toMatchObject({ points: 70, orderCount: 1, quota: { open: 0 } });
    // The picture's letter is none of theirs.
    expect(await statesOf()).toEqual(['redriven', 'waiting']);
    expect((await stage.json(['explain', 'w_order', ...kind])).result).toMatchObject({ status: 'completed' });
  });

  test('have collections whose names are names: exit 3', async () => {
    expect((await stage.wx(['recover', '--records', '$where'])).code).toBe(3);
  });
});

describe('letters of plain writes into other collections', () => {
  const letterFor = (collection: string, record: Document) =>
    composeLetter(createAuthenticator(testHash), { collection, attempt: 1, failures: [], atMs: Date.now(), record });
  const note = { _id: 'oAnna_2', text: 'hello' };
  const coupon = { _id: 'w_coupon', userId: 'm1', status: 'completed', token: 't', hash: 'h', attempt: 1 };

  test.each([
    ['zh', /另有备份记录属于这次没有点名的集合，没有处理：notes 1/],
    ['en', /left alone, since their collections were not named: letters of notes 1/],
  ])('are left, however old, and the reason and the command are told (%s)', async (lang, reason) => {
    await stage.cloud.load('notes', []);
    await stage.cloud.load('users', []);
    await stage.cloud.load('emergency_backup', [letterFor('notes', note)]);
    for (const args of [['recover'], ['recover', '--dry-run']]) {
      const { code, stdout } = await stage.wx([...args, '--lang', lang]);
      expect(code).toBe(0);
      expect(stdout).toMatch(reason);
      expect(stdout).toContain('wx-durable recover --also notes');
      expect(stdout).not.toMatch(/租约|图片服务|没有需要恢复|lease|image service|nothing is left/);
      expect(widest(stdout)).toBeLessThanOrEqual(80);
    }
    expect(await statesOf()).toEqual(['waiting']);
    const other = await stage.wx(['recover', '--records', 'coupons', '--accounts', 'members', '--lang', lang]);
    expect(other.stdout).toContain('wx-durable recover --records coupons --accounts members --also notes');
  });

  test('come home where --also names them, with calls of any kind', async () => {
    for (const kind of [[], ['--records', 'coupons', '--accounts', 'members']]) {
      await stage.cloud.load('notes', []);
      await stage.cloud.load('emergency_backup', [letterFor('notes', note)]);
      const seen = await stage.json(['recover', '--also', 'tags,notes', '--dry-run', ...kind]);
      expect(seen.result['waiting']).toMatchObject({ letters: { count: 1, ids: ['oAnna_2_1'] }, elsewhere: [] });
      const { code, result } = await stage.json(['recover', '--also', 'tags,notes', ...kind]);
      expect({ code, phases: result['phases'] }).toMatchObject({
        code: 0,
        phases: { letters: { done: 1, skipped: 0 } },
      });
      expect(await stage.cloud.get('notes', 'oAnna_2')).toMatchObject({ text: 'hello', isRecovered: true });
    }
  });

  test('are counted by collection, and those of costly calls are sent to their own recovery', async () => {
    await stage.cloud.load('emergency_backup', [
      letterFor('notes', note),
      letterFor('notes', { _id: 'oBen_1' }),
      letterFor('coupons', coupon),
    ]);
    const { result } = await stage.json(['recover']);
    expect((result['stays'] as { elsewhere: unknown }).elsewhere).toEqual(
      expect.arrayContaining([
        { collection: 'notes', count: 2, isCall: false },
        { collection: 'coupons', count: 1, isCall: true },
      ]),
    );
    const { stdout } = await stage.wx(['recover']);
    expect(stdout).toMatch(/wx-durable recover --also notes\n.*wx-durable recover --records coupons/);
    const { code, stderr } = await stage.wx(['recover', '--also', 'coupons']);
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining('--records coupons') as unknown });
    expect(await statesOf()).toEqual(['waiting', 'waiting', 'waiting']);
  });

  test.each([['$where'], ['notes,'], ['works'], ['users'], ['emergency_backup']])(
    '--also %s is a usage error, and nothing is written',
    async (name) => {
      const before = await stage.cloud.commits();
      expect((await stage.wx(['recover', '--also', name])).code).toBe(3);
      expect(await stage.cloud.commits()).toBe(before);
    },
  );

  test('wait for the lease of their call where it runs, which is said', async () => {
    const until = Date.now() + 3_600_000;
    const hold = { st: 'open', price: 1, day: '20261122', token: 't', attempt: 1, hash: 'h', at: Date.now(), until };
    const quota = { open: 1, seq: 1, used: {}, holds: { w_coupon: hold } };
    await stage.cloud.load('users', [person('oRuns', { quota })]);
    const record = { ...coupon, userId: userIdOf('oRuns') };
    await stage.cloud.load('emergency_backup', [letterFor('works', record)]);
    const { stdout } = await stage.wx(['recover']);
    expect(stdout).toContain('1 次调用仍在租约之内');
    expect(stdout).toContain('1 条备份记录还不能放回');
    expect(widest(stdout)).toBeLessThanOrEqual(80);
  });
});

describe('quarantined letters', () => {
  const setAside = (id: string) => ({
    ...composeLetterFor(workOf(id)),
    ...{ state: 'quarantined', redriveFailures: 5, redriveFailedAt: new Date(1), redriveError: 'planned' },
  });
  const load = () =>
    stage.cloud.load('emergency_backup', [setAside('w_aside1'), setAside('w_aside2'), setAside('w_aside3')]);

  test('are named after a recovery, which leaves them, and counted by --dry-run, which writes nothing', async () => {
    await load();
    const { stdout } = await stage.wx(['recover']);
    expect(stdout).toContain('3 条备份记录已隔离');
    expect(stdout).toContain('--requeue');
    const before = await stage.cloud.commits();
    const { code, result } = await stage.json(['recover', '--requeue', 'all', '--dry-run']);
    expect({ code, requeued: result['requeued'] }).toEqual({ code: 0, requeued: 3 });
    expect(await stage.cloud.commits()).toBe(before);
  });

  test('are put back by name, as if they had never failed, and come home with the others', async () => {
    await load();
    const { code, result } = await stage.json(['recover', '--requeue', 'w_aside1_1']);
    expect({ code, requeued: result['requeued'] }).toEqual({ code: 0, requeued: 1 });
    expect(await statesOf()).toEqual(['redriven', 'quarantined', 'quarantined']);
    expect(await stage.cloud.get('works', 'w_aside1')).toMatchObject({ status: 'completed', isRecovered: true });
    const home = await stage.cloud.get('emergency_backup', 'w_aside1_1');
    expect(home).not.toHaveProperty('redriveFailures');
    expect(home).not.toHaveProperty('redriveError');
    const rest = await stage.json(['recover', '--requeue', 'all']);
    expect(rest.result).toMatchObject({ requeued: 2, stays: { quarantined: { count: 0 } } });
    expect(await statesOf()).toEqual(['redriven', 'redriven', 'redriven']);
  });

  test('of another name are not there: exit 4, and nothing is written', async () => {
    await load();
    const before = await stage.cloud.commits();
    const { code, stderr } = await stage.wx(['recover', '--requeue', 'w_nowhere_1']);
    expect(code).toBe(4);
    expect(stderr).toContain('w_nowhere_1');
    expect(await stage.cloud.commits()).toBe(before);
  });

  test('wait for a person to say yes in a real environment', async () => {
    await load();
    const env = { ...asEnvironment(stage.cloud), WX_DURABLE_KEY: KEY };
    const args = ['recover', '--requeue', 'all', '--env-id', 'emu-env'];
    const refused = await stage.cli.start(args, env).ended;
    expect(refused.code).toBe(3);
    expect(await statesOf()).toEqual(['quarantined', 'quarantined', 'quarantined']);
  });
});

test('a phase whose documents cannot be read is said, and makes it end with 12', async () => {
  await stage.cloud.load('emergency_backup', []);
  // What waits is looked at first; the pages of recovery come after.
  stage.cloud.faults.set([{ action: 'getDocument', collection: 'emergency_backup', inject: 'refused', skip: 3 }]);
  const { code, result } = await stage.json(['recover']);
  expect(code).toBe(12);
  expect(result).toMatchObject({ phases: { letters: { failed: [{ id: '', code: 'STORE_UNAVAILABLE' }] } } });
});

test('Ctrl-C keeps where it stopped and ends with 130; --resume goes on to the end', async () => {
  const ids = Array.from({ length: 400 }, (_, index) => `w_slow${String(index).padStart(3, '0')}`);
  await stage.cloud.load(
    'emergency_backup',
    ids.map((id) => composeLetterFor(workOf(id))),
  );
  const slow: FaultRule = { action: 'insertDocument', collection: 'works', inject: 'delay', delayMs: 700 };
  stage.cloud.faults.set([slow]);
  const running = stage.start(['recover', '--json']);
  await running.says(/▶ 恢复/);
  running.process.kill('SIGINT');
  const { code, stdout, stderr } = await running.ended;
  expect(code).toBe(130);
  expect(JSON.parse(stdout)).toMatchObject({ finished: false });
  const [, path = ''] = /断点已保存到 (\S+)，加 --resume 继续/.exec(stderr) ?? [];
  expect(stage.file(path)).toMatch(/"phase"/);
  expect((await statesOf()).filter((state) => state === 'waiting').length).toBeGreaterThan(0);
  stage.cloud.faults.clear();
  expect((await stage.wx(['recover', '--resume'])).code).toBe(0);
  expect(new Set(await statesOf())).toEqual(new Set(['redriven']));
  expect(stage.file(path)).toBeUndefined();
  expect((await stage.wx(['recover', '--resume'])).code).toBe(6);
});

test('a time limit that comes first ends with 12 and keeps where it stopped', async () => {
  const ids = Array.from({ length: 200 }, (_, index) => `w_late${String(index).padStart(3, '0')}`);
  await stage.cloud.load(
    'emergency_backup',
    ids.map((id) => composeLetterFor(workOf(id))),
  );
  const slow: FaultRule = { action: 'insertDocument', collection: 'works', inject: 'delay', delayMs: 900 };
  stage.cloud.faults.set([slow]);
  const { code, stderr } = await stage.wx(['recover', '--time-limit', '3']);
  expect(code).toBe(12);
  expect(stderr).toContain('--resume');
});

describe('an exported log', () => {
  const seal = createSeal(KEY);
  const signed = createAuthenticator(testHash, seal);
  const sealedLine = (id: string): string => {
    const request = { collection: 'works', attempt: 1, failures: [], atMs: 1, record: workOf(id) };
    const sealed = seal.close(canonicalJson(composeLetter(signed, request)));
    return JSON.stringify({ level: 'error', event: 'write.sealed', recordId: id, attempt: 1, sealed });
  };
  const logFile = (lines: readonly string[]): string => {
    writeFileSync(join(stage.cli.folder, 'scf.log'), lines.join('\n'));
    return 'scf.log';
  };
  const env = { WX_DURABLE_KEY: KEY };

  test('has its sealed records brought home, however it wraps its lines; duplicates are one', async () => {
    await stage.cloud.load('emergency_backup', []);
    const wrapped = JSON.stringify({ time: 1, content: JSON.stringify({ log: sealedLine('w_log2') }) });
    const prefixed = `2026-11-22 01:02:03 START ${sealedLine('w_log3')}`;
    const lines = [sealedLine('w_log1'), '{"event":"write.stored"}', wrapped, prefixed, sealedLine('w_log1'), ''];
    const { code, result } = await stage.json(['recover', '--from-log', logFile(lines)], env);
    expect({ code, log: result['log'] }).toEqual({
      code: 0,
      log: { lines: 5, letters: 4, admitted: 3, known: 1, unreadable: 0, left: [] },
    });
    for (const id of ['w_log1', 'w_log2', 'w_log3']) {
      expect(await stage.cloud.get('works', id)).toMatchObject({ status: 'completed', isRecovered: true });
    }
    const again = await stage.json(['recover', '--from-log', 'scf.log'], env);
    expect(again).toMatchObject({ code: 0, result: { log: { admitted: 0, known: 4 } } });
  });

  test('never displaces a final record', async () => {
    const winner = { ...workOf('w_log4'), token: 'winner', status: 'failed' };
    await stage.cloud.add('works', winner);
    expect((await stage.wx(['recover', '--from-log', logFile([sealedLine('w_log4')])], env)).code).toBe(0);
    expect(await stage.cloud.get('works', 'w_log4')).toMatchObject({ token: 'winner', status: 'failed' });
    expect((await stage.cloud.get('emergency_backup', 'w_log4_1'))?.['state']).toBe('superseded');
  });

  test('that is altered, cut off, or sealed under another key is counted as unreadable: exit 10', async () => {
    const line = sealedLine('w_log5');
    const altered = line.replace(
      /(v1\.[\w-]{60})(.)/,
      (_, head: string, one: string) => head + (one === 'A' ? 'B' : 'A'),
    );
    const cut = `${line.slice(0, -40)}"}`;
    const before = await stage.cloud.commits();
    const { code, stdout } = await stage.wx(['recover', '--from-log', logFile([altered, cut])], env);
    expect(code).toBe(10);
    expect(stdout).toContain('❌ 无法解密 2 条');
    expect(await stage.cloud.commits()).toBe(before);
    const other = { WX_DURABLE_KEY: 'f'.repeat(64) };
    const foreign = await stage.json(['recover', '--from-log', logFile([line]), '--dry-run'], other);
    expect(foreign.result['log']).toMatchObject({ letters: 0, unreadable: 1 });
  });

  test('in one single line gives its records too', async () => {
    const one = JSON.stringify({ logs: ['w_log6', 'w_log7'].map((id) => ({ content: sealedLine(id) })) });
    const { result } = await stage.json(['recover', '--from-log', logFile([one]), '--dry-run'], env);
    expect(result['log']).toMatchObject({ lines: 1, letters: 2, unreadable: 0, left: [] });
  });

  test('needs the key, and a file that is there', async () => {
    expect((await stage.wx(['recover', '--from-log', 'scf.log'])).code).toBe(2);
    expect((await stage.wx(['recover', '--from-log', 'nowhere.log'], env)).code).toBe(6);
  });
});
