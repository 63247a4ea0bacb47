import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { is, type Document, type PageRequest } from '../../src/store/index.ts';
import { codeOf, collectionWith, idsOf, walk, type Use } from './subject.ts';

const moment = (number: number): Date => new Date(Date.UTC(2026, 10, 22) + number * 1_000);

/** A walk reaches every document once, whatever the size of its pages. */
export function describePages(use: Use): void {
  describe('page', () => {
    it('walks in the order of the ids, both ways', async () => {
      const { store } = use();
      const name = await collectionWith(store, { _id: 'b' }, { _id: 'c' }, { _id: 'a' }, { _id: 'A' }, { _id: '名' });
      expect(idsOf((await walk(store, name, { limit: 2 })).items)).toEqual(['A', 'a', 'b', 'c', '名']);
      expect(idsOf((await walk(store, name, { limit: 2, direction: 'desc' })).items)).toEqual([
        '名',
        'c',
        'b',
        'a',
        'A',
      ]);
    });

    it('orders documents of one moment by their ids, and those without one as the oldest', async () => {
      const { store } = use();
      const name = await collectionWith(
        store,
        { _id: 'b', createdAt: moment(1) },
        { _id: 'd', createdAt: moment(2) },
        { _id: 'a', createdAt: moment(1) },
        { _id: 'n', createdAt: null },
        { _id: 'c', createdAt: moment(1) },
        { _id: 'm' },
      );
      for (const limit of [1, 2, 3, 4, 5, 6, 7]) {
        const newestFirst = await walk(store, name, { orderBy: 'createdAt', direction: 'desc', limit });
        expect(idsOf(newestFirst.items)).toEqual(['d', 'c', 'b', 'a', 'n', 'm']);
        const oldestFirst = await walk(store, name, { orderBy: 'createdAt', limit });
        expect(idsOf(oldestFirst.items)).toEqual(['m', 'n', 'a', 'b', 'c', 'd']);
      }
    });

    it('reaches the same documents in the same order with pages of any size', async () => {
      const { store } = use();
      const documents = Array.from({ length: 70 }, (_, number): Document => {
        const at = number % 9 === 0 ? {} : { createdAt: moment(number % 7) };
        return { _id: `d${number}`, ...at, deep: { rank: number % 5 }, odd: number % 2 === 1, title: `t${number % 4}` };
      });
      const name = await collectionWith(store, ...documents);
      const orders = fc.record<PageRequest>({
        limit: fc.integer({ min: 1, max: 80 }),
        orderBy: fc.constantFrom('_id', 'createdAt', 'deep.rank', 'title'),
        direction: fc.constantFrom('asc', 'desc'),
        where: fc.constantFrom({}, { odd: true }, { createdAt: is.absentOr(is.above(moment(2))) }),
      });
      await fc.assert(
        fc.asyncProperty(orders, async (request) => {
          const inOne = await store.page(name, { ...request, limit: 1_000 });
          const inParts = await walk(store, name, request);
          expect(idsOf(inParts.items)).toEqual(idsOf(inOne.items));
          expect(inOne.items.length).toBeGreaterThan(30);
        }),
        { numRuns: 40 },
      );
    });

    it('has a next after every full page and none after a short one', async () => {
      const { store } = use();
      const name = await collectionWith(store, { _id: 'a' }, { _id: 'b' }, { _id: 'c' }, { _id: 'd' });
      expect((await walk(store, name, { limit: 2 })).sizes).toEqual([2, 2, 0]);
      expect((await walk(store, name, { limit: 3 })).sizes).toEqual([3, 1]);
      expect(await store.page(name, { limit: 5 })).not.toHaveProperty('next');
    });

    it('visits every document once that was there before the walk, while others come and go', async () => {
      const { store } = use();
      const old = Array.from({ length: 12 }, (_, number) => ({ _id: `m${number + 10}`, createdAt: moment(1) }));
      const name = await collectionWith(store, ...old);
      const visited: string[] = [];
      let after: PageRequest['after'];
      for (let number = 0; ; number += 1) {
        const page = await store.page(name, { orderBy: 'createdAt', direction: 'desc', limit: 3, after });
        visited.push(...idsOf(page.items));
        await store.insert(name, { _id: `new${number}`, createdAt: moment(2 + number) });
        // The document that the walk stands on may be gone when it goes on.
        if (page.next) await store.remove(name, { id: page.next.id });
        else break;
        after = page.next;
      }
      expect([...visited].sort()).toEqual(idsOf(old));
    });

    it('gives only the chosen fields, by their paths, with the id and the ordering field', async () => {
      const { store } = use();
      const quota = { used: { d1: 1, d2: 2 }, open: 1 };
      const name = await collectionWith(
        store,
        { _id: 'a', quota, createdAt: moment(1), prompt: 'secret' },
        { _id: 'b' },
      );
      const fields = ['quota.used.d1', 'quota.open'];
      expect((await store.page(name, { limit: 9, fields })).items).toEqual([
        { _id: 'a', quota: { used: { d1: 1 }, open: 1 } },
        expect.objectContaining({ _id: 'b' }),
      ]);
      const byMoment = await walk(store, name, {
        limit: 1,
        fields: ['prompt'],
        orderBy: 'createdAt',
        direction: 'desc',
      });
      expect(byMoment.items).toEqual([{ _id: 'a', prompt: 'secret', createdAt: moment(1) }, { _id: 'b' }]);
    });

    it('refuses a page of no documents, and an order, field or start that is not plain', async () => {
      const { store } = use();
      const name = await collectionWith(store, { _id: 'a' });
      const bad: readonly PageRequest[] = [
        { limit: 0 },
        { limit: -1 },
        { limit: 1.5 },
        { limit: Number.NaN },
        { limit: 1, orderBy: '$natural' },
        { limit: 1, fields: ['list.$'] },
        { limit: 1, after: { id: { $gt: '' } as unknown as string } },
        { limit: 1, after: { id: 'a', value: { $gt: '' } as unknown as string }, orderBy: 'createdAt' },
      ];
      for (const request of bad) expect(await codeOf(store.page(name, request))).toBe('INPUT_INVALID');
      expect(await codeOf(store.page(name, { limit: 1 }))).toBe('no error');
    });
  });

  describe('more documents than one page can hold', () => {
    it('are all reached and counted, and more groups than 1,000 are refused instead of cut', async () => {
      const { store } = use();
      const many = Array.from({ length: 1_050 }, (_, number) => ({
        _id: `d${number + 1_000}`,
        own: number,
        few: number % 3,
      }));
      const name = await collectionWith(store, ...many);
      const large = await walk(store, name, { limit: 5_000 });
      const default100 = await walk(store, name, { limit: 101 });
      expect(large.sizes).toEqual([1_000, 50]);
      expect(idsOf(large.items)).toEqual(idsOf(many));
      expect(idsOf(default100.items)).toEqual(idsOf(many));
      expect(await store.count(name, {})).toBe(1_050);
      expect(await codeOf(store.group(name, { by: 'own' }))).toBe('STORE_TOO_LARGE');
      expect(await codeOf(store.group(name, { by: 'own', where: { own: is.below(1_000) } }))).toBe('no error');
      expect(await store.group(name, { by: 'few' })).toHaveLength(3);
    });
  });

  describe('group', () => {
    it('counts by the values of a field, with those that lack it under null', async () => {
      const { store } = use();
      const name = await collectionWith(
        store,
        { _id: 'a', o: { user: 'u1' }, done: true },
        { _id: 'b', o: { user: 'u1' }, done: true },
        { _id: 'c', o: { user: 'u2' }, done: false },
        { _id: 'd', o: { user: null }, done: true },
        { _id: 'e', done: true },
      );
      const sorted = async (request: Parameters<typeof store.group>[1]) =>
        [...(await store.group(name, request))].sort((a, b) => String(a.key).localeCompare(String(b.key)));
      expect(await sorted({ by: 'o.user' })).toEqual([
        { key: null, count: 2 },
        { key: 'u1', count: 2 },
        { key: 'u2', count: 1 },
      ]);
      const where = { done: true, 'o.user': is.absentOr(is.not('u2')), z: is.absentOr(is.above(1)) };
      expect(await sorted({ by: 'o.user', where })).toEqual([
        { key: null, count: 2 },
        { key: 'u1', count: 2 },
      ]);
      expect(await store.group(name, { by: 'o.user', where: { done: 'true' } })).toEqual([]);
    });

    it('refuses a path that is an expression', async () => {
      const { store } = use();
      const name = await collectionWith(store, { _id: 'a' });
      for (const by of ['$ROOT', '$NOW', 'a.$b', ''])
        expect(await codeOf(store.group(name, { by }))).toBe('INPUT_INVALID');
    });
  });

  describe('twins', () => {
    it('are the sets of two or more that agree in every field, each with its first id', async () => {
      const { store } = use();
      const name = await collectionWith(
        store,
        { _id: 'd', user: 'u1', o: { n: 1 }, done: true },
        { _id: 'b', user: 'u1', o: { n: 1 }, done: true },
        { _id: 'c', user: 'u1', o: { n: 2 }, done: true },
        { _id: 'a', user: 'u1', o: { n: '1' }, done: true },
        { _id: 'g', user: 'u2', o: { n: 1 }, done: true },
        { _id: 'f', user: 'u2', o: { n: 1 }, done: true },
        { _id: 'e', user: 'u2', o: { n: 1 }, done: false },
        { _id: 'y', o: { n: moment(1) } },
        { _id: 'x', o: { n: moment(1) } },
        { _id: 'z', o: { n: moment(2) } },
      );
      const by = ['user', 'o.n'];
      expect(await store.twins(name, { by })).toEqual([
        { count: 2, firstId: 'b' },
        { count: 3, firstId: 'e' },
        { count: 2, firstId: 'x' },
      ]);
      expect(await store.twins(name, { by, where: { user: is.oneOf(['u2', 'u3']), done: true } })).toEqual([
        { count: 2, firstId: 'f' },
      ]);
      expect(await store.twins(name, { by, where: { user: 'u3' } })).toEqual([]);
      expect((await store.twins(name, { by: ['user'] })).map(({ count }) => count)).toEqual([4, 3, 3]);
    });

    it('are refused where more than 1,000 sets would have to be told, or by what is no field', async () => {
      const { store } = use();
      const many = Array.from({ length: 2_002 }, (_, number) => ({ _id: `d${number}`, n: Math.floor(number / 2) }));
      const name = await collectionWith(store, ...many);
      expect(await codeOf(store.twins(name, { by: ['n'] }))).toBe('STORE_TOO_LARGE');
      expect(await store.twins(name, { by: ['n'], where: { n: is.below(1_000) } })).toHaveLength(1_000);
      for (const by of [[], ['$ROOT'], ['n', 'a.$b'], ['']])
        expect(await codeOf(store.twins(name, { by }))).toBe('INPUT_INVALID');
    });
  });
}
