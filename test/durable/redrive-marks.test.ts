import { describe, expect, it } from 'vitest';
import type { ReadLetter } from '../../src/durable/index.ts';
import type { Document } from '../../src/store/index.ts';
import { createScene, letterOf, work } from './redrive-scene.ts';

const deletedAt = new Date(77);
const superseding = { judging: async () => async () => 'superseded' as const };
const counted = (names: readonly string[], what: string): number => names.filter((name) => name === what).length;

describe('a letter that was deleted before it was read', () => {
  it.each([
    ['its moment', deletedAt],
    ['its moment as an import has it', '2026-01-02T03:04:05.000Z'],
  ])('takes its record home deleted, with %s', async (_what, moment) => {
    const { redrive, memory, states, store } = await createScene([{ ...letterOf(work(1)), deletedAt: moment }]);
    expect(await redrive()).toMatchObject({ done: 1, failed: [] });
    expect(memory.dump('works')).toEqual([{ ...work(1), deletedAt: moment }]);
    expect(states()).toEqual(['w_0001_1 redriven']);
    expect(counted(store.names(), 'update works')).toBe(1);
  });

  it('needs no statement more where its record was stored as deleted', async () => {
    const { redrive, within, memory, states, store } = await createScene([{ ...letterOf(work(1)), deletedAt }]);
    const judging = async () => async (letter: ReadLetter) => ({
      ...{ collection: letter.collection, record: { ...letter.payload, deletedAt } },
    });
    expect(await redrive(within(60_000), { judging })).toMatchObject({ done: 1, failed: [] });
    expect(memory.dump('works')).toEqual([{ ...work(1), deletedAt }]);
    expect(states()).toEqual(['w_0001_1 redriven']);
    expect(counted(store.names(), 'update works')).toBe(0);
  });

  it('leaves the moment alone at which its record was deleted already', async () => {
    const { redrive, memory } = await createScene([{ ...letterOf(work(1)), deletedAt }]);
    await memory.insert('works', { ...work(1), deletedAt: new Date(5) });
    expect(await redrive()).toMatchObject({ done: 1 });
    expect(memory.dump('works')).toMatchObject([{ deletedAt: new Date(5) }]);
  });

  it('is marked alone, and the others together', async () => {
    const letters = [letterOf(work(1)), { ...letterOf(work(2)), deletedAt }, letterOf(work(3))];
    const { redrive, store, states } = await createScene(letters);
    expect(await redrive()).toMatchObject({ done: 3, failed: [] });
    expect(states().every((state) => state.endsWith('redriven'))).toBe(true);
    expect(counted(store.names(), 'updateMany emergency_backup')).toBe(1);
    expect(counted(store.names(), 'update emergency_backup')).toBe(1);
  });

  it('is left to the run that marked it meanwhile', async () => {
    const { redrive, store, memory } = await createScene([{ ...letterOf(work(1)), deletedAt }]);
    await memory.insert('works', work(1));
    const { update } = store;
    store.update = async (name, ...rest) => {
      const marked = { state: 'redriven', recoveredAt: new Date(9) };
      if (name === 'emergency_backup') await memory.update(name, { id: 'w_0001_1' }, { set: marked });
      return update(name, ...rest);
    };
    expect(await redrive()).toMatchObject({ done: 1, failed: [] });
    expect(counted(store.names(), 'update works')).toBe(1);
    expect(counted(store.names(), 'update emergency_backup')).toBe(1);
    expect(memory.dump('emergency_backup')).toMatchObject([{ recoveredAt: new Date(9) }]);
  });
});

describe('a letter that has something else than a moment where its deletion would stand', () => {
  it('is not deleted, and marked', async () => {
    const { redrive, memory, states } = await createScene([{ ...letterOf(work(1)), deletedAt: 7 }]);
    expect(await redrive()).toMatchObject({ done: 1, failed: [] });
    expect(memory.dump('works')).toEqual([work(1)]);
    expect(states()).toEqual(['w_0001_1 redriven']);
  });
});

describe('letters of one fate', () => {
  it('are marked a hundred at a time', async () => {
    const letters = Array.from({ length: 119 }, (_, number) => letterOf(work(number)));
    const { redrive, within, store, states } = await createScene(letters);
    expect(await redrive(within(60_000), superseding)).toMatchObject({ done: 119, failed: [] });
    expect(states().every((state) => state.endsWith('superseded'))).toBe(true);
    expect(store.names()).toEqual([
      'page emergency_backup',
      'updateMany emergency_backup',
      'updateMany emergency_backup',
    ]);
  });

  it('whose mark did not reach all of them are looked at each alone, and no record is touched for that', async () => {
    const { redrive, within, store } = await createScene([letterOf(work(1)), letterOf(work(2))], {
      fates: { 'updateMany emergency_backup': ['STORE_UNCERTAIN'] },
    });
    expect(await redrive(within(60_000), superseding)).toMatchObject({ done: 2 });
    expect(store.names()).toEqual([
      ...['page emergency_backup', 'updateMany emergency_backup'],
      ...['update emergency_backup', 'update emergency_backup'],
    ]);
  });

  it('have half a second more to be marked in, and every statement has an end', async () => {
    const letters: readonly Document[] = [letterOf(work(1)), { ...letterOf(work(2)), deletedAt }];
    const { redrive, within, store, memory } = await createScene(letters);
    await memory.insert('works', work(2));
    const { update } = store;
    store.update = async (name, target, change, call) => {
      if (name === 'emergency_backup') await memory.update(name, { id: target.id }, { set: { state: 'redriven' } });
      return update(name, target, change, call);
    };
    const deadline = within(30_000);
    await redrive(deadline);
    const ends = store.statements.map(({ name, call }) => [name, Number(call.deadline?.atMs) - deadline.atMs] as const);
    const kinds = Object.fromEntries(ends);
    expect(kinds).toEqual({
      ...{ 'page emergency_backup': 0, 'insert works': 0, 'get works': 0, 'page works': 0 },
      ...{ 'updateMany emergency_backup': 500, 'update emergency_backup': 500, 'get emergency_backup': 500 },
      'update works': 500,
    });
  });
});
