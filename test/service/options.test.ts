import { describe, expect, test } from 'vitest';
import { createDeadline, isDurableError } from '../../src/core/index.ts';
import { createDesk, type CostlyCall, type Durable } from '../../src/service/index.ts';
import { is, type Store } from '../../src/store/index.ts';
import { person, userIdOf } from '../support/local-cloud.ts';
import { createMemoryCloud } from '../support/memory-cloud.ts';
import { createTestClock } from '../support/test-clock.ts';

/** Counts every statement that reaches the store. */
function counted(store: Store, seen: string[]): Store {
  return new Proxy(store, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return (...given: unknown[]): unknown => {
        seen.push(String(name));
        return method.apply(target, given);
      };
    },
  });
}

async function createCounter(account: Readonly<Record<string, unknown>> = { points: 20 }) {
  const statements: string[] = [];
  const cloud = createMemoryCloud({ through: (store) => counted(store, statements) });
  await cloud.store.createCollection('coupons');
  await cloud.add('users', person('oAnna', account));
  const desk = createDesk({ ...cloud.runtime('oAnna'), seal: undefined, env: {} });
  const deadline = createDeadline(cloud.clock, cloud.clock.now() + 20_000);
  let paid = 0;
  const costly = (changes: object): CostlyCall => ({
    call: { openid: 'oAnna', requestId: 'r1', deadline },
    records: 'coupons',
    fields: { coupon: 'tea' },
    take: { points: -1 },
    async pay() {
      paid += 1;
      return { status: 'completed', fields: {} };
    },
    ...changes,
  });
  const answer = (asked: Promise<unknown>) =>
    cloud.clock.until(
      asked.then(
        () => 'accepted',
        (error: unknown) => (isDurableError(error) ? error.message : String(error)),
      ),
    );
  return {
    cloud,
    desk,
    deadline,
    statements,
    paid: () => paid,
    once: (changes: object) => answer(desk.once(costly(changes))),
    answer,
    anna: () => cloud.store.get('users', userIdOf('oAnna')),
  };
}

const FAR = createDeadline(createTestClock(), Number.MAX_SAFE_INTEGER);

const MISTAKES: readonly (readonly [what: string, changes: object, option: string])[] = [
  ['an option that there is not', { where: { points: is.atLeast(1) } }, 'where'],
  ['no call', { call: undefined }, 'call'],
  ['a call without a deadline', { call: { openid: 'oAnna', requestId: 'r1' } }, 'call'],
  ['no collection', { records: undefined }, 'records'],
  ['a number for the accounts', { accounts: 3 }, 'accounts'],
  ['a function for the account', { account: () => true }, 'account'],
  ['an account by no condition, which would be anybody', { account: {} }, 'account'],
  ['a function for the condition', { needs: () => true }, 'needs'],
  ['a bare condition on no field', { needs: is.atLeast(1) }, 'needs'],
  ['no price', { take: undefined }, 'take'],
  ['a list for a price', { take: [-1] }, 'take'],
  ['a text for an amount', { take: { points: '-1' } }, 'take'],
  ['an amount that is no number', { take: { points: NaN } }, 'take'],
  ['an amount of endless size', { done: { count: Infinity } }, 'done'],
  ['a path that is none', { done: { 'a..b': 1 } }, 'done'],
  ["the protocol's own counter", { take: { 'quota.open': -1 } }, 'take'],
  ["a path above the protocol's own", { done: { quota: 1 } }, 'done'],
  ['no fields', { fields: undefined }, 'fields'],
  ['nobody who pays', { pay: undefined }, 'pay'],
];

describe('once reads its options before anything is asked of the database', () => {
  test.each(MISTAKES)('%s is refused, named, and nothing is paid', async (_what, changes, option) => {
    const { once, statements, paid } = await createCounter();
    expect(await once(changes)).toMatch(new RegExp(`^\\[CONFIG_INVALID\\] once: option "${option}": `));
    expect(statements).toEqual([]);
    expect(paid()).toBe(0);
  });

  test.each([
    ['no key', { call: { openid: 'oAnna', deadline: FAR } }],
    ['a text for retryUnknown, as a client may send it', { retryUnknown: 'false' }],
    ['a condition that compares with nothing', { needs: { points: undefined } }],
    ['a field that cannot be stored', { fields: { count: { $gt: 0 } } }],
    ['a field that cannot be written down', { fields: { count: 1n } }],
  ])("the caller's mistake is the caller's: %s", async (_what, changes) => {
    const { once, statements, paid } = await createCounter();
    expect(await once(changes)).toMatch(/^\[INPUT_INVALID\] /);
    expect(statements).toEqual([]);
    expect(paid()).toBe(0);
  });

  test('nothing at all is refused with words, and a value is never repeated', async () => {
    const { desk, answer, once } = await createCounter();
    expect(await answer(desk.once(undefined as never))).toMatch(/^\[CONFIG_INVALID\] once: /);
    expect(await once({ take: { points: 'a secret' } })).not.toContain('secret');
    expect(await once({ records: { secret: 1 } })).toContain('there is an object');
  });

  test('sound options are accepted, with what may be left out left undefined', async () => {
    const { once, paid, statements } = await createCounter();
    const changes = {
      accounts: undefined,
      account: undefined,
      needs: undefined,
      done: undefined,
      retryUnknown: undefined,
    };
    expect(await once(changes)).toBe('accepted');
    expect(paid()).toBe(1);
    expect(statements).not.toEqual([]);
  });
});

