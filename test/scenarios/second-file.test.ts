import { renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLocalCloud, person, workIdOf, type LocalCloud } from '../support/local-cloud.ts';

/** `generateImage` as it is uploaded, but its second file was left behind. */
let cloud: LocalCloud;
const file = (): string => join(cloud.folder, 'cloudfunctions/generateImage/rarely.js');
const lose = (): void => renameSync(file(), `${file()}.lost`);
const find = (): void => renameSync(`${file()}.lost`, file());

beforeAll(async () => {
  cloud = await createLocalCloud();
  await cloud.add('users', person('oAnna'));
  lose();
});

afterAll(() => cloud.close());

const again = { prompt: '灯塔', requestId: 'r1' };

describe('without its second file', () => {
  test('a new picture is made, recorded, and answered again', async () => {
    const made = await cloud.generate('oAnna', again);
    expect(made).toMatchObject({ code: 200, data: { savedIn: 'works' } });
    expect(await cloud.generate('oAnna', again)).toMatchObject({ code: 200, data: { workId: made.data?.['workId'] } });
    expect(cloud.pictureCalls()).toHaveLength(1);
  });

  test('a record goes to the lower tiers when the database refuses it: all of them are in the first file', async () => {
    const works = { action: 'insertDocument', collection: 'works', inject: 'refused' } as const;
    cloud.faults.set([works]);
    expect(await cloud.generate('oAnna', { ...again, requestId: 'r2' })).toMatchObject({
      code: 200,
      data: { savedIn: 'emergency_backup' },
    });
    cloud.faults.set([works, { ...works, collection: 'emergency_backup' }]);
    expect(await cloud.generate('oAnna', { ...again, requestId: 'r3' })).toMatchObject({
      code: 200,
      data: { savedIn: 'storage' },
    });
    cloud.faults.clear();
    expect(cloud.pictureCalls()).toHaveLength(3);
  });

  test('what an earlier call left elsewhere is not answered, and not paid for again', async () => {
    const before = await cloud.commits();
    for (const requestId of ['r2', 'r3']) {
      expect(await cloud.generate('oAnna', { ...again, requestId })).toEqual({
        code: 500,
        message: '系统错误，请稍后再试',
        error: { code: 'INTERNAL', category: 'fault' },
        requestId,
      });
    }
    expect(await cloud.call('oAnna', { action: 'getHistory' })).toMatchObject({ code: 500 });
    expect(await cloud.commits()).toBe(before);
    expect(cloud.pictureCalls()).toHaveLength(3);
    expect(cloud.printed.join('')).toContain('"event":"call.fault"');
  });

  test('everything is answered once the file is there: a failed loading is not remembered', async () => {
    find();
    expect(await cloud.generate('oAnna', { ...again, requestId: 'r2' })).toMatchObject({
      code: 200,
      data: { workId: workIdOf('oAnna', 'r2'), savedIn: 'emergency_backup' },
    });
    expect(await cloud.call('oAnna', { action: 'getHistory' })).toMatchObject({ code: 200, data: { partial: false } });
    expect(cloud.pictureCalls()).toHaveLength(3);
  });
});

test('loading the function does not load its second file', () => {
  const main = join(cloud.folder, 'cloudfunctions/generateImage/index.js');
  const require = createRequire(main);
  require(main);
  expect(Object.keys(require.cache)).toContain(main);
  expect(Object.keys(require.cache)).not.toContain(file());
  require(file());
  expect(Object.keys(require.cache)).toContain(file());
});
