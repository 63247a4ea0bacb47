import { expect, test } from 'vitest';
import { createDeadline, DurableError } from '../../src/core/index.ts';
import { createDurableWriter } from '../../src/durable/index.ts';
import { kindOf } from '../../src/generation/generation.ts';
import { createPictureKind } from '../../src/generation/picture-kind.ts';
import { pictureTasks } from '../../src/generation/tasks.ts';
import type { Hold } from '../../src/once/index.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { memoryLog, seededRandom, testHash } from '../support/ports.ts';
import { createTestClock } from '../support/test-clock.ts';

const HOLD: Hold = { st: 'open', token: 't', attempt: 2, until: 9, hash: 'h', at: 7, price: 1, day: '20261122' };

test('a hold that keeps nothing of its request still makes a whole record, of which nothing is known', () => {
  for (const openid of [undefined, 7]) {
    const account = { _id: 'u_1', ...(openid === undefined ? {} : { openid }) };
    const record = createPictureKind().record({ id: 'w_1', accountId: 'u_1', account, hold: HOLD });
    expect(record).toEqual({
      ...{ _id: 'w_1', id: 'w_1', userId: 'u_1', openid: '', title: '', originalPrompt: '', character: '', style: '' },
      ...{ emotion: '', mode: '', imageUrl: '', status: 'unknown', errorMessage: '', errorCode: null, requestId: '' },
      ...{ provider: '', asset: null, finishedAt: null, createdAt: new Date(7), day: '20261122', price: 1, token: 't' },
      ...{ attempt: 2, hash: 'h', schemaVersion: 1 },
      prompt: expect.any(String),
      enhancedPrompt: expect.any(String),
    });
  }
});

test('a result that was not seen has no end, and says why', () => {
  const error = new DurableError('PROVIDER_UNCERTAIN', 'HTTP 502');
  const record = createPictureKind().finish({ _id: 'w_1' }, { status: 'unknown', error }, 5);
  expect(record).toEqual({
    ...{
      _id: 'w_1',
      status: 'unknown',
      errorMessage: error.message,
      errorCode: 'PROVIDER_UNCERTAIN',
      finishedAt: null,
    },
  });
});

test('a task of a service that is not configured is unknown, with that as the reason', async () => {
  const clock = createTestClock();
  const ports = { clock, log: memoryLog(), random: seededRandom(1), hash: testHash, store: createMemoryStore() };
  const deps = { ...ports, writer: createDurableWriter(ports), download: () => Promise.reject(new Error('none')) };
  const kind = kindOf(deps, async () => pictureTasks);
  const basis = {
    id: 'w_1',
    accountId: 'u_1',
    account: { _id: 'u_1' },
    hold: { ...HOLD, draft: { provider: 'gone' } },
  };
  expect(await kind.ask?.('task-1', basis, createDeadline(clock, clock.now() + 5_000))).toMatchObject({
    ...{ status: 'unknown', error: { code: 'PROVIDER_NOT_CONFIGURED' } },
  });
});