describe('an account never goes below zero unless the call says so', () => {
  test('nobody pays what he does not have, though no condition was given', async () => {
    const { once, anna, paid } = await createCounter({ points: 20 });
    expect(await once({ take: { points: -21 } })).toMatch(/^\[ONCE_REFUSED\].*points/);
    expect(await once({ take: { coins: -1 } })).toMatch(/^\[ONCE_REFUSED\]/);
    expect(await once({ take: { points: -20 } })).toBe('accepted');
    expect(await anna()).toMatchObject({ points: 0 });
    expect(paid()).toBe(1);
  });

  test.each([
    ['a condition from above', { points: is.below(100) }],
    ['an exception', { points: is.not(13) }],
    ['a condition from above, or none', { points: is.absentOr(is.below(100)) }],
    ['another field', { credits: is.atLeast(1) }],
  ])('%s bounds nothing from below', async (_what, needs) => {
    const { once, anna } = await createCounter({ points: 20 });
    expect(await once({ needs, take: { points: -21 } })).toMatch(/^\[ONCE_REFUSED\]/);
    expect(await once({ needs, take: { points: -20 } })).toBe('accepted');
    expect(await anna()).toMatchObject({ points: 0 });
  });

  test.each([
    ['a credit line', { points: is.atLeast(-50) }, { points: 20 }, -10],
    ['one in a range', { points: is.all([is.below(100), is.above(-51)]) }, { points: 20 }, -10],
    ['a first purchase', { points: is.absent() }, { points: undefined }, -30],
  ])('%s is the bound that was asked for', async (_what, needs, account, left) => {
    const { once, anna } = await createCounter(account);
    expect(await once({ needs, take: { points: -30 } })).toBe('accepted');
    expect(await anna()).toMatchObject({ points: left });
  });
});

describe('an amount above zero in `take`', () => {
  test.each([
    ['no condition', undefined],
    ['a condition from below', { points: is.atLeast(1) }],
    ['exactly so many', { points: 20 }],
    ['a limit on another field', { credits: is.below(50) }],
  ])('gives instead of taking, and is refused with %s', async (_what, needs) => {
    const { once, statements, paid } = await createCounter();
    expect(await once({ needs, take: { points: 1 } })).toMatch(/CONFIG_INVALID.*"take".*"points".*-1/);
    expect(statements).toEqual([]);
    expect(paid()).toBe(0);
  });

  test('counts up to its limit, and no further', async () => {
    const { once, anna, deadline } = await createCounter({ today: 1 });
    const needs = { today: is.absentOr(is.below(2)) };
    const call = (requestId: string) => ({ openid: 'oAnna', requestId, deadline });
    expect(await once({ needs, take: { today: 1 }, call: call('a') })).toBe('accepted');
    expect(await once({ needs, take: { today: 1 }, call: call('b') })).toMatch(/ONCE_REFUSED/);
    expect(await anna()).toMatchObject({ today: 2 });
  });
});

test('a counter that is no number is found before paying, and not when the call is closed', async () => {
  const { once, paid, anna } = await createCounter({ points: 20, count: null });
  expect(await once({ done: { count: 1 } })).toMatch(/^\[USER_INVALID\] "count"/);
  expect(paid()).toBe(0);
  expect(await anna()).toMatchObject({ points: 20 });
});

