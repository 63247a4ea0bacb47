import { describe, expect, it } from 'vitest';
import { planOpen, type Hold } from '../../src/once/hold.ts';
import { is, type Change, type Document } from '../../src/store/index.ts';
import { codeOf, collectionWith, type Use } from './subject.ts';

/** An update does what it says to one document, or nothing. */
export function describeUpdates(use: Use): void {
  /** The document `a` after a change, with what the update answered. */
  const updated = async (document: Document, change: Change) => {
    const { store } = use();
    const name = await collectionWith(store, document);
    const count = await store.update(name, { id: document._id }, change);
    return { count, document: await store.get(name, document._id) };
  };

  describe('update', () => {
    it('answers 1 for a document that it changed', async () => {
      const { count, document } = await updated({ _id: 'a', n: 1 }, { set: { n: 2 } });
      expect({ count, document }).toEqual({ count: 1, document: { _id: 'a', n: 2 } });
    });

    it('answers 0 for a missing document, and makes none', async () => {
      const { store } = use();
      const name = await collectionWith(store);
      expect(await store.update(name, { id: 'a' }, { set: { n: 1 } })).toBe(0);
      expect(await store.get(name, 'a')).toBeUndefined();
    });

    it('answers 0 where everything is already as it says', async () => {
      const before = { _id: 'a', n: 1, o: { d: new Date(5), list: [1] } };
      const same = { set: { n: 1, 'o.d': new Date(5), 'o.list': [1] }, unset: ['gone'] };
      expect(await updated(before, same)).toEqual({ count: 0, document: before });
      expect((await updated(before, { ...same, inc: { m: 0 } })).count).toBe(1);
    });

    it('sets an object as a whole and does not merge it into the one that is there', async () => {
      const { document } = await updated({ _id: 'a', o: { x: 1, y: 1 } }, { set: { o: { y: 2 } } });
      expect(document).toEqual({ _id: 'a', o: { y: 2 } });
    });

    it('sets empty objects, arrays and null as given', async () => {
      const { document } = await updated(
        { _id: 'a', o: { x: 1 }, list: [1, 2], n: 1 },
        { set: { o: {}, list: [], n: null, at: new Date(7), deep: { at: [new Date(8)] } } },
      );
      expect(document).toEqual({ _id: 'a', o: {}, list: [], n: null, at: new Date(7), deep: { at: [new Date(8)] } });
    });

    it('reaches a dotted path, leaves its neighbours alone and makes the objects on the way', async () => {
      const { document } = await updated({ _id: 'a', o: { x: 1 } }, { set: { 'o.y': 2, 'p.q.r': '三' } });
      expect(document).toEqual({ _id: 'a', o: { x: 1, y: 2 }, p: { q: { r: '三' } } });
    });

    it('increments, also below zero and by fractions, and starts an absent field at nothing', async () => {
      const { document } = await updated({ _id: 'a', n: 1 }, { inc: { n: -3, 'quota.used.d20261122': 1, f: 0.5 } });
      expect(document).toEqual({ _id: 'a', n: -2, quota: { used: { d20261122: 1 } }, f: 0.5 });
    });

    it.each([
      ['null', { _id: 'a', n: null }, { inc: { n: 1 }, set: { other: 1 } }],
      ['a string', { _id: 'a', n: '5' }, { inc: { n: 1 }, set: { other: 1 } }],
      ['an object', { _id: 'a', n: {} }, { inc: { n: 1 }, set: { other: 1 } }],
    ])('refuses to increment %s, and changes nothing else either', async (_what, before, change) => {
      const { store } = use();
      const name = await collectionWith(store, before);
      expect(await codeOf(store.update(name, { id: 'a' }, change))).toBe('STORE_REJECTED');
      expect(await store.get(name, 'a')).toEqual(before);
    });

    it('refuses to push to what is no list and to set below what is no object', async () => {
      const { store } = use();
      const before = { _id: 'a', list: 'x', n: 1, nothing: null };
      const name = await collectionWith(store, before);
      expect(await codeOf(store.update(name, { id: 'a' }, { push: { list: 1 } }))).toBe('STORE_REJECTED');
      expect(await codeOf(store.update(name, { id: 'a' }, { set: { 'n.below': 1 } }))).toBe('STORE_REJECTED');
      expect(await codeOf(store.update(name, { id: 'a' }, { set: { 'nothing.below': 1 } }))).toBe('STORE_REJECTED');
      expect(await store.get(name, 'a')).toEqual(before);
    });

    it('pushes one value to the end of a list, also a list or an object, and starts an absent list', async () => {
      const { document } = await updated(
        { _id: 'a', list: [1] },
        { push: { list: [2, 3], fresh: { at: new Date(9), name: '名' } } },
      );
      expect(document).toEqual({ _id: 'a', list: [1, [2, 3]], fresh: [{ at: new Date(9), name: '名' }] });
    });

    it('unsets fields and does not mind absent ones', async () => {
      const { count, document } = await updated({ _id: 'a', n: 1, o: { x: 1, y: 2 } }, { unset: ['n', 'o.x', 'z.z'] });
      expect({ count, document }).toEqual({ count: 1, document: { _id: 'a', o: { y: 2 } } });
    });

    it('sets, increments, pushes and unsets in one change', async () => {
      const { document } = await updated(
        { _id: 'a', n: 1, gone: 1 },
        { set: { s: 'x' }, inc: { n: 1 }, push: { list: 1 }, unset: ['gone'] },
      );
      expect(document).toEqual({ _id: 'a', n: 2, s: 'x', list: [1] });
    });

    it('applies only where every condition holds', async () => {
      const { store } = use();
      const name = await collectionWith(store, { _id: 'a', st: 'open', token: 't1', n: 1 });
      const under = (where: Record<string, string | number>) =>
        store.update(name, { id: 'a', where }, { inc: { n: 1 } });
      expect(await under({ st: 'open', token: 't2' })).toBe(0);
      expect(await under({ st: 'done', token: 't1' })).toBe(0);
      expect(await under({ st: 'open', token: 't1', n: 1 })).toBe(1);
      expect(await under({ st: 'open', token: 't1', n: 1 })).toBe(0);
    });

    it('holds two alternatives of different fields both to be necessary', async () => {
      const { store } = use();
      const name = await collectionWith(store, { _id: 'a', used: 60, today: 1 }, { _id: 'b', today: 1 });
      const where = { used: is.absentOr(is.below(50)), today: is.absentOr(is.below(5)) };
      expect(await store.update(name, { id: 'a', where }, { inc: { n: 1 } })).toBe(0);
      expect(await store.update(name, { id: 'b', where }, { inc: { n: 1 } })).toBe(1);
    });
  });

  describe('updateMany', () => {
    const three = (use: Use) =>
      collectionWith(use().store, { _id: 'a', n: 1 }, { _id: 'b', n: 1, done: true }, { _id: 'c', n: 1 });
    const numbers = async (name: string) =>
      (await use().store.page(name, { limit: 10 })).items.map(({ _id, n }) => `${_id}${String(n)}`);

    it('changes those of the ids that satisfy the condition, no others, and answers how many', async () => {
      const { store } = use();
      const name = await three(use);
      const targets = { ids: ['a', 'b', 'gone'], where: { done: is.absent() } };
      expect(await store.updateMany(name, targets, { set: { n: 2 } })).toBe(1);
      expect(await numbers(name)).toEqual(['a2', 'b1', 'c1']);
      expect(await store.updateMany(name, { ids: ['a', 'b', 'b'] }, { inc: { n: 1 } })).toBe(2);
      expect(await numbers(name)).toEqual(['a3', 'b2', 'c1']);
    });

    it('does not count one that is already as it says', async () => {
      const name = await three(use);
      expect(await use().store.updateMany(name, { ids: ['a', 'b'] }, { set: { done: true } })).toBe(1);
    });

    it('refuses no ids, more than 100, and what is no list, and changes nothing', async () => {
      const { store } = use();
      const name = await three(use);
      const many = Array.from({ length: 101 }, (_, n) => `x${n}`);
      for (const ids of [[], ['a', ...many.slice(1)], 'a', undefined] as unknown as string[][]) {
        expect(await codeOf(store.updateMany(name, { ids }, { set: { n: 9 } }))).toBe('INPUT_INVALID');
      }
      expect(await store.updateMany(name, { ids: [...many.slice(2), 'a'] }, { set: { n: 2 } })).toBe(1);
      expect(await numbers(name)).toEqual(['a2', 'b1', 'c1']);
    });
  });

  describe('the opening of a costly call', () => {
    const DAY = '20261122';
    const opening = (number: number, limit = 50) => {
      const id = `w_${number}`;
      const hold: Hold = {
        st: 'open',
        price: 1,
        day: DAY,
        token: `t${number}`,
        attempt: 1,
        until: 1,
        hash: 'h',
        at: 0,
      };
      const path = `quota.used.d${DAY}`;
      const eligible = { [path]: is.absentOr(is.below(limit)), credits: is.atLeast(1) };
      return { id, hold, ...planOpen({ id, hold, seen: undefined, eligible, take: { [path]: 1, credits: -1 } }) };
    };

    it('takes quota and credit and writes the hold, once for one id', async () => {
      const { store } = use();
      const name = await collectionWith(store, { _id: 'u1', credits: 20, generateCount: 0 });
      const { id, hold, where, change } = opening(1);
      expect(await store.update(name, { id: 'u1', where }, change)).toBe(1);
      expect(await store.update(name, { id: 'u1', where }, change)).toBe(0);
      expect(await store.get(name, 'u1')).toEqual({
        _id: 'u1',
        credits: 19,
        generateCount: 0,
        quota: { used: { [`d${DAY}`]: 1 }, open: 1, seq: 1, holds: { [id]: hold } },
      });
    });

    it('lets exactly 3 of 50 simultaneous openings through where 3 are left', async () => {
      const { store } = use();
      const name = await collectionWith(store, { _id: 'u1', credits: 100, quota: { used: { [`d${DAY}`]: 47 } } });
      const tries = Array.from({ length: 50 }, (_, number) => {
        const { where, change } = opening(number);
        return store.update(name, { id: 'u1', where }, change);
      });
      const answers = await Promise.all(tries);
      const user = await store.get(name, 'u1');
      expect(answers.filter((count) => count === 1)).toHaveLength(3);
      expect(user).toMatchObject({ credits: 97, quota: { open: 3, used: { [`d${DAY}`]: 50 } } });
    });
  });
}
