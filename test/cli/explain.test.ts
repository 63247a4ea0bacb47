import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Evidence, SeenLetter } from '../../src/cli/explain/evidence.ts';
import { planNext } from '../../src/cli/explain/next.ts';
import type { Hold } from '../../src/once/index.ts';
import type { Work } from '../../src/records/index.ts';
import { composeOlderLetter, olderIdOf } from '../support/letters.ts';
import { person, userIdOf, workIdOf, type FaultRule } from '../support/local-cloud.ts';
import { createOpsStage, widest, type OpsStage } from './ops-stage.ts';

const OPENID = 'oABCDEFGHIJKLMNOPQRSTUVWXYZ1';

let stage: OpsStage;

beforeAll(async () => {
  stage = await createOpsStage();
  await stage.cloud.add('users', person(OPENID));
});

afterEach(() => stage.cloud.faults.clear());
afterAll(() => stage.close());

const wish = (requestId: string) => ({ prompt: '秘密的灯塔', requestId });
const explained = async (requestId: string) => {
  const ended = await stage.wx(['explain', workIdOf(OPENID, requestId)]);
  expect(ended.stdout).not.toContain(OPENID);
  expect(ended.stdout + ended.stderr).not.toContain('秘密');
  expect(widest(ended.stdout)).toBeLessThanOrEqual(80);
  return ended;
};

describe('explain', () => {
  test('tells of a completed record that it is settled, without its content, with the openid masked', async () => {
    await stage.cloud.generate(OPENID, wish('done'));
    const { code, stdout } = await explained('done');
    expect(code).toBe(0);
    expect(stdout).toMatch(/状态 +已完成/);
    expect(stdout).toContain('(openid oABC…XYZ1)');
    expect(stdout).toMatch(/费用 +已收取 1 积分/);
    expect(stdout).toMatch(/图片文件 +存在/);
    expect(stdout).toContain('➜ 已经了结，不会再变化');
  });

  test('tells of a letter that waits why it is one, and that recovery brings it home', async () => {
    const rule: FaultRule = { action: 'insertDocument', collection: 'works', inject: 'refused' };
    stage.cloud.faults.set([rule]);
    await stage.cloud.generate(OPENID, wish('letter'));
    stage.cloud.faults.clear();
    const { code, stdout } = await explained('letter');
    expect(code).toBe(0);
    expect(stdout).toMatch(/emergency_backup +waiting（第 1 次） completed/);
    expect(stdout).toMatch(/状态 +已完成；记录在 emergency_backup，还没有回到 works/);
    expect(stdout.replace(/\n +/g, '')).toMatch(/STORE_UNAVAILABLE，尝试 \d ?次/);
    expect(stdout).toContain('下一次恢复会把 emergency_backup 中的记录放回 works');
  });

  test('finds the record of an older letter by the id that it had then', async () => {
    const record = { userId: 'u_old', prompt: '旧', status: 'completed', createdAt: new Date(9) };
    const letter = composeOlderLetter('older_1', { ...record, _id: 'work_17' });
    await stage.cloud.add('emergency_backup', { ...letter, state: 'redriven', recoveredAt: new Date(10) });
    await stage.cloud.add('works', { ...record, _id: olderIdOf(record), id: 'work_17', isRecovered: true });
    expect((await stage.json(['explain', 'work_17'])).result).toMatchObject({ id: 'work_17', status: 'completed' });
  });

  test('tells of a file in storage, and whose it is, where the database holds nothing but the hold', async () => {
    const everything = ['users', 'works', 'emergency_backup'];
    stage.cloud.faults.set([{ collection: everything, inject: 'refused', skip: 3 }]);
    await stage.cloud.generate(OPENID, wish('file'));
    stage.cloud.faults.clear();
    const { code, stdout } = await explained('file');
    expect(code).toBe(0);
    expect(stdout).toMatch(/云存储 +waiting（第 1 次） completed/);
    expect(stdout).toContain(userIdOf(OPENID));
  });

  test('says that it cannot tell where a place is not readable: exit 12', async () => {
    stage.cloud.faults.set([{ action: 'getDocument', collection: 'works', inject: 'refused' }]);
    const { code, stdout } = await explained('done');
    expect(code).toBe(12);
    expect(stdout).toMatch(/works +❓ 读不到：/);
    expect(stdout).toContain('无法确定');
  });

  test('ends with 4 for a record that no place knows, and with 3 for what is no id', async () => {
    expect((await stage.wx(['explain', 'w_nowhere'])).code).toBe(4);
    expect((await stage.wx(['explain', 'w.$gt'])).code).toBe(3);
    expect((await stage.wx(['explain'])).code).toBe(3);
  });

  test('ends with 10 where a person must look: the picture is gone', async () => {
    const id = workIdOf(OPENID, 'done');
    const work = await stage.cloud.get('works', id);
    const asset = work?.['asset'] as { fileId: string };
    const gone = { ...asset, fileId: asset.fileId.replace(/_1\.png$/, '_9.png') };
    await stage.cloud.load('works', [{ ...work, asset: gone }]);
    const { code, result } = await stage.json(['explain', id]);
    expect({ code, picture: result['picture'] }).toEqual({ code: 10, picture: 'gone' });
  });
});

