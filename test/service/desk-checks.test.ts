import { createRequire } from 'node:module';
import { beforeEach, expect, describe, test } from 'vitest';
import { createDeadline, isDurableError, type Code } from '../../src/core/index.ts';
import { createDesk, type CostlyCall, type Durable } from '../../src/service/index.ts';
import { is } from '../../src/store/index.ts';
import { person, userIdOf } from '../support/local-cloud.ts';
import { createMemoryCloud, type MemoryCloud } from '../support/memory-cloud.ts';

// What plain JavaScript lets somebody write, and no type stops.

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
const anna = () => memory.get('users', userIdOf('oAnna'));

async function codeOf(run: () => unknown): Promise<Code | 'accepted'> {
  try {
    await memory.clock.until(Promise.resolve(run()));
    return 'accepted';
  } catch (error) {
    if (isDurableError(error)) return error.code;
    throw error;
  }
}

describe('a costly call that is none is refused before anything is taken', () => {
  test.each<[string, object]>([
    ['a misspelled condition, which would let everybody pass', { need: { points: is.atLeast(1_000) } }],
    ['no collection for the records', { records: undefined }],
    ['a collection that there cannot be', { records: 'my orders' }],
    ['nothing to say in the record', { fields: undefined }],
    ['nothing to take', { take: undefined }],
    ['a text for an amount', { take: { points: '-30' } }],
    ['an amount that is no number', { take: { points: NaN } }],
    ['a count that is no number', { done: { orderCount: null } }],
    ['nobody who pays', { pay: undefined }],
    ['a result in place of who pays', { pay: { status: 'completed' } }],
    ['no call', { call: undefined }],
    ['a retry that is not said by true', { retryUnknown: 'yes' }],
  ])('%s', async (_what, changed) => {
    expect(await codeOf(() => desk.once(costly(changed)))).toBe('CONFIG_INVALID');
    expect(await anna()).toMatchObject({ points: 100 });
    expect(await anna()).not.toHaveProperty('quota');
  });

  test('a deadline that is a number, or none at all', async () => {
    for (const deadline of [2_500, undefined, null]) {
      expect(await codeOf(() => desk.once(costly({ call: { ...call, deadline } })))).toBe('CONFIG_INVALID');
    }
  });

  test('nothing at all', async () => {
    expect(await codeOf(() => desk.once(undefined as unknown as CostlyCall))).toBe('CONFIG_INVALID');
  });

  test('and a call that is one is paid: the refusals above are about what is wrong with them', async () => {
    expect(await codeOf(() => desk.once(costly()))).toBe('accepted');
    expect(await anna()).toMatchObject({ points: 70 });
  });
});

describe('what `pay` answers', () => {
  const answered = (answer: unknown) => memory.clock.until(desk.once(costly({ pay: () => Promise.resolve(answer) })));

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['true', true],
    ['a status that there is not', { status: 'ok' }],
    ['`unknown` without a reason', { status: 'unknown' }],
  ])('counts as unknown where it is %s, and what was taken stays taken', async (_what, answer) => {
    expect(await answered(answer)).toMatchObject({
      outcome: 'unknown',
      record: { status: 'unknown', errorCode: 'PROVIDER_UNCERTAIN' },
    });
    expect(await anna()).toMatchObject({ points: 70 });
  });

  test.each<[string, unknown, string]>([
    ['without a reason', { status: 'failed' }, 'pay gave no reason'],
    ['with an error of another kind', { status: 'failed', error: new Error('sold out') }, 'sold out'],
    ['with a text', { status: 'failed', error: 'sold out' }, 'pay gave no reason'],
  ])('is a failure that gives back where it is `failed` %s', async (_what, answer, reason) => {
    expect(await answered(answer)).toMatchObject({
      outcome: 'final',
      record: { status: 'failed', errorCode: 'PROVIDER_FAILED', errorMessage: expect.stringContaining(reason) },
    });
    expect(await anna()).toMatchObject({ points: 100 });
  });

  test('is completed without fields where it brings none', async () => {
    expect(await answered({ status: 'completed' })).toMatchObject({
      outcome: 'final',
      record: { status: 'completed' },
    });
  });
});

describe('a statement that is none is refused before it is sent', () => {
  const target = { id: 'u1' };
  const change = { inc: { points: 1 } };

  test.each<[string, (loose: Record<'write' | 'update' | 'get', (...args: unknown[]) => unknown>) => unknown]>([
    ['a write without a collection', ({ write }) => write(undefined, { _id: 'n1' })],
    ['a write without a record', ({ write }) => write('orders')],
    ['a write the wrong way round', ({ write }) => write({ _id: 'n1' }, 'orders')],
    ['a write with milliseconds for a deadline', ({ write }) => write('orders', { _id: 'n1' }, { deadline: 2_500 })],
    ['a write with the deadline itself', ({ write }) => write('orders', { _id: 'n1' }, call.deadline)],
    ['an update of nothing', ({ update }) => update('users')],
    ['an update of an id that is no target', ({ update }) => update('users', 'u1', change)],
    ['an update without a change', ({ update }) => update('users', target)],
    ['an update of no collection', ({ update }) => update('', target, change)],
    ['a reading of no collection', ({ get }) => get(undefined, 'u1')],
  ])('%s', async (_what, run) => {
    const loose = desk as unknown as Parameters<typeof run>[0];
    expect(await codeOf(() => run(loose))).toBe('INPUT_INVALID');
    expect(memory.store.dump('emergency_backup')).toEqual([]);
  });
});

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

describe('a function that could never do its work is refused at start', () => {
  test.each<[string, unknown]>([
    ['without actions', undefined],
    ['with a function in place of actions', () => Promise.resolve(1)],
    ['with an action that is no function', { save: 5 }],
  ])('a handler %s', async (_what, actions) => {
    const { handler } = desk as unknown as { handler(actions: unknown): unknown };
    expect(await codeOf(() => handler(actions))).toBe('CONFIG_INVALID');
  });

  test('a timer without work', async () => {
    const { timer } = desk as unknown as { timer(name: string): unknown };
    expect(await codeOf(() => timer('recover-orders'))).toBe('CONFIG_INVALID');
  });

  test.each<[string, unknown]>([
    ['of nothing', undefined],
    ['without a collection', { deadline: true }],
    ['without a deadline', { records: 'orders' }],
    ['with a misspelled option', { records: 'orders', deadline: true, form: null }],
    ['with one name where a list is meant', { records: 'orders', deadline: true, also: 'notes' }],
  ])('a recovery %s', async (_what, request) => {
    const { recover } = desk as unknown as { recover(request: unknown): unknown };
    const given = request && Object.hasOwn(request, 'deadline') ? { ...request, deadline: call.deadline } : request;
    expect(await codeOf(() => recover(given))).toBe('CONFIG_INVALID');
  });
});
