import { afterEach, beforeEach, expect, test } from 'vitest';
import { replyWith } from '../support/loopback.ts';
import { createFlakyStore } from '../support/flaky-store.ts';
import { HOUR_MS, MINUTE_MS, openScene, type Scene } from './scene.ts';

let scene: Scene;

beforeEach(async () => {
  scene = await openScene();
});

afterEach(() => scene.close());

test('an outage that is seen every five minutes for a day is told at once, every six hours, and when it is over', async () => {
  const FIVE_MINUTES = 5 * MINUTE_MS;
  for (let atMs = 0; atMs < 24 * HOUR_MS; atMs += FIVE_MINUTES) {
    // Functions are short-lived: each run is another instance.
    await scene.instance().notify([scene.alert('check.works')], scene.within());
    scene.clock.forward(FIVE_MINUTES);
  }
  expect(scene.texts()).toHaveLength(4);
  expect(scene.texts()[1]).toContain('自 2026-11-22 12:00 起仍未恢复，已发现 73 次');
  const report = await scene.instance().notify([scene.alert('check.works', { severity: 'resolved' })], scene.within());
  expect(report.sent).toEqual(['check.works']);
  expect(scene.texts()).toHaveLength(5);
  expect(scene.texts()[4]).toContain('已恢复，持续 1 天，共发现 288 次');
  expect(scene.texts()[4]).toContain('[恢复] check.works 出现问题');
});

test('what is well is never told, costs one read however many conditions there are, and leaves nothing', async () => {
  const flaky = createFlakyStore(scene.store, { clock: scene.clock });
  const alerts = Array.from({ length: 40 }, (_, n) => scene.alert(`well.${n}`, { severity: 'resolved' }));
  const report = await scene.instance({ store: flaky }).notify(alerts, scene.within());
  expect(report.suppressed).toHaveLength(40);
  expect(flaky.names()).toEqual(['page durable_alerts']);
  expect(scene.texts()).toEqual([]);
  expect(scene.store.dump('durable_alerts')).toEqual([]);
});

test('a condition that ended is told once, and told as new when it comes back', async () => {
  const run = (severity: 'fault' | 'resolved') =>
    scene.instance().notify([scene.alert('a', { severity })], scene.within());
  for (const severity of ['fault', 'resolved', 'resolved', 'fault'] as const) {
    await run(severity);
    scene.clock.forward(MINUTE_MS);
  }
  expect(scene.texts().map((text) => /\[(故障|恢复)\]/.exec(text)?.[1])).toEqual(['故障', '恢复', '故障']);
  expect(scene.texts()[2]).not.toContain('仍未恢复');
  expect(await scene.remembered('a')).toMatchObject({ state: 'open', occurrences: 1, told: 1 });
});

test('everything that one run has to tell is one message, the worst first', async () => {
  const notifier = scene.instance();
  await notifier.notify([scene.alert('old', { severity: 'warning' })], scene.within());
  scene.clock.forward(MINUTE_MS);
  const run = [
    scene.alert('old', { severity: 'resolved' }),
    scene.alert('slow', { severity: 'warning', title: '有点慢' }),
    ...Array.from({ length: 20 }, (_, n) => scene.alert(`bad.${n}`, { title: `坏了 ${n}` })),
  ];
  const report = await notifier.notify(run, scene.within());
  expect(report.sent).toHaveLength(22);
  expect(scene.texts()).toHaveLength(2);
  const text = scene.texts()[1] ?? '';
  expect(text).toContain('[故障] wx-durable：22 项告警');
  expect(text.indexOf('坏了 19')).toBeLessThan(text.indexOf('有点慢'));
  expect(text.indexOf('有点慢')).toBeLessThan(text.indexOf('已恢复'));
});

test('the same condition seen twice in one run is one, and its worse half counts', async () => {
  const twice = [
    scene.alert('a', { severity: 'resolved' }),
    scene.alert('a', { severity: 'warning' }),
    scene.alert('a'),
  ];
  expect((await scene.instance().notify(twice, scene.within())).sent).toEqual(['a']);
  expect(await scene.remembered('a')).toMatchObject({ severity: 'fault', occurrences: 1 });
});

test('a warning that becomes a fault is told at once', async () => {
  const run = (severity: 'fault' | 'warning') =>
    scene.instance().notify([scene.alert('a', { severity })], scene.within());
  for (const severity of ['warning', 'warning', 'fault', 'fault', 'warning'] as const) {
    await run(severity);
    scene.clock.forward(MINUTE_MS);
  }
  expect(scene.texts().map((text) => /\[(故障|警告)\]/.exec(text)?.[1])).toEqual(['警告', '故障']);
  expect(await scene.remembered('a')).toMatchObject({ occurrences: 5, told: 2 });
});

