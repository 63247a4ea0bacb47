import { expect, test } from 'vitest';
import { createSeen } from '../../src/cli/check/seen.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';

const KIND = { records: 'works', accounts: 'users' };

test('a section under way is seen against the documents of its collection, which are counted once', async () => {
  const store = createMemoryStore(['works']);
  for (const _id of ['a', 'b', 'c', 'd']) await store.insert('works', { _id });
  const seen = createSeen(store, KIND);
  expect(await seen({ name: 'works', figures: { total: 1 } })).toMatch(/^works {2}█+░+ {2}1 \/ 4 {2}25 %$/);
  await store.remove('works', { id: 'a' });
  expect(await seen({ name: 'works', figures: { total: 2 } })).toContain('2 / 4');
});

test('a collection that cannot be counted, and a section that walks none, are seen by their names', async () => {
  const seen = createSeen(createMemoryStore([]), KIND);
  expect(await seen({ name: 'users', figures: { users: 3 } })).toBe('users');
  expect(await seen({ name: 'tiers', figures: {} })).toBe('tiers');
  expect(await seen(undefined)).toBe('');
});
