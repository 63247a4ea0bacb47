import { describe, expect, test } from 'vitest';
import { recordId } from '../../src/core/index.ts';
import type { Provider, ProviderResult } from '../../src/generation/index.ts';
import { testHash } from '../support/ports.ts';
import { createScriptedProvider, paintedPicture, type TaskState } from '../support/scripted-provider.ts';
import { codeOf, createRoom, OPENID } from './room-scene.ts';

const ID = recordId(testHash, OPENID, 'r1');

describe('a service that takes orders as tasks', () => {
  /** A service that answers these to the first questions, and then shows the picture. */
  function paintingAfter(...answers: readonly TaskState[]): Provider {
    const provider = createScriptedProvider();
    return {
      ...provider,
      async ask(taskId, deadline) {
        provider.say(answers[provider.questions.length] ?? paintedPicture);
        return provider.ask?.(taskId, deadline) as Promise<ProviderResult>;
      },
    };
  }

  test('is asked every second until the picture is there', async () => {
    const room = createRoom({ provider: paintingAfter({ status: 'running' }, { status: 'running' }) });
    const startedAtMs = room.clock.now();
    const { work } = await room.generate('r1');
    expect(work).toMatchObject({ status: 'completed', finishedAt: new Date(startedAtMs + 3_000) });
    expect(room.anna()).toMatchObject({ credits: 4, quota: { holds: { [ID]: { taskId: 'task-1', st: 'done' } } } });
  });

  test('is asked no further once it says that there is no picture', async () => {
    const provider = createScriptedProvider();
    provider.say({ status: 'failed', message: '生成失败' });
    const room = createRoom({ provider });
    await room.generate('r1');
    expect(provider.questions).toHaveLength(1);
    expect(room.work()).toMatchObject({ status: 'failed', errorMessage: '生成失败' });
  });

  test('is asked again where an answer was unclear', async () => {
    const room = createRoom({ provider: paintingAfter({ status: 'unknown', message: 'HTTP 503' }) });
    expect((await room.generate('r1')).work).toMatchObject({ status: 'completed' });
  });

  test('is not said to be unclear where its last answer was clear', async () => {
    const clear = Array<TaskState>(20).fill({ status: 'running' });
    const room = createRoom({ provider: paintingAfter({ status: 'unknown', message: 'HTTP 503' }, ...clear) });
    expect(await codeOf(room.generate('r1', {}, 20_000))).toBe('ONCE_UNKNOWN');
    expect(room.work()).toMatchObject({ errorMessage: expect.stringContaining('still running') });
  });

  test.each([
    ['still running', { status: 'running' }, 'the task was still running when time was up'],
    ['unclear', { status: 'unknown', message: 'HTTP 503', httpStatus: 503 }, 'HTTP 503'],
  ] as const)(
    'leaves an unknown record where it is %s when time is up, with time to store it',
    async (_what, state, words) => {
      const provider = createScriptedProvider();
      provider.say(state);
      const room = createRoom({ provider });
      const startedAtMs = room.clock.now();
      expect(await codeOf(room.generate('r1', {}, 20_000))).toBe('ONCE_UNKNOWN');
      expect(room.work()).toMatchObject({ status: 'unknown', errorMessage: expect.stringContaining(words) });
      // Of 20 s, 8 are kept for recording; of the other 12, the share for copying; and no question that has no second.
      expect(provider.questions).toHaveLength(8);
      expect(room.clock.now() - startedAtMs).toBeLessThan(12_000);
    },
  );

  test('is not asked once less than a second is left', async () => {
    const provider = createScriptedProvider();
    const room = createRoom({ provider });
    // Of 48 s, 40 are for paying, and 12 of these for copying: at 27 s the last second has begun.
    expect(await codeOf(room.generate('r1', {}, 48_000))).toBe('ONCE_UNKNOWN');
    expect(provider.questions).toHaveLength(27);
  });

  test('is told apart in the log by why there is no picture', async () => {
    const reasons = [{ status: 'running' }, { status: 'unknown', message: 'HTTP 503', httpStatus: 503 }] as const;
    const told = [];
    for (const state of reasons) {
      const provider = createScriptedProvider();
      provider.say(state);
      const room = createRoom({ provider });
      await codeOf(room.generate('r1', {}, 20_000));
      told.push(...room.log.lines.filter(({ event }) => event === 'generation.no-picture').map(({ fields }) => fields));
    }
    expect(told).toMatchObject([
      { outcome: 'unknown', cause: 'running' },
      { outcome: 'unknown', httpStatus: 503 },
    ]);
  });

  test('leaves an unknown record where it cannot be asked at all', async () => {
    const { ask: _ask, ...provider } = createScriptedProvider();
    const room = createRoom({ provider });
    expect(await codeOf(room.generate('r1', {}, 20_000))).toBe('ONCE_UNKNOWN');
    await room.clock.advance(120_000);
    expect(await room.recover()).toMatchObject({ phases: { holds: { done: 0, skipped: 1, failed: [] } } });
    expect(room.work()).toMatchObject({ status: 'unknown' });
  });

  test('has its picture fetched by recovery, once the lease is over', async () => {
    const provider = createScriptedProvider();
    const room = createRoom({ provider });
    expect(await codeOf(room.generate('r1', {}, 20_000))).toBe('ONCE_UNKNOWN');
    await room.clock.advance(120_000);
    expect(await room.recover()).toMatchObject({ phases: { holds: { done: 0, skipped: 1, failed: [] } } });
    provider.say(paintedPicture);
    expect(await room.recover()).toMatchObject({ phases: { holds: { done: 1, skipped: 0, failed: [] } } });
    expect(room.work()).toMatchObject({ status: 'completed', isRecovered: true, asset: { state: 'copied' } });
    expect(room.anna()).toMatchObject({ credits: 4, generateCount: 1, quota: { open: 0 } });
    expect(provider.orders).toHaveLength(1);
  });

  test('still has a picture that could not be stored: the call stays unknown, and recovery gets it', async () => {
    const provider = createScriptedProvider();
    provider.say(paintedPicture);
    const room = createRoom({ provider, blobFates: { put: { always: 'STORE_UNAVAILABLE' } } });
    expect(await codeOf(room.generate('r1'))).toBe('ONCE_UNKNOWN');
    room.blobs.plan({});
    await room.clock.advance(120_000);
    await room.recover();
    expect(room.work()).toMatchObject({ status: 'completed', asset: { state: 'copied' } });
  });
});

