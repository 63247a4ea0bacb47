import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSdkCloud, type SdkCloud } from '../store/sdk-cloud.ts';
import { MINUTE_MS, openScene, type Scene } from './scene.ts';

let cloud: SdkCloud;
let scene: Scene;

beforeAll(async () => {
  cloud = await openSdkCloud();
  await cloud.store.createCollection('durable_alerts');
  scene = await openScene();
});

afterAll(async () => {
  await scene.close();
  await cloud.close();
});

test('through the real SDK a condition is told once by twenty instances, counted, and told when it ends', async () => {
  const instance = () => scene.instance({ store: cloud.store });
  const runs = Array.from({ length: 20 }, () => instance().notify([scene.alert('a')], scene.within()));
  const reports = await Promise.all(runs);
  expect(reports.flatMap(({ sent }) => sent)).toEqual(['a']);
  expect(await cloud.store.get('durable_alerts', 'alert_a')).toMatchObject({ state: 'open', occurrences: 20, told: 1 });
  scene.clock.forward(MINUTE_MS);
  const end = await instance().notify([scene.alert('a', { severity: 'resolved' })], scene.within());
  expect(end.sent).toEqual(['a']);
  expect(scene.texts()).toHaveLength(2);
});

test('round trips: one when all is well, two when it was told already, four to tell', async () => {
  const instance = () => scene.instance({ store: cloud.store });
  const requests = async (severity: 'fault' | 'resolved'): Promise<number> => {
    scene.clock.forward(MINUTE_MS);
    cloud.meet();
    await instance().notify([scene.alert('trips', { severity })], scene.within());
    return cloud.requests();
  };
  expect(await requests('resolved')).toBe(1);
  expect(await requests('fault')).toBe(4);
  expect(await requests('fault')).toBe(2);
  expect(await requests('resolved')).toBe(4);
});
