import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Document } from '../../src/store/index.ts';
import { createOpsStage, widest, type OpsStage } from './ops-stage.ts';

let stage: OpsStage;

const user = (id: string, generateCount: unknown): Document => ({
  _id: id,
  openid: `openid-of-${id}`,
  ...(generateCount === undefined ? {} : { generateCount }),
});

const USERS = [user('u1', 1), user('u2', 5), user('u3', undefined), user('u4', 'two'), user('u5', 0)];
const WORKS = ['u1', 'u3', 'u5', 'u5'].map((userId, index) => ({ _id: `w${index}`, userId, status: 'completed' }));

beforeAll(async () => {
  stage = await createOpsStage();
  await stage.cloud.load('users', USERS);
  await stage.cloud.load('works', WORKS);
});

afterEach(() => stage.cloud.faults.clear());
afterAll(() => stage.close());

test('--dry-run shows each wrong counter with what it should be and why, writes nothing, and ends with 10', async () => {
  const before = await stage.cloud.commits();
  const { code, stdout } = await stage.wx(['repair', 'users', '--dry-run']);
  expect(code).toBe(10);
  expect(stdout).toMatch(/5 个用户中，4 个的生成计数与作品不一致/);
  expect(stdout).toMatch(/u2 +5 +0 +比已完成的作品多 5/);
  expect(stdout).toMatch(/u3 +— +1 +没有计数/);
  expect(stdout).toMatch(/u4 +"two" +0 +计数不是数字/);
  expect(stdout).toMatch(/u5 +0 +2 +比已完成的作品少 2/);
  expect(stdout).not.toContain('openid-of');
  expect(widest(stdout)).toBeLessThanOrEqual(80);
  expect(await stage.cloud.commits()).toBe(before);
});

test('what cannot be read is said by its code, and nothing is repaired: exit 5', async () => {
  stage.cloud.faults.set([{ action: 'aggregateDocuments', inject: 'refused' }]);
  const { code, stdout, stderr } = await stage.wx(['repair', 'users']);
  expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
  expect(stderr).toContain('数据库暂时不可用');
});

test('repairs them, and finds nothing the second time', async () => {
  const { code, result } = await stage.json(['repair', 'users']);
  expect({ code, wrong: result['wrong'], repaired: result['repaired'] }).toEqual({ code: 0, wrong: 4, repaired: 4 });
  const counts = (await stage.cloud.dump('users')).map(({ _id, generateCount }) => [_id, generateCount]);
  expect(counts).toEqual([
    ['u1', 1],
    ['u2', 0],
    ['u3', 1],
    ['u4', 0],
    ['u5', 2],
  ]);
  const { code: second, stdout } = await stage.wx(['repair', 'users']);
  expect(second).toBe(0);
  expect(stdout).toContain('✅ 5 个用户的生成计数都与作品一致');
});

test('second records and lost ones are told, and neither is copied into the counter', async () => {
  const twin = { userId: 'd1', status: 'completed', prompt: '灯塔', createdAt: new Date(1_700_000_000_000) };
  const lost = 'w_00000000000000000000000000000000';
  const holds = { [lost]: { st: 'done', attempt: 1, token: 't' } };
  await stage.cloud.load('works', [
    { _id: 'twin-1', ...twin },
    { _id: 'twin-2', ...twin },
    { _id: 'twin-3', ...twin, prompt: '海' },
  ]);
  await stage.cloud.load('users', [user('d1', 7), { ...user('d2', 1), quota: { seq: 2, open: 0, holds } }]);
  const plan = await stage.wx(['repair', 'users', '--dry-run']);
  expect(plan.stdout).toMatch(/d1 +7 +2 +比已完成的作品多/);
  expect(plan.stdout).toMatch(/d1 +1 +0/);
  expect(plan.stdout).toMatch(new RegExp(`d2 +0 +1 +${lost}`));
  expect(widest(plan.stdout)).toBeLessThanOrEqual(80);
  const { code, result } = await stage.json(['repair', 'users']);
  expect({ code, wrong: result['wrong'], repaired: result['repaired'] }).toEqual({ code: 0, wrong: 1, repaired: 1 });
  expect(result['explained']).toEqual([{ userId: 'd2', duplicates: 0, lost: [lost] }]);
  const counts = new Map((await stage.cloud.dump('users')).map(({ _id, generateCount }) => [_id, generateCount]));
  expect([counts.get('d1'), counts.get('d2')]).toEqual([2, 1]);
  // What is left is told every time, and is no mistake of a counter.
  const again = await stage.wx(['repair', 'users', '--lang', 'en']);
  expect(again.code).toBe(0);
  expect(again.stdout).toContain('Not copied into the counters');
});

test('what it prints and keeps does not grow with the users', async () => {
  const many = Array.from({ length: 1_500 }, (_, index) => user(`m${String(index).padStart(4, '0')}`, 7));
  await stage.cloud.load('users', many);
  const { result } = await stage.json(['repair', 'users', '--dry-run']);
  expect(result['wrong']).toBe(1_500);
  expect(result['repairs']).toHaveLength(1_000);
  const { stdout } = await stage.wx(['repair', 'users', '--dry-run']);
  expect(stdout).toContain('还有 1,480 个');
});