describe('a task of a service that was used before', () => {
  /** Leaves a task with the first service, and recovers with these. */
  async function leaveTask(provider: Provider | null, earlierProviders: readonly Provider[]) {
    const first = createScriptedProvider();
    const before = createRoom({ provider: first });
    expect(await codeOf(before.generate('r1', {}, 20_000))).toBe('ONCE_UNKNOWN');
    const after = createRoom({ provider, earlierProviders });
    await after.clock.advance(180_000);
    for (const name of ['users', 'works']) await after.add(name, ...before.memory.dump(name));
    return after;
  }

  test('is still asked for there, and not at the new one', async () => {
    const former = createScriptedProvider();
    former.say(paintedPicture);
    const fresh = { ...createScriptedProvider(), name: 'fresh' };
    const room = await leaveTask(fresh, [former]);
    await room.recover();
    expect(former.questions).toEqual(['task-1']);
    expect(fresh.questions).toEqual([]);
    expect(room.work()).toMatchObject({ status: 'completed' });
  });

  test('is asked for there also where nothing is configured now', async () => {
    const former = createScriptedProvider();
    former.say(paintedPicture);
    const room = await leaveTask(null, [former]);
    await room.recover();
    expect(room.work()).toMatchObject({ status: 'completed' });
  });

  test('keeps a picture that could not be stored when recovery asked: it asks again', async () => {
    const former = createScriptedProvider();
    former.say(paintedPicture);
    const room = await leaveTask(null, [former]);
    room.blobs.plan({ put: { always: 'STORE_QUOTA' } });
    await room.recover();
    expect(room.work()).toMatchObject({ status: 'unknown' });
    room.blobs.plan({});
    await room.recover();
    expect(room.work()).toMatchObject({ status: 'completed', asset: { state: 'copied' } });
  });

  test('stays unknown where that service is not configured any more, and the log says which one it was', async () => {
    const fresh = { ...createScriptedProvider(), name: 'fresh' };
    const room = await leaveTask(fresh, []);
    await room.recover();
    expect(fresh.questions).toEqual([]);
    expect(room.work()).toMatchObject({ status: 'unknown' });
    expect(room.log.lines).toContainEqual({
      level: 'warn',
      event: 'generation.provider-gone',
      fields: { recordId: ID, provider: 'scripted' },
    });
  });
});
