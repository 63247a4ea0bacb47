import { describe, expect, test } from 'vitest';
import { recordId, userId } from '../../src/core/index.ts';
import type { Moderate, Provider, ProviderResult } from '../../src/generation/index.ts';
import { testHash } from '../support/ports.ts';
import { createPainter, paintedPicture } from '../support/scripted-provider.ts';
import { codeOf, createRoom, OPENID, PNG } from './room-scene.ts';

const ID = recordId(testHash, OPENID, 'r1');
const URL = 'https://pictures.example/1.png';

/** A service that answers this to every order, and keeps its pictures for so long. */
const answering = (result: ProviderResult, keepsPicturesMs?: number): Provider => ({
  name: 'answering',
  ...(keepsPicturesMs === undefined ? {} : { keepsPicturesMs }),
  submit: async () => result,
});

describe('a picture that is made', () => {
  test('leaves one whole record, its file, and an account that paid for it', async () => {
    const room = createRoom();
    const { clock } = room;
    const wish = { character: '小女孩', emotion: '微笑' };
    const { work, ...rest } = await room.generate('r1', wish);
    expect(rest).toEqual({
      savedIn: 'works',
      replayed: false,
      remainingCredits: 4,
      dailyUsage: { used: 1, limit: 50, remaining: 49 },
    });
    const now = new Date(clock.now());
    const record = {
      ...{ _id: ID, id: ID, userId: userId(testHash, OPENID), openid: OPENID, title: '可爱的小猫' },
      ...{ prompt: 'cartoon style, 可爱的小猫, high quality', originalPrompt: '可爱的小猫', style: 'cartoon' },
      enhancedPrompt: 'cartoon style, 小女孩, 可爱的小猫, 微笑 expression, single picture, high quality, detailed',
      ...{ ...wish, mode: 'single', status: 'completed', errorMessage: '', errorCode: null },
      ...{ createdAt: now, finishedAt: now, requestId: 'r1', provider: 'painter', day: '20261122', price: 1 },
      ...{ attempt: 1, schemaVersion: 1, saveAttempts: 1, saveMs: 0 },
      imageUrl: `memory://blobs/wx-durable/pictures/${ID}_1.png`,
      token: expect.any(String),
      hash: expect.stringMatching(/^[0-9a-f]{32}$/),
      asset: {
        ...{ state: 'copied', sourceUrl: null, bytes: PNG.length, contentType: 'image/png', error: null },
        fileId: `memory://blobs/wx-durable/pictures/${ID}_1.png`,
      },
    };
    expect(room.work()).toEqual(record);
    expect(work).toEqual(record);
    expect(room.anna()).toMatchObject({ credits: 4, generateCount: 1, vipLevel: 0, createdAt: now });
    expect(room.anna()).toMatchObject({ quota: { open: 0, used: { d20261122: 1 }, holds: { [ID]: { st: 'done' } } } });
  });

  test('is the same picture for the same request, and costs nothing again', async () => {
    const provider = createPainter();
    const room = createRoom({ provider });
    await room.generate('r1');
    const again = await room.generate('r1');
    expect(again).toMatchObject({ replayed: true, remainingCredits: 4, dailyUsage: { used: 1 }, work: { _id: ID } });
    expect(provider.orders).toEqual([`${ID}_1`]);
  });

  test.each([
    ['prompt', { prompt: '小狗' }],
    ['character', { character: '小女孩' }],
    ['style', { style: 'ink' }],
    ['emotion', { emotion: '微笑' }],
    ['mode', { mode: 'four' }],
  ])('is not answered for another %s under the same request', async (_field, wish) => {
    const room = createRoom();
    await room.generate('r1');
    expect(await codeOf(room.generate('r1', wish))).toBe('IDEMPOTENCY_MISMATCH');
  });

  test('is shown from the service where it could not be copied, and kept in mind for later', async () => {
    const room = createRoom({ provider: answering({ status: 'completed', picture: { url: URL } }, 7_200_000) });
    const { work } = await room.generate('r1');
    const nowMs = room.clock.now();
    expect(work).toMatchObject({ status: 'completed', imageUrl: URL, finishedAt: new Date(nowMs) });
    expect(work.asset).toEqual({
      ...{ state: 'pending', fileId: null, sourceUrl: URL, bytes: null, contentType: null, error: 'ASSET_UNAVAILABLE' },
      retry: { tries: 1, refusals: 0, nextAtMs: nowMs + 5 * 60_000, expiresAtMs: nowMs + 7_200_000 },
    });
  });

  test('is thought to be kept for an hour by a service that does not say', async () => {
    const room = createRoom({ provider: answering({ status: 'completed', picture: { url: URL } }) });
    const { work } = await room.generate('r1');
    expect(work.asset?.retry?.expiresAtMs).toBe(room.clock.now() + 3_600_000);
  });

  test('costs an admin no credit, and counts', async () => {
    const room = createRoom();
    await room.add('users', { _id: 'u_admin', openid: OPENID, credits: 3, generateCount: 7, role: 'admin' });
    expect(await room.generate('r1')).toMatchObject({
      remainingCredits: 3,
      dailyUsage: { used: 1, limit: 1_000, remaining: 999 },
      work: { price: 0, userId: 'u_admin' },
    });
    expect(room.anna()).toMatchObject({ credits: 3, generateCount: 8 });
  });
});