describe('what happens next', () => {
  const nowMs = Date.UTC(2026, 10, 22, 4);
  const ok = <T>(value: T) => ({ ok: true, value }) as const;
  const hold = (fields: Partial<Hold>): Hold => ({
    ...{
      st: 'open',
      token: 't1',
      attempt: 1,
      until: nowMs - 1,
      hash: 'h',
      at: nowMs - 60_000,
      price: 1,
      day: '20261122',
    },
    ...fields,
  });
  const work = (fields: Partial<Work>): Work =>
    ({ _id: 'w1', status: 'completed', attempt: 1, price: 1, ...fields }) as Work;
  const letter = (state: string, payload: object = { token: 't1', status: 'completed' }): SeenLetter =>
    ({
      letterId: 'w1_1',
      tier: 'emergency_backup',
      state,
      letter: { payload, attempt: 1 },
      recoveredAt: undefined,
    }) as unknown as SeenLetter;
  const nothing: Evidence = {
    ...{ id: 'w1', records: 'works', work: ok(undefined), account: ok(undefined), hold: undefined },
    ...{ letters: ok([]), files: ok([]), picture: ok('none') },
  };
  const next = (evidence: Partial<Evidence>) =>
    planNext({ ...nothing, ...evidence }, nowMs).map(({ kind, said }) => `${kind}: ${said.en}`)[0];

  test.each<[string, Partial<Evidence>, RegExp]>([
    ['nothing anywhere', {}, /^nothing/],
    [
      'a running call',
      { hold: hold({ until: nowMs + 5_000 }) },
      /^waits: the call is running; its lease ends at 2026-11-22 12:00:05/,
    ],
    [
      'an expired call',
      { hold: hold({}) },
      /^waits: .*recovery makes it unknown, and by 2026-11-23 11:59:59 failed, giving back 1/,
    ],
    ['an expired task', { hold: hold({ taskId: 'task' }) }, /^waits: .*asks the image service/],
    [
      'an expired call with its letter',
      { hold: hold({}), letters: ok([letter('waiting')]) },
      /^waits: .*home from emergency_backup/,
    ],
    [
      "another attempt's letter",
      { hold: hold({ token: 't2' }), letters: ok([letter('waiting')]) },
      /recovery makes it unknown/,
    ],
    ['never paid', { hold: hold({ st: 'void' }) }, /^settled: it was never paid/],
    ['closed without a record', { hold: hold({ st: 'done' }) }, /^person: .*--from-log/],
    ['completed, still open', { work: ok(work({})), hold: hold({}) }, /^waits: .*closes the call and counts it/],
    ['failed, still open', { work: ok(work({ status: 'failed' })), hold: hold({}) }, /^waits: .*gives back 1/],
    ['completed, the picture gone', { work: ok(work({})), picture: ok('gone') }, /^person: .*gone from storage/],
    [
      'unknown, expired',
      { work: ok(work({ status: 'unknown' })), hold: hold({}) },
      /^waits: without a result by 2026-11-23/,
    ],
    ['unknown, its hold gone', { work: ok(work({ status: 'unknown' })) }, /^waits: its hold is gone/],
    ['a quarantined letter', { letters: ok([letter('quarantined')]) }, /^person: .*quarantined/],
    [
      'a letter whose record was removed',
      { letters: ok([letter('redriven')]) },
      /^person: the letter is redriven, but/,
    ],
    ['an unreadable place', { files: { ok: false, code: 'STORE_DENIED' } }, /^unknown: .*storage STORE_DENIED/],
  ])('is right for %s', (_what, evidence, expected) => {
    expect(next(evidence)).toMatch(expected);
  });
});
