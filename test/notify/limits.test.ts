import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDeadline } from '../../src/core/index.ts';
import { createNotifier, readChannel } from '../../src/notify/index.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { replyWith } from '../support/loopback.ts';
import { memoryLog, seededRandom, testHash } from '../support/ports.ts';
import { createTestClock } from '../support/test-clock.ts';
import { MINUTE_MS, openScene, ROBOTS, type Scene } from './scene.ts';

let scene: Scene;

beforeEach(async () => {
  scene = await openScene();
});

afterEach(() => scene.close());

const MINUTE_LIMIT = { wecom: 20, feishu: 100, dingtalk: 20 } as const;

test.each(['wecom', 'feishu', 'dingtalk'] as const)(
  'any number of instances together send %s fewer messages in any minute than it allows',
  async (kind) => {
    const clock = createTestClock();
    const store = createMemoryStore(['durable_alerts']);
    const random = seededRandom(1);
    const sentAtMs: number[] = [];
    const fetch = async (): Promise<Response> => {
      sentAtMs.push(clock.now());
      return new Response(JSON.stringify({ errcode: 0, code: 0 }));
    };
    const channels = [readChannel(ROBOTS[kind])];
    const run = (n: number) => {
      const deps = { store, clock, random, log: memoryLog(), fetch, hash: testHash, channels };
      const alert = { key: `condition.${n}`, severity: 'fault', title: 't', lines: [], atMs: 0 } as const;
      return createNotifier(deps).notify([alert], createDeadline(clock, clock.now() + 50_000));
    };
    let started = 0;
    for (let second = 0; second < 200; second += 1) {
      void run((started += 1));
      void run((started += 1));
      await clock.advance(1_000);
    }
    await clock.advance(MINUTE_MS);
    const inMinuteAfter = sentAtMs.map((from) => sentAtMs.filter((at) => at >= from && at <= from + MINUTE_MS).length);
    expect(Math.max(...inMinuteAfter)).toBeLessThan(MINUTE_LIMIT[kind]);
    const inSecondAfter = sentAtMs.map((from) => sentAtMs.filter((at) => at >= from && at < from + 1_000).length);
    expect(Math.max(...inSecondAfter)).toBeLessThanOrEqual(5);
    // The limit is used, too: at least three quarters of what is allowed.
    expect(Math.max(...inMinuteAfter)).toBeGreaterThanOrEqual(MINUTE_LIMIT[kind] * 0.75);
  },
);

test('two functions whose timers fire together both get their message through: the second waits its turn', async () => {
  const clock = createTestClock();
  const store = createMemoryStore(['durable_alerts']);
  const random = seededRandom(1);
  const fetch = async (): Promise<Response> => new Response('{"errcode":0}');
  const channels = [readChannel(ROBOTS.wecom)];
  const run = (key: string) => {
    const deps = { store, clock, random, log: memoryLog(), fetch, hash: testHash, channels };
    const alert = { key, severity: 'fault', title: key, lines: [], atMs: 0 } as const;
    return createNotifier(deps).notify([alert], createDeadline(clock, clock.now() + 10_000));
  };
  const reports = await clock.until(Promise.all([run('a'), run('b')]));
  expect(reports.flatMap(({ sent }) => sent).sort()).toEqual(['a', 'b']);
});

test('what finds no free turn before its deadline is told by a later run', async () => {
  const first = scene.instance().notify([scene.alert('a')], scene.within());
  await first;
  const second = await scene.instance().notify([scene.alert('b')], scene.within(3_000));
  expect(second.failed).toEqual(['b']);
  expect(scene.events('notify.limited')).toHaveLength(1);
  scene.clock.forward(MINUTE_MS);
  expect((await scene.instance().notify([scene.alert('b')], scene.within())).sent).toEqual(['b']);
});

test.each([
  ['wecom', replyWith(200, { errcode: 45009, errmsg: 'api freq out of limit' })],
  ['dingtalk', replyWith(200, { errcode: 130101, errmsg: 'send too fast, exceed 20 times per minute' })],
  ['feishu', replyWith(400, { code: 9499, msg: 'too many request', data: {} })],
  ['feishu', replyWith(200, { code: 11232, msg: 'frequency limited', data: {} })],
  ['wecom', replyWith(429)],
] as const)('a %s robot that says "too many" is left alone by all instances for ten minutes', async (kind, reply) => {
  const robots = [ROBOTS[kind]];
  scene.server.answer(reply);
  await scene.instance({ robots }).notify([scene.alert('a')], scene.within());
  scene.server.answer(replyWith(200, { errcode: 0, code: 0 }));
  scene.clock.forward(9 * MINUTE_MS);
  expect((await scene.instance({ robots }).notify([scene.alert('a')], scene.within())).failed).toEqual(['a']);
  expect(scene.texts()).toHaveLength(1);
  scene.clock.forward(MINUTE_MS);
  expect((await scene.instance({ robots }).notify([scene.alert('a')], scene.within())).sent).toEqual(['a']);
});

test('an instance whose clock ran ahead does not silence a robot for ever', async () => {
  await scene.instance().notify([scene.alert('a')], scene.within());
  const [robot] = scene.store.dump('durable_alerts').filter(({ _id }) => _id.startsWith('robot_'));
  const year = { set: { freeAtMs: scene.clock.now() + 365 * 86_400_000 } };
  expect(await scene.store.update('durable_alerts', { id: robot?._id ?? '' }, year)).toBe(1);
  expect((await scene.instance().notify([scene.alert('b')], scene.within())).sent).toEqual(['b']);
});