describe('a picture that is not made', () => {
  test('leaves a failed record with the reason of the service, and everything is given back', async () => {
    const trouble = { message: '内容不合规', httpStatus: 400, cause: 'DataInspectionFailed' };
    const room = createRoom({ provider: answering({ status: 'failed', ...trouble }) });
    const answer = await room.generate('r1');
    expect(answer).toMatchObject({ savedIn: 'works', remainingCredits: 5, dailyUsage: { used: 0, remaining: 50 } });
    expect(room.work()).toMatchObject({
      ...{ status: 'failed', errorMessage: '内容不合规', errorCode: 'PROVIDER_FAILED', imageUrl: '', asset: null },
      finishedAt: new Date(room.clock.now()),
    });
    expect(room.anna()).toMatchObject({ credits: 5, generateCount: 0, quota: { open: 0, used: { d20261122: 0 } } });
    expect(room.log.lines.filter(({ event }) => event === 'generation.no-picture')).toEqual([
      {
        level: 'warn',
        event: 'generation.no-picture',
        fields: {
          ...{ recordId: ID, provider: 'answering', outcome: 'failed' },
          ...{ httpStatus: 400, cause: 'DataInspectionFailed' },
        },
      },
    ]);
  });

  test('is unknown where nobody can tell, is not paid again by itself, and the record says so', async () => {
    const room = createRoom({ provider: answering({ status: 'unknown', message: 'HTTP 502', httpStatus: 502 }) });
    const refused = room.generate('r1');
    expect(await refused.catch((error: unknown) => error)).toMatchObject({
      code: 'ONCE_UNKNOWN',
      details: { recordId: ID },
    });
    expect(room.work()).toMatchObject({
      ...{ status: 'unknown', errorCode: 'PROVIDER_UNCERTAIN', finishedAt: null, imageUrl: '', asset: null },
      errorMessage: expect.stringContaining('HTTP 502'),
    });
    expect(room.anna()).toMatchObject({ credits: 4, generateCount: 0, quota: { open: 1 } });
  });

  test('fails where the service sent something else than a picture', async () => {
    const noPicture = new TextEncoder().encode('<html>expired</html>');
    const room = createRoom({ provider: answering({ status: 'completed', picture: { bytes: noPicture } }) });
    await room.generate('r1');
    expect(room.work()).toMatchObject({ status: 'failed', errorMessage: '图片服务返回的内容不是图片' });
    expect(room.anna()).toMatchObject({ credits: 5 });
  });

  test('fails where its bytes could not be stored, since nobody has them any more', async () => {
    const room = createRoom({ blobFates: { put: { always: 'STORE_QUOTA' } } });
    await room.generate('r1');
    expect(room.work()).toMatchObject({ status: 'failed', errorMessage: '图片无法保存' });
    expect(room.anna()).toMatchObject({ credits: 5, generateCount: 0 });
  });

  test('takes a credit only once where it is ordered again on the person’s own wish', async () => {
    let result: ProviderResult = { status: 'unknown', message: 'HTTP 502' };
    const room = createRoom({ provider: { name: 'changing', submit: async () => result } });
    expect(await codeOf(room.generate('r1'))).toBe('ONCE_UNKNOWN');
    await room.clock.advance(120_000);
    result = paintedPicture;
    const answer = await room.generate('r1', { retryUnknown: true });
    expect(answer).toMatchObject({
      remainingCredits: 4,
      dailyUsage: { used: 1 },
      work: { attempt: 2, status: 'completed' },
    });
    expect(room.anna()).toMatchObject({ credits: 4, generateCount: 1, quota: { tries: { d20261122: 2 } } });
  });
});

