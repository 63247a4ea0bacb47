import { describe, expect, it } from 'vitest';
import type { Payment } from '../../src/once/index.ts';
import { createMemoryBlobs, createMemoryStore } from '../../src/store/memory/index.ts';
import { createCostlyCalls } from '../support/costly-calls.ts';

const circular: Record<string, unknown> = {};
circular['self'] = circular;
const paidWith = (fields: unknown): Payment => ({ status: 'completed', fields }) as Payment;

async function createScene() {
  const memory = createMemoryStore(['users', 'works', 'emergency_backup']);
  const calls = createCostlyCalls({ store: memory, blobs: createMemoryBlobs() });
  await calls.open('u1');
  return { memory, calls };
}

describe('a result that cannot be stored', () => {
  it.each([
    ['has a field that begins with "$"', { $set: { credits: 9 } }],
    ['has such a field deep inside', { picture: { meta: [{ $date: 1 }] } }],
    ['holds a bigint', { orderId: 12n }],
    ['contains itself', circular],
    ['is larger than a document may be', { picture: 'x'.repeat(17_000_000) }],
    ['is larger in UTF-8 than a document may be', { picture: '图'.repeat(6_000_000) }],
  ])(
    'that %s was paid for all the same: its record is stored without it, and the log says so',
    async (_what, fields) => {
      const { memory, calls } = await createScene();
      const answer = await calls.call('u1', 'w_1', { pay: async () => paidWith(fields) });
      expect(answer).toMatchObject({ outcome: 'final', savedIn: 'works', record: { status: 'completed' } });
      expect(memory.dump('works')).toMatchObject([{ _id: 'w_1', status: 'completed', prompt: 'w_1' }]);
      expect(await calls.user('u1')).toMatchObject({ credits: 4, generateCount: 1, quota: { open: 0 } });
      expect(calls.log.lines.filter(({ event }) => event === 'once.fields-dropped')).toMatchObject([
        { level: 'error', fields: { recordId: 'w_1' } },
      ]);
      expect((await calls.call('u1', 'w_1')).outcome).toBe('final');
      expect(calls.paid()).toBe(1);
    },
  );

  it('is stored whole where it can be', async () => {
    const { memory, calls } = await createScene();
    await calls.call('u1', 'w_1', { pay: async () => paidWith({ picture: 'x'.repeat(16_000_000) }) });
    expect(String(memory.dump('works')[0]?.['picture'])).toHaveLength(16_000_000);
    expect(calls.log.lines.filter(({ event }) => event === 'once.fields-dropped')).toEqual([]);
  });
});
