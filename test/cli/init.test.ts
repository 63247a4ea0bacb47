import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOpsStage, MORE_COLLECTIONS, widest, type OpsStage } from './ops-stage.ts';

let stage: OpsStage;

beforeAll(async () => {
  stage = await createOpsStage();
});

afterAll(() => stage.close());

test('--dry-run names what is missing, writes nothing, and ends with 10', async () => {
  const before = await stage.cloud.commits();
  const { code, result } = await stage.json(['init', '--dry-run']);
  expect(code).toBe(10);
  const missing = MORE_COLLECTIONS.map((name) => ({ name, state: 'missing' }));
  expect(result['collections']).toEqual(expect.arrayContaining(missing));
  expect(await stage.cloud.commits()).toBe(before);
});

test('makes what is missing, keeps what is there, and does nothing the second time', async () => {
  await stage.cloud.load('users', [{ _id: 'u1', name: '小明' }]);
  const first = await stage.json(['init']);
  expect(first.code).toBe(0);
  expect(first.result['collections']).toEqual(
    expect.arrayContaining([
      { name: 'users', state: 'exists' },
      { name: 'durable_jobs', state: 'created' },
    ]),
  );
  const commits = await stage.cloud.commits();
  const second = await stage.json(['init']);
  const states = (second.result['collections'] as { state: string }[]).map(({ state }) => state);
  expect({ code: second.code, states: [...new Set(states)] }).toEqual({ code: 0, states: ['exists'] });
  expect(await stage.cloud.commits()).toBe(commits);
  expect(await stage.cloud.dump('users')).toEqual([{ _id: 'u1', name: '小明' }]);
});

test('lists the indexes with what each is for, within 80 columns', async () => {
  const { stdout } = await stage.wx(['init']);
  expect(stdout).toMatch(/works +userId, createdAt ↓, _id ↓\n +历史记录/);
  expect(widest(stdout)).toBeLessThanOrEqual(80);
});

test('a local cloud has the indexes then, beside those that were declared before', async () => {
  const address = `${stage.cloud.url}/_emulator/indexes/works`;
  await fetch(address, { method: 'PUT', body: '[{ "name": "mine", "keys": { "title": 1 } }]' });
  await stage.wx(['init']);
  const { indexes } = (await (await fetch(address)).json()) as { indexes: { name: string; keys: object }[] };
  expect(indexes.map(({ name }) => name)).toContain('mine');
  expect(indexes.map(({ keys }) => keys)).toContainEqual({ userId: 1, createdAt: -1, _id: -1 });
});