describe('what pay answers', () => {
  test.each([
    ['nothing', undefined, 'unknown'],
    ['a word', 'completed', 'unknown'],
    ['a status that there is not', { status: 'done' }, 'unknown'],
    ['a failure without a reason', { status: 'failed' }, 'failed'],
    ["a failure with another's error", { status: 'failed', error: new Error('secret') }, 'failed'],
    ['a success without fields', { status: 'completed' }, 'completed'],
    ['a success with a list for fields', { status: 'completed', fields: ['x'] }, 'completed'],
  ])('%s leaves a record all the same', async (_what, answered, status) => {
    const { cloud, once } = await createCounter();
    expect(await once({ pay: async () => answered })).toBe('accepted');
    expect(cloud.store.dump('coupons')).toEqual([expect.objectContaining({ status, coupon: 'tea' })]);
    expect(JSON.stringify(cloud.store.dump('coupons'))).not.toContain('secret');
  });
});

test('a mistake in the code that pays is told to whoever reads the log, and what somebody else said is not', async () => {
  const { cloud, once } = await createCounter();
  const pay = async () => (undefined as unknown as { coupon(): never }).coupon();
  expect(await once({ pay })).toBe('accepted');
  const call = { openid: 'oAnna', requestId: 'r2', deadline: createDeadline(cloud.clock, cloud.clock.now() + 20_000) };
  expect(await once({ call, pay: async () => Promise.reject(new Error('the key is sk-secret')) })).toBe('accepted');
  const told = cloud.log.lines.filter(({ event }) => event === 'once.pay-threw');
  expect(told.map(({ fields }) => fields?.['cause'])).toEqual([
    expect.stringMatching(/^TypeError: .*coupon.* at /),
    expect.stringMatching(/^Error at /),
  ]);
  expect(JSON.stringify(told)).not.toContain('secret');
});

type Asked = (desk: Durable) => Promise<unknown>;
const loose = (desk: Durable) => desk as unknown as Record<keyof Durable, (...given: unknown[]) => Promise<unknown>>;

describe('the other doors of the desk read theirs, too', () => {
  test.each<readonly [what: string, ask: Asked, names: string]>([
    ['write without a collection', (desk) => loose(desk).write(undefined, { _id: 'a' }), 'write: option "collection"'],
    ['write without a record', (desk) => loose(desk).write('coupons'), 'write: option "record"'],
    [
      'write with a time that is no deadline',
      (desk) => loose(desk).write('coupons', { _id: 'a' }, { deadline: 3_000 }),
      'write: option "deadline"',
    ],
    [
      'write with an option that there is not',
      (desk) => loose(desk).write('coupons', { _id: 'a' }, { retries: 3 }),
      'write: option "retries"',
    ],
    ['recover without a collection', (desk) => loose(desk).recover({}), 'recover: option "records"'],
    [
      'recover with the whole run of a timer, whose checkpoint would be overlooked',
      (desk) => loose(desk).recover({ records: 'coupons', deadline: FAR, checkpoint: undefined }),
      'recover: option "checkpoint"',
    ],
    [
      'recover with a text for a list',
      (desk) => loose(desk).recover({ records: 'coupons', deadline: FAR, also: 'notes' }),
      'recover: option "also"',
    ],
    [
      'recover with a value for a question',
      (desk) => loose(desk).recover({ records: 'coupons', deadline: FAR, ask: {} }),
      'recover: option "ask"',
    ],
    [
      'update with a function for a condition',
      (desk) => loose(desk).update('users', { id: 'a', where: () => false }, { inc: { left: -1 } }),
      'update: option "where"',
    ],
    [
      'update with a condition under another name',
      (desk) => loose(desk).update('users', { id: 'a', if: {} }, { inc: { left: -1 } }),
      'update: option "if"',
    ],
    [
      'update with a change that there is not',
      (desk) => loose(desk).update('users', { id: 'a' }, { set: { a: 1 }, add: { left: -1 } }),
      'update: option "add"',
    ],
    ['get without an id', (desk) => loose(desk).get('users'), 'get: option "id"'],
  ])('%s', async (_what, ask, names) => {
    const { desk, answer, statements } = await createCounter();
    expect(await answer(ask(desk))).toContain(`[CONFIG_INVALID] ${names}`);
    expect(statements).toEqual([]);
  });

  test('a timer without work, or with an option that there is not, is refused at once', async () => {
    const { desk } = await createCounter();
    expect(() => desk.timer('mine', undefined as never)).toThrow(/CONFIG_INVALID.*"work"/);
    const options = { every: 5 } as never;
    expect(() => desk.timer('mine', async () => undefined, options)).toThrow(/CONFIG_INVALID.*"every"/);
  });

  test('a handler whose action is none is refused at once', async () => {
    const { desk } = await createCounter();
    expect(() => desk.handler({ save: undefined as never })).toThrow(/CONFIG_INVALID.*"save"/);
    expect(() => desk.handler((() => undefined) as never)).toThrow(/CONFIG_INVALID.*"actions"/);
  });
});