describe('a person', () => {
  test('who is not known is refused where registration is closed, and nothing is written', async () => {
    const provider = createPainter();
    const room = createRoom({ provider, registration: { open: false, initialCredits: 5 } });
    expect(await codeOf(room.generate('r1'))).toBe('USER_UNREGISTERED');
    expect(room.memory.dump('users')).toEqual([]);
    expect(provider.orders).toEqual([]);
  });

  test('is registered by the first call with the credits of the deployment, even where it is refused', async () => {
    const room = createRoom({ registration: { open: true, initialCredits: 0 } });
    expect(await codeOf(room.generate('r1'))).toBe('CREDITS_INSUFFICIENT');
    expect(room.anna()).toEqual({
      ...{ _id: userId(testHash, OPENID), openid: OPENID, credits: 0, generateCount: 0, vipLevel: 0 },
      createdAt: new Date(room.clock.now()),
    });
  });

  test('who has two documents pays with the one that this library made', async () => {
    const room = createRoom();
    await room.add('users', { _id: 'a_app', openid: OPENID, credits: 9, generateCount: 0 });
    await room.add('users', { _id: userId(testHash, OPENID), openid: OPENID, credits: 7, generateCount: 0 });
    expect(await room.generate('r1')).toMatchObject({ remainingCredits: 6 });
    expect(room.memory.dump('users').map(({ credits }) => credits)).toEqual([9, 6]);
  });

  test('who has two documents, none of them made here, pays with the first', async () => {
    const room = createRoom();
    for (const _id of ['a_app', 'b_app'])
      await room.add('users', { _id, openid: OPENID, credits: 9, generateCount: 0 });
    await room.generate('r1');
    expect(room.memory.dump('users').map(({ credits }) => credits)).toEqual([8, 9]);
  });
});

test('a person who is known is not registered again', async () => {
  const room = createRoom();
  await room.generate('r1');
  await room.generate('r2');
  expect(room.store.names().filter((name) => name === 'insert users')).toHaveLength(1);
});

test('a person is found among others', async () => {
  const room = createRoom();
  await room.add('users', { _id: 'a_other', openid: 'oOther', credits: 1, generateCount: 0 });
  expect(await room.generate('r1')).toMatchObject({ remainingCredits: 4 });
  expect(room.memory.dump('users')).toMatchObject([
    { _id: 'a_other', credits: 1 },
    { openid: OPENID, credits: 4 },
  ]);
});

test('of two calls at once that one credit cannot pay, one is refused with the reason', async () => {
  const room = createRoom();
  await room.add('users', { _id: 'u_1', openid: OPENID, credits: 1, generateCount: 0 });
  const calls = await Promise.allSettled([room.generate('r1'), room.generate('r2')]);
  const refused = calls.flatMap((call) => (call.status === 'rejected' ? [call.reason as unknown] : []));
  expect(refused).toMatchObject([{ code: 'CREDITS_INSUFFICIENT' }]);
  expect(room.memory.dump('works')).toMatchObject([{ status: 'completed' }]);
});

test('a picture is stored a little before the time for paying is over, so that a slow copy ends as none', async () => {
  const room = createRoom();
  const startedAtMs = room.clock.now();
  await room.generate('r1', {}, 60_000);
  // Of 60 s, 8 are kept for recording.
  const put = room.blobs.statements.find(({ name }) => name === 'put');
  expect(Number(put?.call.deadline?.atMs) - startedAtMs).toBe(52_000 - 100);
});

describe('what a person wrote is looked at', () => {
  const asked: string[] = [];
  const refusing: Moderate = async (text) => {
    asked.push(text);
    return 'reject';
  };

  test('before anything is taken, and a refusal takes nothing', async () => {
    asked.length = 0;
    const provider = createPainter();
    const room = createRoom({ provider, moderate: refusing });
    expect(await codeOf(room.generate('r1', { character: '小女孩', emotion: '微笑' }))).toBe('PROMPT_REJECTED');
    expect(asked).toEqual(['可爱的小猫\n小女孩\ncartoon\n微笑\nsingle']);
    expect(provider.orders).toEqual([]);
    // Somebody new is not registered by what was refused.
    expect(room.memory.dump('users')).toEqual([]);
  });

  test('not at all where the call would be refused anyway', async () => {
    asked.length = 0;
    const room = createRoom({ moderate: refusing });
    await room.add('users', { _id: 'u_1', openid: OPENID, credits: 0, generateCount: 0 });
    expect(await codeOf(room.generate('r1'))).toBe('CREDITS_INSUFFICIENT');
    expect(asked).toEqual([]);
  });

  test('and what passes is painted', async () => {
    const room = createRoom({ moderate: async () => 'pass' });
    expect(await room.generate('r1')).toMatchObject({ work: { status: 'completed' } });
  });
});

test('without an image service every call is refused before anything is read', async () => {
  const room = createRoom({ provider: null });
  expect(await codeOf(room.generate('r1'))).toBe('PROVIDER_NOT_CONFIGURED');
  expect(room.store.names()).toEqual([]);
});