test('fifty instances at once send one message when it begins, one when it lasts, and one when it ends', async () => {
  const all = async (severity: 'fault' | 'resolved') => {
    const run = () => scene.instance().notify([scene.alert('a', { severity })], scene.within());
    const reports = await Promise.all(Array.from({ length: 50 }, run));
    expect(reports.flatMap(({ sent }) => sent)).toEqual(['a']);
    expect(reports.flatMap(({ failed }) => failed)).toEqual([]);
    return scene.remembered('a');
  };
  expect(await all('fault')).toMatchObject({ state: 'open', occurrences: 50, told: 1 });
  scene.clock.forward(6 * HOUR_MS);
  expect(await all('fault')).toMatchObject({ state: 'open', occurrences: 100, told: 2 });
  scene.clock.forward(MINUTE_MS);
  expect(await all('resolved')).toMatchObject({ state: 'closed', occurrences: 100, told: 3 });
  expect(scene.texts()).toHaveLength(3);
});

test('what others count between reading and claiming is not lost', async () => {
  await scene.instance().notify([scene.alert('a')], scene.within());
  scene.clock.forward(6 * HOUR_MS);
  const counting = createFlakyStore(scene.store, { clock: scene.clock });
  const page: typeof counting.page = async (name, request, call) => {
    const read = await counting.page(name, request, call);
    await counting.update(name, { id: 'alert_a' }, { inc: { occurrences: 7 } });
    return read;
  };
  await scene.instance({ store: { ...counting, page } }).notify([scene.alert('a')], scene.within());
  expect(await scene.remembered('a')).toMatchObject({ occurrences: 9, told: 2 });
});

test('a condition that nobody could be told of is told by the next run', async () => {
  scene.server.answer(replyWith(500));
  expect((await scene.instance().notify([scene.alert('a')], scene.within())).failed).toEqual(['a']);
  scene.server.answer(replyWith(200, { errcode: 0 }));
  scene.clock.forward(5 * MINUTE_MS);
  expect((await scene.instance().notify([scene.alert('a')], scene.within())).sent).toEqual(['a']);
  expect(scene.texts()[1]).toContain('已发现 2 次');
});

test('what nobody could be told of is told by any next run, also one that looks at other things', async () => {
  scene.server.answer(replyWith(500));
  const lines = ['12 × STORE_DENIED'];
  await scene.instance().notify([scene.alert('weekly', { severity: 'warning', lines })], scene.within());
  scene.server.answer(replyWith(200, { errcode: 0 }));
  scene.clock.forward(5 * MINUTE_MS);
  const well = scene.alert('other', { severity: 'resolved' });
  expect((await scene.instance().notify([well], scene.within())).sent).toEqual(['weekly']);
  expect(scene.texts()[1]).toContain('[警告] weekly 出现问题');
  expect(scene.texts()[1]).toContain(lines[0]);
  expect(await scene.remembered('weekly')).toMatchObject({ state: 'open', occurrences: 1, told: 1, untold: null });
  // Told once; and not reminded of by those that do not see it.
  scene.clock.forward(7 * HOUR_MS);
  expect((await scene.instance().notify([well], scene.within())).sent).toEqual([]);
  expect(scene.texts()).toHaveLength(2);
});

test('an end that nobody could be told of is told by any next run, and closes the condition', async () => {
  await scene.instance().notify([scene.alert('a')], scene.within());
  scene.clock.forward(MINUTE_MS);
  scene.server.answer(replyWith(500));
  await scene.instance().notify([scene.alert('a', { severity: 'resolved' })], scene.within());
  scene.server.answer(replyWith(200, { errcode: 0 }));
  scene.clock.forward(MINUTE_MS);
  expect((await scene.instance().notify([scene.alert('b')], scene.within())).sent).toEqual(['b', 'a']);
  expect(scene.texts()[2]).toContain('[恢复] a 出现问题');
  expect(await scene.remembered('a')).toMatchObject({ state: 'closed', untold: null });
});

test('what an instance claimed before it was killed is told by any run two minutes later, and by one of fifty', async () => {
  const killed = createFlakyStore(scene.store, { clock: scene.clock });
  killed.plan({ 'update durable_alerts': { always: 'STORE_UNAVAILABLE' } });
  scene.server.answer(replyWith(500));
  await scene.instance({ store: killed }).notify([scene.alert('a')], scene.within());
  scene.server.answer(replyWith(200, { errcode: 0 }));
  const others = () =>
    Promise.all(
      Array.from({ length: 50 }, () =>
        scene.instance().notify([scene.alert('b', { severity: 'resolved' })], scene.within()),
      ),
    );
  scene.clock.forward(MINUTE_MS);
  expect((await others()).flatMap(({ sent }) => sent)).toEqual([]);
  scene.clock.forward(MINUTE_MS);
  expect((await others()).flatMap(({ sent }) => sent)).toEqual(['a']);
  expect(await scene.remembered('a')).toMatchObject({ occurrences: 1, told: 1 });
});

