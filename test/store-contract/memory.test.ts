import { describe, expect, it } from 'vitest';
import type { Document } from '../../src/store/index.ts';
import { createMemoryBlobs, createMemoryStore } from '../../src/store/memory/index.ts';
import { describeBlobs, describeStore, type Subject } from './store-contract.ts';

const make = async (): Promise<Subject> => {
  const store = createMemoryStore();
  return { store, blobs: createMemoryBlobs(), contents: async (name) => store.dump(name) };
};

describeStore('memory', make);
describeBlobs('memory', make);

interface Deep {
  list: { n: number }[];
  quota: { holds: Record<string, unknown> };
}

describe('what the memory store answers', () => {
  const document = { _id: 'a', list: [{ n: 1 }], quota: { holds: {} } };
  /** Every way in which one may try to change an answer. */
  const attempts: readonly ((answer: Deep) => void)[] = [
    (answer) => (answer.list = []),
    (answer) => answer.list.push({ n: 2 }),
    (answer) => ((answer.list[0] as { n: number }).n = 7),
    (answer) => (answer.quota.holds['x'] = 1),
  ];

  it('cannot be changed, however it was asked for and whatever changed it last', async () => {
    const store = createMemoryStore(['c']);
    await store.insert('c', document);
    const answers = async (): Promise<readonly (Document | undefined)[]> => [
      await store.get('c', 'a'),
      (await store.page('c', { limit: 1 })).items[0],
      (await store.page('c', { limit: 1, fields: ['quota.holds', 'quota', 'list'] })).items[0],
      store.dump('c')[0],
    ];
    for (const round of ['as inserted', 'as updated']) {
      for (const answer of await answers()) {
        for (const attempt of attempts) expect(() => attempt(answer as unknown as Deep), round).toThrow(TypeError);
      }
      await store.update('c', { id: 'a' }, { set: { 'quota.seq': 1, 'list.0.n': 2 } });
      await store.update('c', { id: 'a' }, { push: { list: { n: 3 } } });
    }
  });

  it('does not change with what was handed in, nor with what happens later', async () => {
    const store = createMemoryStore(['c']);
    const mine = structuredClone(document);
    await store.insert('c', mine);
    const before = await store.get('c', 'a');
    mine.list.push({ n: 9 });
    await store.update('c', { id: 'a' }, { set: { 'quota.holds.x': 1 }, unset: ['list'] });
    expect(before).toEqual(document);
    expect(await store.get('c', 'a')).toEqual({ _id: 'a', quota: { holds: { x: 1 } } });
  });
});

describe('who listens to the memory store', () => {
  it('is told of every change that took effect in its order, and of nothing else', async () => {
    const told: unknown[] = [];
    const store = createMemoryStore(['c'], (...commit) => void told.push(commit));
    await store.insert('c', { _id: 'b', n: 1 });
    await store.insert('c', { _id: 'a', n: 1 });
    await store.insert('c', { _id: 'a', n: 2 });
    await store.update('c', { id: 'a' }, { set: { n: 1 } });
    await store.update('c', { id: 'a', where: { n: 7 } }, { set: { n: 8 } });
    await store.updateMany('c', { ids: ['a', 'b', 'a', 'none'] }, { inc: { n: 1 } });
    await store.update('c', { id: 'a' }, { inc: { n: 'x' as unknown as number } }).catch(() => undefined);
    await store.remove('c', { id: 'a', where: { n: 7 } });
    await store.remove('c', { id: 'b' });
    await store.remove('c', { id: 'b' });
    expect(told).toEqual([
      ['c', 'b', { _id: 'b', n: 1 }],
      ['c', 'a', { _id: 'a', n: 1 }],
      ['c', 'a', { _id: 'a', n: 2 }],
      ['c', 'b', { _id: 'b', n: 2 }],
      ['c', 'b', undefined],
    ]);
  });
});
