import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Notifier } from '../../src/notify/index.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { createFlakyStore } from '../support/flaky-store.ts';
import { HOUR_MS, MINUTE_MS, openScene, type Scene } from './scene.ts';

let scene: Scene;

beforeEach(async () => {
  scene = await openScene();
});

afterEach(() => scene.close());

function outage() {
  const store = createFlakyStore(scene.store, { clock: scene.clock });
  const begin = (): void => store.plan({ '*': { always: 'STORE_UNAVAILABLE' } });
  begin();
  return { store, end: () => store.plan({}) };
}

/** One instance that lives through `hours`, with a run every five minutes. */
async function live(notifier: Notifier, hours: number): Promise<void> {
  for (let run = 0; run < hours * 12; run += 1) {
    const alerts = [scene.alert('recover.failed'), scene.alert(`other.${run % 7}`)];
    await notifier.notify(alerts, scene.within());
    scene.clock.forward(5 * MINUTE_MS);
  }
}

describe('while the database does not answer', () => {
  test('the group is told all the same, and told that it may hear it again', async () => {
    const { store } = outage();
    const report = await scene.instance({ store }).notify([scene.alert('recover.failed')], scene.within());
    expect(report.sent).toEqual(['recover.failed']);
    expect(scene.texts()).toHaveLength(1);
    expect(scene.texts()[0]).toContain('数据库暂不可用，无法记录告警状态，可能重复提醒');
    expect(scene.events('notify.blind')[0]?.fields).toEqual({ code: 'STORE_UNAVAILABLE' });
  });

  test('an instance sends at most one message an hour, whatever it sees', async () => {
    const { store } = outage();
    await live(scene.instance({ store }), 10);
    expect(scene.texts().length).toBeLessThanOrEqual(10);
    expect(scene.texts().length).toBeGreaterThanOrEqual(2);
  });

  test('what it could not tell within that hour it tells after it', async () => {
    const { store } = outage();
    const notifier = scene.instance({ store });
    await notifier.notify([scene.alert('first')], scene.within());
    scene.clock.forward(MINUTE_MS);
    expect((await notifier.notify([scene.alert('second')], scene.within())).suppressed).toEqual(['second']);
    scene.clock.forward(HOUR_MS);
    const later = await notifier.notify([scene.alert('first'), scene.alert('second')], scene.within());
    expect(later.sent).toEqual(['second']);
  });

  test('a hanging database does not use up the time for the message', async () => {
    const { store } = outage();
    store.plan({ '*': { always: 'hang' } });
    const report = await scene.instance({ store }).notify([scene.alert('a')], scene.within());
    expect(report.sent).toEqual(['a']);
  });

  test.each(['page', 'insert', 'update', 'get'])('it is told when only `%s` fails', async (statement) => {
    const { store } = outage();
    store.plan({ [`${statement} durable_alerts`]: { always: 'STORE_UNAVAILABLE' } });
    expect((await scene.instance({ store }).notify([scene.alert('a')], scene.within())).sent).toEqual(['a']);
    expect(scene.texts()).toHaveLength(1);
  });

  test('a collection that does not exist is no reason for silence, and the log says so', async () => {
    const store = createMemoryStore([]);
    expect((await scene.instance({ store }).notify([scene.alert('a')], scene.within())).sent).toEqual(['a']);
    expect(scene.events('notify.blind')[0]?.fields).toEqual({ code: 'STORE_NOT_FOUND' });
  });
});

describe('when the database is back', () => {
  test('what was told during the outage is not told again, and its end is told with all that was counted', async () => {
    const { store, end } = outage();
    const notifier = scene.instance({ store });
    for (let run = 0; run < 3; run += 1) {
      await notifier.notify([scene.alert('recover.failed')], scene.within());
      scene.clock.forward(5 * MINUTE_MS);
    }
    end();
    await notifier.notify([scene.alert('recover.failed')], scene.within());
    expect(scene.texts()).toHaveLength(1);
    expect(await scene.remembered('recover.failed')).toMatchObject({ state: 'open', occurrences: 4, told: 1 });
    scene.clock.forward(5 * MINUTE_MS);
    await scene.instance().notify([scene.alert('recover.failed', { severity: 'resolved' })], scene.within());
    expect(scene.texts()[1]).toContain('已恢复，持续 20 分钟，共发现 4 次');
  });

  test('the end of what only this instance knew is told by it', async () => {
    const { store, end } = outage();
    const notifier = scene.instance({ store });
    await notifier.notify([scene.alert('recover.failed')], scene.within());
    end();
    scene.clock.forward(10 * MINUTE_MS);
    const over = [scene.alert('recover.failed', { severity: 'resolved' })];
    expect((await notifier.notify(over, scene.within())).sent).toEqual(['recover.failed']);
    scene.clock.forward(10 * MINUTE_MS);
    expect((await notifier.notify(over, scene.within())).suppressed).toEqual(['recover.failed']);
    expect(scene.texts()).toHaveLength(2);
    expect(scene.texts()[1]).toContain('已恢复，持续 10 分钟，共发现 1 次');
  });
});
