import { describe, expect, it } from 'vitest';
import { requeueLetters } from '../../src/durable/index.ts';
import type { Document } from '../../src/store/index.ts';
import { createScene, letterOf, work } from './redrive-scene.ts';

const failed = { redriveFailures: 5, redriveFailedAt: new Date(1), redriveError: '[LETTER_INVALID] planned' };
const setAside = (number: number): Document => ({ ...letterOf(work(number)), ...failed, state: 'quarantined' });
const many = (count: number) => Array.from({ length: count }, (_, number) => setAside(number));

async function createRequeueScene(letters: readonly Document[], latencyMs = 0) {
  const scene = await createScene(letters, { latencyMs });
  const requeue = (letterId?: string, timeMs = 60_000) =>
    scene.clock.until(
      requeueLetters(scene.store, { deadLetters: 'emergency_backup', letterId, deadline: scene.within(timeMs) }),
    );
  return { ...scene, requeue };
}

describe('letters that were set aside', () => {
  it('wait again as if they had never failed, and the others stay as they are', async () => {
    const closed = { ...letterOf(work(8)), state: 'superseded' };
    const troubled = { ...letterOf(work(9)), redriveFailures: 2 };
    const { requeue, memory, redrive } = await createRequeueScene([setAside(1), closed, troubled]);
    expect(await requeue()).toEqual({ count: 1, isWhole: true });
    expect(memory.dump('emergency_backup')).toEqual([letterOf(work(1)), closed, troubled]);
    expect(await redrive()).toMatchObject({ done: 2, failed: [] });
    expect(await requeue()).toEqual({ count: 0, isWhole: true });
  });

  it('may be put back one alone', async () => {
    const { requeue, states } = await createRequeueScene(many(3));
    expect(await requeue('w_0001_1')).toEqual({ count: 1, isWhole: true });
    expect(states()).toEqual(['w_0000_1 quarantined', 'w_0001_1 waiting', 'w_0002_1 quarantined']);
    expect(await requeue('w_0009_1')).toEqual({ count: 0, isWhole: true });
  });

  it('are put back all, a hundred at a time, without reading their records', async () => {
    const { requeue, states, store } = await createRequeueScene(many(250));
    expect(await requeue()).toEqual({ count: 250, isWhole: true });
    expect(states().every((state) => state.endsWith('waiting'))).toBe(true);
    expect(store.names()).toEqual([1, 2, 3].flatMap(() => ['page emergency_backup', 'updateMany emergency_backup']));
  });

  it('are put back by the next run where the time was over', async () => {
    const { requeue, store } = await createRequeueScene(many(250), 200);
    const first = await requeue(undefined, 1_000);
    expect(first).toEqual({ count: 200, isWhole: false });
    expect(store.statements.every(({ call }) => call.deadline !== undefined)).toBe(true);
    expect(await requeue(undefined, 499)).toEqual({ count: 0, isWhole: false });
    expect(await requeue(undefined, 500)).toEqual({ count: 50, isWhole: true });
  });

  it('are not taken from somebody who dealt with them since they were read', async () => {
    const { requeue, memory, store, states } = await createRequeueScene([setAside(1), setAside(2)]);
    const { updateMany } = store;
    store.updateMany = async (...request) => {
      await memory.update('emergency_backup', { id: 'w_0001_1' }, { set: { state: 'superseded' } });
      return updateMany(...request);
    };
    expect(await requeue()).toEqual({ count: 1, isWhole: true });
    expect(states()).toEqual(['w_0001_1 superseded', 'w_0002_1 waiting']);
  });
});