test('however many conditions are remembered, the own ones are read', async () => {
  for (let n = 0; n < 250; n += 1) {
    const state = { key: `k${n}`, state: 'open', nextAtMs: scene.clock.now() + HOUR_MS, severity: 'fault' };
    await scene.store.insert('durable_alerts', { _id: `alert_k${n}`, seq: 1, occurrences: 1, told: 1, ...state });
  }
  const alerts = Array.from({ length: 100 }, (_, n) => scene.alert(`k${n + 150}`));
  expect((await scene.instance().notify(alerts, scene.within())).sent).toEqual([]);
  expect(await scene.remembered('k249')).toMatchObject({ occurrences: 2 });
});

test('an end that nobody could be told of is told by the next run', async () => {
  await scene.instance().notify([scene.alert('a')], scene.within());
  const end = () => scene.instance().notify([scene.alert('a', { severity: 'resolved' })], scene.within());
  scene.clock.forward(MINUTE_MS);
  scene.server.answer(replyWith(500));
  expect((await end()).failed).toEqual(['a']);
  scene.server.answer(replyWith(200, { errcode: 0 }));
  scene.clock.forward(MINUTE_MS);
  expect((await end()).sent).toEqual(['a']);
  expect(await scene.remembered('a')).toMatchObject({ state: 'closed' });
});

test('an instance that is killed after its claim keeps nobody silent: two minutes later another one tells', async () => {
  // The message never leaves, and no settling ever comes: what a kill looks like to the others.
  const killed = createFlakyStore(scene.store, { clock: scene.clock });
  killed.plan({ 'update durable_alerts': { always: 'STORE_UNAVAILABLE' } });
  scene.server.answer(replyWith(500));
  await scene.instance({ store: killed }).notify([scene.alert('a')], scene.within());
  scene.server.answer(replyWith(200, { errcode: 0 }));
  scene.clock.forward(MINUTE_MS);
  expect((await scene.instance().notify([scene.alert('a')], scene.within())).suppressed).toEqual(['a']);
  scene.clock.forward(MINUTE_MS);
  expect((await scene.instance().notify([scene.alert('a')], scene.within())).sent).toEqual(['a']);
});

test('a claim whose answer was lost is still the own one', async () => {
  const flaky = createFlakyStore(scene.store, { clock: scene.clock });
  flaky.plan({ 'insert durable_alerts': ['answer-lost'] });
  expect((await scene.instance({ store: flaky }).notify([scene.alert('a')], scene.within())).sent).toEqual(['a']);
  expect(scene.events('notify.blind')).toEqual([]);
  expect(await scene.remembered('a')).toMatchObject({ occurrences: 1, told: 1 });
});

test('a lost answer that was "taken" leaves the telling to the instance that has the claim', async () => {
  const flaky = createFlakyStore(scene.store, { clock: scene.clock });
  flaky.plan({ 'insert durable_alerts': ['answer-lost'] });
  const [faster, slower] = await Promise.all([
    scene.instance().notify([scene.alert('a')], scene.within()),
    scene.instance({ store: flaky }).notify([scene.alert('a')], scene.within()),
  ]);
  expect(faster.sent).toEqual(['a']);
  expect(slower.suppressed).toEqual(['a']);
  expect(await scene.remembered('a')).toMatchObject({ occurrences: 2, told: 1 });
});

test('nothing is begun that the deadline leaves no time for', async () => {
  const report = await scene.instance().notify([scene.alert('a')], scene.within(500));
  expect(report).toEqual({ sent: [], suppressed: [], failed: ['a'] });
  expect(scene.texts()).toEqual([]);
  expect(scene.store.dump('durable_alerts')).toEqual([]);
});

test('without a robot nothing is stored and the log alone tells', async () => {
  const report = await scene.instance({ robots: [] }).notify([scene.alert('a')], scene.within());
  expect(report).toEqual({ sent: [], suppressed: ['a'], failed: [] });
  expect(scene.store.dump('durable_alerts')).toEqual([]);
  expect(scene.events('notify.raised')).toMatchObject([{ level: 'error', fields: { key: 'a', severity: 'fault' } }]);
});

test('a key that is no plain name is kept under a digest, and only a hundred conditions are taken at once', async () => {
  const alerts = [scene.alert('../../x y\u0000'), ...Array.from({ length: 120 }, (_, n) => scene.alert(`k${n}`))];
  const report = await scene.instance().notify(alerts, scene.within());
  expect(report.sent).toHaveLength(100);
  expect(report.failed).toHaveLength(21);
  expect(report.sent[0]).toMatch(/^x_[0-9a-f]{32}$/);
});
