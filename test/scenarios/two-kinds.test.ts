import { expect, test } from 'vitest';
import { createDeadline, DurableError } from '../../src/core/index.ts';
import { createDurableWriter } from '../../src/durable/index.ts';
import { createDesk, createIntegrityCheck } from '../../src/service/index.ts';
import { is } from '../../src/store/index.ts';
import { person, userIdOf } from '../support/local-cloud.ts';
import { createMemoryCloud, type MemoryCloud } from '../support/memory-cloud.ts';

/** Pictures and redemptions are paid by the same accounts, each recovered by a function of its own. */
async function createShop() {
  const memory = createMemoryCloud();
  await memory.store.createCollection('redemptions');
  await memory.add('users', person('oAnna', { points: 100 }));
  const runtime = memory.runtime('oAnna');
  const desk = createDesk({ ...runtime, seal: undefined, env: {} });
  const call = (requestId: string) => ({
    openid: 'oAnna',
    requestId,
    deadline: createDeadline(memory.clock, memory.clock.now() + 20_000),
  });
  const redeem = (pay: Parameters<typeof desk.once>[0]['pay'], records = 'redemptions') =>
    memory.clock.until(
      desk.once({
        call: call('r1'),
        records,
        fields: { coupon: 'tea' },
        needs: { points: is.atLeast(30) },
        take: { points: -30 },
        pay,
      }),
    );
  const anna = () => memory.get('users', userIdOf('oAnna'));
  return { memory, desk, redeem, anna };
}

const DAY_MS = 86_400_000;
const deadlineIn = ({ clock }: MemoryCloud) => createDeadline(clock, clock.now() + 20_000);

test('recovery of pictures leaves the open call of another kind alone, and that kind gives back what it took', async () => {
  const { memory, desk, redeem, anna } = await createShop();
  const lost = () => Promise.reject(new DurableError('PROVIDER_UNCERTAIN', 'no answer'));
  expect(await redeem(lost)).toMatchObject({ outcome: 'unknown' });
  await memory.clock.advance(2 * DAY_MS);
  await memory.recover();
  expect(memory.store.dump('works')).toEqual([]);
  expect(await anna()).toMatchObject({ points: 70, credits: 20 });
  expect(await anna()).not.toHaveProperty('quota.used.d20261124');
  const check = createIntegrityCheck(memory.runtime('oAnna'), { sections: ['works', 'users'] });
  const { state } = await memory.clock.until(check.advance(undefined, deadlineIn(memory)));
  expect(check.report(state).sections).toMatchObject([
    { status: 'ok', findings: [] },
    { status: 'ok', findings: [] },
  ]);
  const deadline = deadlineIn(memory);
  await memory.clock.until(desk.recover({ records: 'redemptions', deadline }));
  expect(await anna()).toMatchObject({ points: 100, credits: 20, quota: { open: 0 } });
  expect(memory.store.dump('redemptions')).toMatchObject([{ status: 'failed', coupon: 'tea' }]);
});

test('the same request id is one call in each collection, not one in both', async () => {
  const { memory, redeem, anna } = await createShop();
  await memory.store.createCollection('gifts');
  const pay = () => Promise.resolve({ status: 'completed' as const, fields: {} });
  expect(await redeem(pay)).toMatchObject({ outcome: 'final', replayed: false });
  expect(await redeem(pay)).toMatchObject({ outcome: 'final', replayed: true });
  expect(await redeem(pay, 'gifts')).toMatchObject({ outcome: 'final', replayed: false });
  expect(await anna()).toMatchObject({ points: 40 });
});

test('a write repeated with ever other content keeps the first, and a bounded number of the others', async () => {
  const { memory } = await createShop();
  const { clock } = memory;
  const writer = createDurableWriter(memory.runtime('oAnna'));
  for (let time = 0; time < 40; time += 1) {
    const record = { _id: 'n1', text: 'milk', createdAt: new Date(time) };
    const deadline = createDeadline(clock, clock.now() + 5_000);
    await clock.until(writer.write({ collection: 'redemptions', record, deadline }));
  }
  const stored = await memory.get('redemptions', 'n1');
  expect(stored).toMatchObject({ createdAt: new Date(0) });
  expect((stored as { attempts?: readonly unknown[] }).attempts).toHaveLength(10);
});
