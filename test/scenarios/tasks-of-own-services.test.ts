import { expect, test } from 'vitest';
import { createDeadline } from '../../src/core/index.ts';
import { createDesk, type Ask, type CostlyCall } from '../../src/service/index.ts';
import type { Payment } from '../../src/once/index.ts';
import { person, userIdOf } from '../support/local-cloud.ts';
import { createMemoryCloud } from '../support/memory-cloud.ts';

/** Someone else's printing service, which takes an order and tells later what became of it. It keeps the truth. */
function createPrinter() {
  const orders = new Map<string, Payment | 'running'>();
  const asked: Parameters<Ask>[0][] = [];
  return {
    orders,
    asked,
    order: (id: string) => void orders.set(id, 'running'),
    ask: (async (context) => {
      asked.push(context);
      const answer = orders.get(context.taskId);
      if (!answer) throw new Error('no such order');
      return answer;
    }) satisfies Ask,
  };
}

async function createShop() {
  const memory = createMemoryCloud();
  const { clock } = memory;
  await memory.store.createCollection('prints');
  await memory.add('users', person('oAnna', { points: 100 }));
  const desk = createDesk({ ...memory.runtime('oAnna'), seal: undefined, env: {} });
  const deadline = () => createDeadline(clock, clock.now() + 20_000);
  const printer = createPrinter();
  const print = (pay: CostlyCall['pay']) =>
    clock.until(
      desk.once({
        call: { openid: 'oAnna', requestId: 'r1', deadline: deadline() },
        records: 'prints',
        fields: { poster: 'lighthouse' },
        take: { points: -30 },
        pay,
      }),
    );
  return {
    memory,
    printer,
    print,
    // The order reaches the printer, and the function never hears of it.
    orderAndLose: () =>
      print(async ({ reference, noteTask }) => {
        await noteTask(reference);
        printer.order(reference);
        throw new Error('no answer');
      }),
    recover: (ask?: Ask) =>
      clock.until(desk.recover({ records: 'prints', deadline: deadline(), ...(ask ? { ask } : {}) })),
    points: async () => (await memory.get('users', userIdOf('oAnna')))?.['points'],
    records: () => memory.store.dump('prints'),
  };
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

test('recovery asks the service that was paid by the task that was noted, and the order is completed', async () => {
  const { memory, printer, orderAndLose, recover, points, records } = await createShop();
  expect(await orderAndLose()).toMatchObject({ outcome: 'unknown', record: { status: 'unknown' } });
  await memory.clock.advance(MINUTE_MS);
  await recover(printer.ask);
  expect(records()).toMatchObject([{ status: 'unknown' }]);
  const [reference = ''] = printer.orders.keys();
  expect(printer.asked).toMatchObject([{ taskId: reference, reference, hold: { draft: { poster: 'lighthouse' } } }]);
  printer.orders.set(reference, { status: 'completed', fields: { sheet: 7 } });
  await recover(printer.ask);
  expect(records()).toMatchObject([{ status: 'completed', sheet: 7, poster: 'lighthouse' }]);
  expect(await points()).toBe(70);
});

test('what the service certainly did not do is given back at once', async () => {
  const { memory, printer, orderAndLose, recover, points, records } = await createShop();
  await orderAndLose();
  await memory.clock.advance(MINUTE_MS);
  for (const id of printer.orders.keys()) printer.orders.set(id, { status: 'failed' } as Payment);
  await recover(printer.ask);
  expect(records()).toMatchObject([{ status: 'failed', errorCode: 'PROVIDER_FAILED' }]);
  expect(await points()).toBe(100);
});

test.each<readonly [string, Ask | undefined]>([
  ['nobody is asked', undefined],
  ['the answer says nothing', async () => undefined as never],
  ['the question fails', () => Promise.reject(new Error('no answer'))],
  ['it is said to run for ever', async () => 'running'],
])('for a day it stays unknown, then it is failed and given back, where %s', async (_what, ask) => {
  const { memory, orderAndLose, recover, points, records } = await createShop();
  await orderAndLose();
  await memory.clock.advance(DAY_MS - MINUTE_MS);
  await recover(ask);
  expect(records()).toMatchObject([{ status: 'unknown' }]);
  expect(await points()).toBe(70);
  await memory.clock.advance(2 * MINUTE_MS);
  await recover(ask);
  expect(records()).toMatchObject([{ status: 'failed', errorCode: 'ONCE_UNKNOWN' }]);
  expect(await points()).toBe(100);
});
