/** Attack 15: names that lead out of their folder, of files, of functions, of records and of pages. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeClock } from '../../src/core/node/index.ts';
import { letterFile } from '../../src/durable/tiers.ts';
import { createCloudbaseBlobs } from '../../src/store/cloudbase/index.ts';
import { createMemoryBlobs } from '../../src/store/memory/index.ts';
import { openSdk } from '../support/in-process.ts';
import { person, workIdOf } from '../support/local-cloud.ts';
import { createAttackStage, expectRefusal, type AttackStage } from './stage.ts';

const OPENID = 'oWalker';

let stage: AttackStage;

beforeAll(async () => {
  stage = await createAttackStage();
  await stage.add('users', person(OPENID));
});

afterAll(() => stage.close());

const PATHS = [
  '../../users',
  '..\\..\\users',
  '/etc/passwd',
  '%2e%2e%2fusers',
  'a/../../b',
  'a//b',
  './a',
  '.',
  '..',
  '',
  ' ',
  'a\u0000b',
  'a\nb',
  'a\u2215b',
  'a\uff0fb',
  'a\u2024\u2024b',
  'cloud://other-env.bucket/x',
  'C:\\windows',
  'a'.repeat(257),
  '\u202egnp.x',
] as const;

describe.each(PATHS)('the name %j', (name) => {
  test('is no id of a work, no key of a request and no place in a history', async () => {
    for (const event of [
      { action: 'deleteWork', data: { workId: name } },
      // A request's key may have dots: it is hashed, and no path is made of it.
      ...(/^\.+$/.test(name) ? [] : [{ action: 'generate', data: { prompt: '好', requestId: name } }]),
      { action: 'getHistory', data: { cursor: name } },
      { action: 'getHistory', data: { cursor: `1-${name}` } },
    ]) {
      const { value, sent } = await stage.harmless(() => stage.call(OPENID, event));
      expectRefusal(value, 400, 'INPUT_INVALID');
      expect(sent).toEqual([]);
    }
  });

  test('is no name of a file, in storage or in memory', async () => {
    const bytes = new Uint8Array([1]);
    for (const blobs of [createCloudbaseBlobs(openSdk(stage), nodeClock, fetch), createMemoryBlobs()]) {
      const { sent } = await stage.harmless(() =>
        expect(blobs.put(name, bytes)).rejects.toMatchObject({ code: 'INPUT_INVALID' }),
      );
      expect(sent).toEqual([]);
    }
  });

  test('leads no letter out of its folder, and to no name of another letter', () => {
    const file = letterFile(name);
    expect(file).toMatch(/^wx-durable\/letters\/[\w.-]*\.json$/);
    expect(file).not.toMatch(/\/\.+\/|\/\.\.?$/);
    expect(new Set([...PATHS, 'users', 'a', 'b', 'xa'].map(letterFile)).size).toBe(PATHS.length + 4);
  });

  test('is no function: nothing outside the folder is loaded', async () => {
    const { value } = await stage.harmless(async () => {
      const response = await fetch(`${stage.url}/invoke/${encodeURIComponent(name)}`, { method: 'POST', body: '{}' });
      return response.text();
    });
    expect(value).not.toMatch(/root:|"result"/);
  });
});

test('plain names are taken: the refusals above are about the names', async () => {
  expect(await stage.generate(OPENID, { prompt: '好', requestId: 'a_b.c:d-1' })).toMatchObject({ code: 200 });
  const workId = workIdOf(OPENID, 'a_b.c:d-1');
  expect((await stage.files()).map(({ path }) => path)).toContain(`wx-durable/pictures/${workId}_1.png`);
  expect(await stage.call(OPENID, { action: 'getHistory', data: { cursor: `9-${workId}` } })).toMatchObject({
    code: 200,
  });
  expect(await stage.call(OPENID, { action: 'deleteWork', data: { workId } })).toMatchObject({ code: 200 });
  const blobs = createCloudbaseBlobs(openSdk(stage), nodeClock, fetch);
  expect(await blobs.put('folder/file-1.txt', new Uint8Array([1]))).toMatch(/folder\/file-1\.txt$/);
});
