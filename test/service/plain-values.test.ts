import { createRequire } from 'node:module';
import { beforeEach, expect, describe, test } from 'vitest';
import { createDeadline, isDurableError, type Code } from '../../src/core/index.ts';
import { createDesk, type CostlyCall, type Durable } from '../../src/service/index.ts';
import { is } from '../../src/store/index.ts';
import { person } from '../support/local-cloud.ts';
import { createMemoryCloud, type MemoryCloud } from '../support/memory-cloud.ts';

let memory: MemoryCloud;
let desk: Durable;
let call: CostlyCall['call'];

beforeEach(async () => {
  memory = createMemoryCloud();
  await memory.store.createCollection('orders');
  await memory.add('users', person('oAnna', { points: 100 }));
  desk = createDesk({ ...memory.runtime('oAnna'), seal: undefined, env: {} });
  call = { openid: 'oAnna', requestId: 'r1', deadline: createDeadline(memory.clock, memory.clock.now() + 20_000) };
});

const paid = () => Promise.resolve({ status: 'completed' as const, fields: { coupon: 'tea' } });
const costly = (changed: object = {}): CostlyCall => ({
  call,
  records: 'orders',
  fields: { sku: 'cup' },
  needs: { points: is.atLeast(30) },
  take: { points: -30 },
  pay: paid,
  ...changed,
});

async function codeOf(run: () => unknown): Promise<Code | 'accepted'> {
  try {
    await memory.clock.until(Promise.resolve(run()));
    return 'accepted';
  } catch (error) {
    if (isDurableError(error)) return error.code;
    throw error;
  }
}

describe('a value that means something to the SDK alone, and would be stored as something else, is refused', () => {
  const sdk = createRequire(import.meta.url)('wx-server-sdk') as {
    init(options: object): void;
    database(): {
      serverDate(): unknown;
      command: { inc(by: number): unknown };
      Geo: { Point: new (x: number, y: number) => unknown };
    };
  };
  sdk.init({ env: 'none' });
  const db = sdk.database();

  test.each<[string, unknown]>([
    ['serverDate()', db.serverDate()],
    ['an operator', db.command.inc(1)],
    ['a place on earth', new db.Geo.Point(113, 23)],
    ['a Map', new Map([['a', 1]])],
    ['a Buffer, in a list', [Buffer.from('a')]],
  ])('%s', async (_what, value) => {
    expect(await codeOf(() => desk.write('orders', { _id: 'n1', value }))).toBe('INPUT_INVALID');
    expect(await codeOf(() => desk.once(costly({ fields: { value } })))).toBe('INPUT_INVALID');
    expect(await codeOf(() => desk.update('users', { id: 'u1' }, { set: { value: value as string } }))).toBe(
      'INPUT_INVALID',
    );
    expect(memory.store.dump('orders')).toEqual([]);
  });

  test('and plain values are stored, a Date and an object without a prototype among them', async () => {
    const value = [Object.assign(Object.create(null), { at: new Date(0), is: { none: null } }), 'a', 1, true];
    expect(await codeOf(() => desk.write('orders', { _id: 'n1', value }))).toBe('accepted');
    expect(memory.store.dump('orders')).toHaveLength(1);
  });

  test('what holds itself ends the call, and not the function', async () => {
    const round: Record<string, unknown> = { _id: 'n1' };
    round['left'] = round['right'] = round;
    expect(await codeOf(() => desk.write('orders', round as never))).toBe('INPUT_INVALID');
  });
});
