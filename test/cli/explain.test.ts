import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Evidence, SeenLetter } from '../../src/cli/explain/evidence.ts';
import { planNext } from '../../src/cli/explain/next.ts';
import type { Hold } from '../../src/once/index.ts';
import type { Work } from '../../src/records/index.ts';
import { composeLetter, createAuthenticator } from '../../src/durable/letter.ts';
import type { Document } from '../../src/store/index.ts';
import { composeOlderLetter, olderIdOf } from '../support/letters.ts';
import { person, userIdOf, workIdOf, type FaultRule } from '../support/local-cloud.ts';
import { testHash } from '../support/ports.ts';
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
    // It was copied before its record could not be written.
    expect(stdout).toMatch(/图片文件 +存在/);
  });

  test('takes the id of a letter, as reports name it, for the record that is in it', async () => {
    const id = workIdOf(OPENID, 'letter');
    expect(await stage.json(['explain', `${id}_1`])).toMatchObject({
      ...{ code: 0, result: { id, letters: [{ letterId: `${id}_1`, state: 'waiting' }] } },
    });
  });

  test('finds a letter that nobody can read by its own id, and says what to do: exit 10', async () => {
    await stage.cloud.add('emergency_backup', { _id: 'bad_1', state: 'quarantined', payload: 'x' });
    const { code, stdout } = await stage.wx(['explain', 'bad_1']);
    expect(code).toBe(10);
    expect(stdout.replace(/\n +/g, ' ')).toContain(
      '备份记录 bad_1 已被隔离：改正原因后运行 wx-durable recover --requeue bad_1',
    );
  });

  test('says what the check found in a record that nothing mends by itself: exit 10', async () => {
    await stage.cloud.add('works', { _id: 'w_strange', status: 'half', userId: 'u_nobody', schemaVersion: 1 });
    const { code, stdout } = await stage.wx(['explain', 'w_strange']);
    expect(code).toBe(10);
    expect(stdout).toMatch(/状态不在状态机之内，需要人工核对/);
    expect(stdout).toMatch(/用户不存在，需要人工核对/);
    expect(stdout).not.toMatch(/undefined|failed/);
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
    expect(stdout.replace(/\n +/g, '')).toContain('无法确定');
    // What its record would have told is not known either.
    expect(stdout).toMatch(/状态 +❓ 读不到/);
    expect(stdout).toMatch(/图片文件 +❓ 读不到/);
    expect(stdout).not.toContain('没有记录');
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

describe('of a record of any kind, stored, waiting, open, unknown or deleted', () => {
  const nowMs = Date.now();
  const at = new Date(nowMs - 7_200_000);
  const base = { userId: 'u_kinds', token: 't', hash: 'h', attempt: 1, createdAt: at, errorCode: null };
  const picture = { ...base, price: 1, day: '20261122', asset: { state: 'pending', fileId: null }, imageUrl: 'x' };
  const done = { status: 'completed', finishedAt: at };
  const unknown = { status: 'unknown', finishedAt: null };
  const letterOf = (collection: string, record: Document, state = 'waiting') => ({
    ...composeLetter(createAuthenticator(testHash), { collection, record, attempt: 1, failures: [], atMs: nowMs }),
    ...(state === 'waiting' ? {} : { state, recoveredAt: new Date(nowMs) }),
  });
  const held = (st: string, more: object = {}) => ({
    ...{ st, token: 't', attempt: 1, hash: 'h', at: at.getTime(), until: nowMs - 60_000, price: 0, day: '20261122' },
    ...more,
  });
  const order = (st: string) => held(st, { records: 'orders', take: [['points', -30]], done: [['orderCount', 1]] });
  const note = { _id: 'n_stored', text: '秘密' };
  const HOLDS = {
    p_stored: held('done', { price: 2 }),
    p_open: held('open', { price: 2 }),
    p_unknown: held('open', { price: 2 }),
    o_stored: order('done'),
    o_back: order('back'),
    o_open: order('open'),
    o_unknown: order('open'),
    o_letter: order('open'),
    o_free: held('done', { records: 'orders' }),
    o_broken: { st: 'open', records: 'orders', take: 'broken' },
  };

  beforeAll(async () => {
    const { cloud } = stage;
    for (const work of [
      { _id: 'p_stored', ...picture, ...done },
      { _id: 'p_unknown', ...picture, ...unknown },
      { _id: 'p_deleted', ...picture, ...done, deletedAt: at },
      { _id: 'p_older', userId: 'u_kinds', prompt: '旧', imageUrl: 'x', createdAt: at },
    ])
      await cloud.add('works', work);
    await cloud.load('orders', [
      { _id: 'o_stored', ...base, ...done },
      { _id: 'o_back', ...base, status: 'failed', finishedAt: at, errorCode: 'PROVIDER_FAILED' },
      { _id: 'o_unknown', ...base, ...unknown },
      { _id: 'o_deleted', ...base, ...done, deletedAt: at },
      { _id: 'o_free', ...base, ...done },
    ]);
    await cloud.load('notes', [
      note,
      { _id: 'n_both', text: '' },
      { _id: 'n_home', text: '', isRecovered: true, recoveredAt: at },
      { _id: 'n_deleted', deletedAt: at },
      { _id: 'n_odd', status: null, attempt: 'x', userId: 7, finishedAt: 'y' },
    ]);
    for (const letter of [
      letterOf('notes', { _id: 'n_letter', text: '秘密' }),
      letterOf('notes', { _id: 'n_both', text: '' }),
      letterOf('notes', { _id: 'n_home', text: '' }, 'redriven'),
      letterOf('works', { _id: 'p_letter', ...picture, ...done }),
      letterOf('orders', { _id: 'o_letter', ...base, ...done }),
      composeOlderLetter('older_2', { _id: 'p_flat', userId: 'u_kinds', status: 'completed' }),
    ])
      await cloud.add('emergency_backup', letter);
    const quota = { open: 6, seq: 9, used: {}, holds: HOLDS };
    await cloud.add('users', { ...person('oKinds'), _id: 'u_kinds', quota });
  });

  const NOTHING_ELSE = /undefined|null|NaN|\[object|Invalid/;
  const stringsIn = (value: unknown): readonly string[] => {
    if (typeof value === 'string') return [value];
    return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
  };

  test.each<[string, string, RegExp, RegExp]>([
    ['p_stored', 'works', /费用 +已收取 2 积分/, /charge +2 credits/],
    ['p_open', 'works', /退还 2 积分/, /giving back 2 credits/],
    ['p_unknown', 'works', /退还 2 积分/, /2 credits come back/],
    ['p_deleted', 'works', /用户删除了作品/, /the person deleted it/],
    [
      'p_older',
      'works',
      /works +\?.*➜ 1 条记录的状态不在状态机之内，需要人工核对/,
      /works +\?.*➜ records with a status that does not exist/,
    ],
    ['p_letter', 'works', /放回 works/, /brings the record home/],
    ['p_flat', 'works', /记录写入失败（尝试 3 次）/, /the record could not be written \(3 tries\)/],
    [
      'o_stored',
      'orders',
      /费用 +已收取 points -30，已计入 orderCount \+1/,
      /charge +points -30, counted orderCount \+1/,
    ],
    ['o_back', 'orders', /费用 +已退还 points \+30/, /charge +points \+30 given back/],
    ['o_open', 'orders', /退还 points \+30/, /giving back points \+30/],
    ['o_unknown', 'orders', /退还 points \+30/, /points \+30 come back/],
    [
      'o_letter',
      'orders',
      /放回 orders：.*recover --records orders --accounts users/,
      /recover --records orders --accounts users/,
    ],
    ['o_deleted', 'orders', /被标为已删除/, /it was marked as deleted/],
    ['o_free', 'orders', /没有占用字段/, /no field/],
    ['o_broken', 'orders', /没有占用字段/, /no field/],
    [
      'n_stored',
      'notes',
      /状态 +已保存在 notes.*➜ 已保存在 notes，不会再变化/,
      /➜ it is stored in notes; nothing more happens/,
    ],
    ['n_letter', 'notes', /还没有回到 notes.*recover --also notes/, /kept in emergency_backup.*recover --also notes/],
    [
      'n_both',
      'notes',
      /备份记录也在.*recover --also notes/,
      /its letter is settled by: wx-durable recover --also notes/,
    ],
    ['n_home', 'notes', /由恢复写入 notes.*备份记录：放回 notes/, /written to notes by recovery/],
    ['n_deleted', 'notes', /被标为已删除/, /it was marked as deleted/],
    ['n_odd', 'notes', /已保存在 notes/, /stored in notes/],
  ])(
    '%s tells what is true of it, in both languages and as JSON, and nothing that is not there',
    async (id, records, zh, en) => {
      // What has no letter names no collection by itself.
      const isFound = ['n_letter', 'o_letter', 'p_'].some((named) => id.startsWith(named));
      const args = ['explain', id, ...(isFound ? [] : ['--records', records])];
      const [chinese, english, json] = await Promise.all([
        stage.wx(args),
        stage.wx([...args, '--lang', 'en']),
        stage.json([...args, '--lang', 'en']),
      ]);
      for (const { code, stdout } of [chinese, english]) {
        // A picture that has no status is what the check tells of too; nothing mends it by itself.
        expect(code).toBe(id === 'p_older' ? 10 : 0);
        expect(stdout).not.toMatch(NOTHING_ELSE);
        expect(stdout).not.toContain('秘密');
        expect(widest(stdout)).toBeLessThanOrEqual(80);
        if (records !== 'works') expect(stdout).not.toMatch(/works|积分|credits|图片|picture/);
      }
      const inOne = (text: string): string => text.replaceAll(/\n */g, ' ');
      expect(inOne(chinese.stdout)).toMatch(zh);
      expect(inOne(english.stdout)).toMatch(en);
      expect(json.result).toMatchObject({ id, collection: records });
      for (const text of stringsIn(json.result)) expect(text).not.toMatch(NOTHING_ELSE);
    },
  );
});

describe('of another call or a plain write', () => {
  test('takes nothing for a plain write while a place that would tell is not readable: exit 12', async () => {
    stage.cloud.faults.set([{ action: 'getDocument', collection: 'notes', inject: 'refused' }]);
    const { code, stdout } = await stage.wx(['explain', 'n_stored', '--records', 'notes']);
    expect(code).toBe(12);
    expect(stdout).toMatch(/notes +❓ 读不到：/);
    expect(stdout).toMatch(/users +无/);
  });

  test('takes the id of the letter of a plain write for the record that is in it', async () => {
    const { code, result } = await stage.json(['explain', 'n_letter_1']);
    expect({ code, ...result }).toMatchObject({ code: 0, id: 'n_letter', collection: 'notes', nature: 'write' });
  });

  test('says that an owner is gone with the collection that was looked at: exit 10', async () => {
    const args = ['explain', 'o_stored', '--records', 'orders'];
    expect((await stage.wx(args)).code).toBe(0);
    const { code, stdout } = await stage.wx([...args, '--accounts', 'members']);
    expect(code).toBe(10);
    expect(stdout.replace(/\n +/g, '')).toMatch(/用户不存在，需要人工核对（账户不在 members 时加 --accounts）/);
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
    ({
      ...{ _id: 'w1', userId: 'u1', status: 'completed', attempt: 1, price: 1, day: '20261122', schemaVersion: 1 },
      ...{ createdAt: new Date(nowMs - 60_000), finishedAt: new Date(nowMs - 30_000), errorCode: 'PROVIDER_FAILED' },
      ...{ imageUrl: 'cloud://picture', asset: { state: 'copied', fileId: 'cloud://picture' } },
      ...fields,
    }) as unknown as Work;
  const letter = (state: string, payload: object = { token: 't1', status: 'completed' }): SeenLetter =>
    ({
      letterId: 'w1_1',
      tier: 'emergency_backup',
      state,
      letter: { payload, attempt: 1 },
      recoveredAt: undefined,
    }) as unknown as SeenLetter;
  const nothing: Evidence = {
    ...{ id: 'w1', records: 'works', accounts: 'users', work: ok(undefined), account: ok({ _id: 'u1' }) },
    hold: undefined,
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
    [
      'a status that does not exist',
      { work: ok(work({ status: 'half' as 'failed' })) },
      /^person: records with a status/,
    ],
    [
      'an order of such a status',
      { records: 'orders', work: ok(work({ status: 'half' as 'failed', ...{ token: 't1', hash: 'h' } })) },
      /^person: rec/,
    ],
    [
      'an owner who is gone',
      { work: ok(work({})), account: ok(undefined) },
      /^person: records of users who do not exist/,
    ],
    [
      'a picture that is lost',
      { work: ok(work({ asset: { state: 'lost' } as unknown as Work['asset'] })) },
      /^person: pictures that could not be copied/,
    ],
    ['a record where all is well', { work: ok(work({})), hold: hold({ st: 'done' }) }, /^settled/],
    [
      'a closed call whose letter is quarantined',
      { hold: hold({ st: 'done' }), letters: ok([letter('quarantined')]) },
      /^person: .*quarantined/,
    ],
    [
      'a closed call whose letter nobody can read',
      { hold: hold({ st: 'done' }), letters: ok([{ ...letter('waiting'), letter: undefined }]) },
      /^person: letter w1_1 cannot be read/,
    ],
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
