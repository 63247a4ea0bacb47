import { describe, expect, test } from 'vitest';
import type { Emulator, FaultRule } from '../../src/emulator/index.ts';
import {
  admin,
  cloud,
  failureOf,
  functionsFolder,
  openCollection,
  openEmulator,
  stored,
  temporaryFolder,
} from './harness.ts';

async function putFaults(emulator: Emulator, rules: unknown): Promise<Response> {
  return fetch(`${emulator.url}/_emulator/faults`, { method: 'PUT', body: JSON.stringify(rules) });
}

describe('what the SDK reports of each fault on add, and how many documents were really stored', () => {
  const SYSTEM = 'collection.add:fail -501001 resource system error. ';
  test.each<[string, Partial<FaultRule>, unknown, string | RegExp, number]>([
    ['refused', { inject: 'refused' }, -501001, `${SYSTEM}connect ECONNREFUSED 127.0.0.1:1`, 0],
    ['reset before', { inject: 'reset-before' }, -501001, `${SYSTEM}read ECONNRESET`, 0],
    ['reset after', { inject: 'reset-after' }, -501001, `${SYSTEM}read ECONNRESET`, 1],
    ['cut', { inject: 'cut' }, -501001, `${SYSTEM}aborted`, 1],
    ['status 429', { inject: 'status', status: 429 }, -501001, /429 Too Many Requests \| \[http/, 0],
    ['status 502 JSON', { inject: 'status', status: 502 }, -501001, /502 Bad Gateway \| \[http/, 0],
    ['status 502 after', { inject: 'status-after', status: 502 }, -501001, /502 Bad Gateway \| \[http/, 1],
    ['status 503 empty', { inject: 'status', status: 503, body: 'empty' }, -501001, /503 Service Unavailable/, 0],
    [
      'status 502 HTML',
      { inject: 'status', status: 502, body: 'html' },
      undefined,
      /^collection.add:fail Unexpected token '<'/,
      0,
    ],
    ['status 200 HTML', { inject: 'status-after', status: 200, body: 'html' }, undefined, /Unexpected token '<'/, 1],
    ['status 200 empty', { inject: 'status', status: 200, body: 'empty' }, undefined, /reading 'code'/, 0],
    [
      'throttled',
      { inject: 'error', code: 'EXCEED_CONCURRENT_REQUEST_LIMIT' },
      -501004,
      /exceed concurrent request limit/,
      0,
    ],
    [
      'quota',
      { inject: 'error', code: 'EXCEED_REQUEST_LIMIT', message: 'used up' },
      -501003,
      /exceed request limit. used up$/,
      0,
    ],
    ['server timeout', { inject: 'error', code: 'SERVER_TIMEOUT' }, -501002, /resource server timeout/, 0],
    ['permission', { inject: 'error', code: 'DATABASE_PERMISSION_DENIED' }, -502003, /database permission denied/, 0],
    ['unknown code', { inject: 'error', code: 'DATABASE_TIMEOUT', message: 'slow' }, -501001, `${SYSTEM}slow`, 0],
  ])('"%s" has its own error, and stores what it should', async (_name, rule, errCode, text, storedCount) => {
    const emulator = await openEmulator();
    const works = await openCollection('works');
    emulator.faults.set([{ collection: 'works', times: 1, ...rule } as FaultRule]);
    const failure = await failureOf(works.add({ data: { _id: 'a' } }));
    expect(failure.errCode === -1 ? undefined : failure.errCode).toBe(errCode);
    expect(failure.message).toEqual(typeof text === 'string' ? text : expect.stringMatching(text));
    expect(await stored(emulator, 'works')).toHaveLength(storedCount);
    await works.add({ data: { _id: 'b' } });
    expect(await stored(emulator, 'works')).toHaveLength(storedCount + 1);
  });

  test.each<[string, FaultRule, number]>([
    ['hang', { inject: 'hang', times: 1 }, 0],
    ['hang after', { inject: 'hang-after', times: 1 }, 1],
    ['slower than the timeout', { inject: 'delay', delayMs: 400, times: 1 }, 1],
  ])('"%s" ends at the timeout of the SDK', async (_name, rule, storedCount) => {
    const emulator = await openEmulator();
    const works = await openCollection('works');
    emulator.faults.set([rule]);
    const hasty = cloud.createNewInstance({ env: cloud.DYNAMIC_CURRENT_ENV, timeout: 150 }).database();
    const failure = await failureOf(hasty.collection('works').add({ data: { _id: 'a' } }));
    expect(failure).toMatchObject({ errCode: -501001, message: `${SYSTEM}request timeout` });
    await expect.poll(() => stored(emulator, 'works')).toHaveLength(storedCount);
    expect((await works.count()).total).toBe(storedCount);
  });

  test('a delay alone is done and answered', async () => {
    const emulator = await openEmulator();
    const works = await openCollection('works');
    emulator.faults.add({ inject: 'delay', delayMs: 30 });
    await works.add({ data: { _id: 'a' } });
    expect(await stored(emulator, 'works')).toEqual([{ _id: 'a' }]);
  });
});

describe('what the SDK reports of faults elsewhere', () => {
  test('an aggregation keeps the name of the refusal', async () => {
    const emulator = await openEmulator();
    const works = await openCollection('works');
    emulator.faults.set([
      { action: 'aggregateDocuments', inject: 'error', code: 'EXCEED_REQUEST_LIMIT', message: 'm' },
    ]);
    expect(await failureOf(works.aggregate().end())).toMatchObject({ errCode: -1, code: 'EXCEED_REQUEST_LIMIT' });
    emulator.faults.set([{ action: 'aggregateDocuments', inject: 'reset-before' }]);
    expect(await failureOf(works.aggregate().end())).toMatchObject({ errCode: -1, code: 'ECONNRESET' });
  });

  test.each<[string, FaultRule, object]>([
    [
      'metadata refused',
      { storage: 'metadata', inject: 'error', code: 'SYS_ERR', message: 'm' },
      { errCode: -1, code: 'SYS_ERR' },
    ],
    [
      'forbidden',
      { storage: 'upload', inject: 'error', code: 'AccessDenied', message: 'denied' },
      { code: 'STORAGE_REQUEST_FAIL', message: /\[AccessDenied\]: denied/ },
    ],
    ['reset', { storage: 'upload', inject: 'reset-before' }, { errCode: -1, code: 'ECONNRESET' }],
    [
      'plain 500',
      { storage: 'upload', inject: 'status', status: 500, body: 'text' },
      { errCode: -1, message: /Non-whitespace before first tag/ },
    ],
  ])('an upload that meets "%s" fails and stores nothing', async (_name, rule, expected) => {
    const emulator = await openEmulator({ faults: [rule] });
    const failure = await failureOf(cloud.uploadFile({ cloudPath: 'x', fileContent: Buffer.from('x') }));
    for (const [key, value] of Object.entries(expected)) {
      expect(failure[key as keyof typeof failure]).toEqual(
        value instanceof RegExp ? expect.stringMatching(value) : value,
      );
    }
    expect(await (await fetch(`${emulator.url}/_emulator/files`)).text()).toBe('');
  });

  test('an upload that meets an empty 500 seems to succeed and has stored nothing', async () => {
    const emulator = await openEmulator({
      faults: [{ storage: 'upload', inject: 'status', status: 500, body: 'empty' }],
    });
    expect(await cloud.uploadFile({ cloudPath: 'x', fileContent: Buffer.from('x') })).toMatchObject({
      errMsg: 'uploadFile:ok',
    });
    expect(await (await fetch(`${emulator.url}/_emulator/files`)).text()).toBe('');
  });

  test.each<[string, FaultRule, object]>([
    ['a reset download', { storage: 'download', inject: 'reset-before' }, { errCode: -1, code: 'ECONNRESET' }],
    [
      'a download cut in the middle',
      { storage: 'download', inject: 'cut' },
      { errCode: -1, message: expect.stringContaining('aborted') },
    ],
    ['a failing download', { storage: 'download', inject: 'status', status: 500 }, { code: 'STORAGE_REQUEST_FAIL' }],
    ['no address', { storage: 'download-url', inject: 'error', code: 'SYS_ERR' }, { code: 'SYS_ERR' }],
  ])('%s is reported', async (_name, rule, expected) => {
    const emulator = await openEmulator();
    const { fileID } = await cloud.uploadFile({ cloudPath: 'x', fileContent: Buffer.from('x') });
    emulator.faults.set([rule]);
    expect(await failureOf(cloud.downloadFile({ fileID }))).toMatchObject(expected);
  });

  test('a deletion reset after it was done has deleted', async () => {
    const emulator = await openEmulator();
    const { fileID } = await cloud.uploadFile({ cloudPath: 'x', fileContent: Buffer.from('x') });
    emulator.faults.set([{ storage: 'delete', inject: 'reset-after' }]);
    expect(await failureOf(cloud.deleteFile({ fileList: [fileID] }))).toMatchObject({ code: 'ECONNRESET' });
    expect(await (await fetch(`${emulator.url}/_emulator/files`)).text()).toBe('');
  });
});

describe('which requests a rule meets', () => {
  async function outcomes(emulator: Emulator, count: number): Promise<string> {
    let text = '';
    for (let index = 0; index < count; index += 1) {
      const answer = await admin(emulator, { action: 'database.calculateDocument', collectionName: 'works' });
      text += 'code' in answer ? 'x' : '.';
    }
    return text;
  }

  const fault = (rule: Partial<FaultRule>): FaultRule => ({ inject: 'error', code: 'SYS_ERR', ...rule });

  test.each<[string, Partial<FaultRule>, string]>([
    ['every one', {}, 'xxxxxx'],
    ['the first two', { times: 2 }, 'xx....'],
    ['two after the first three', { skip: 3, times: 2 }, '...xx.'],
    ['those of its collection', { collection: ['other', 'works'] }, 'xxxxxx'],
    ['none of another collection', { collection: 'other' }, '......'],
    ['those of its action by its full name', { action: 'database.calculateDocument' }, 'xxxxxx'],
    ['those of its action by its short name', { action: ['insertDocument', 'calculateDocument'] }, 'xxxxxx'],
    ['none of another action', { action: 'insertDocument' }, '......'],
    ['none with only one of two matchers fitting', { action: 'calculateDocument', collection: 'other' }, '......'],
    ['none with a probability of 0', { probability: 0 }, '......'],
    ['none of a step of storage', { storage: 'upload' }, '......'],
    ['none of the provider', { provider: 'generate' }, '......'],
  ])('a rule meets %s', async (_name, rule, expected) => {
    const emulator = await openEmulator();
    await openCollection('works');
    emulator.faults.set([fault(rule)]);
    expect(await outcomes(emulator, 6)).toBe(expected);
  });

  test('a probability follows its seed: the same seed the same requests, another seed others', async () => {
    const emulator = await openEmulator();
    await openCollection('works');
    const withSeed = async (seed: number) => {
      emulator.faults.set([fault({ probability: 0.5, seed })]);
      return outcomes(emulator, 40);
    };
    const first = await withSeed(1);
    expect(await withSeed(1)).toBe(first);
    expect(await withSeed(2)).not.toBe(first);
    expect(first).toMatch(/x.*\..*x/);
  });

  test('the first rule that fits and is not spent decides, a delay adds itself to the next', async () => {
    const emulator = await openEmulator();
    await openCollection('works');
    emulator.faults.set([
      { inject: 'delay', delayMs: 1 },
      fault({ times: 1, code: 'FIRST' }),
      fault({ code: 'SECOND' }),
    ]);
    const code = async () =>
      (await admin(emulator, { action: 'database.calculateDocument', collectionName: 'works' }))['code'];
    expect([await code(), await code(), await code()]).toEqual(['FIRST', 'SECOND', 'SECOND']);
    const report = (await (await fetch(`${emulator.url}/_emulator/faults`)).json()) as { fired: number }[];
    expect(report.map(({ fired }) => fired)).toEqual([3, 1, 2]);
  });

  test('a rule for a document meets adds, reads and updates of that document', async () => {
    const emulator = await openEmulator();
    const works = await openCollection('works', [{ _id: 'b' }]);
    emulator.faults.set([fault({ id: 'a' })]);
    const _ = cloud.database().command;
    await failureOf(works.add({ data: { _id: 'a' } }));
    await failureOf(works.doc('a').get());
    await failureOf(works.where({ _id: 'a', n: _.gt(1) }).update({ data: { n: 1 } }));
    await failureOf(works.where({ _id: _.in(['b', 'a']) }).get());
    expect((await works.doc('b').get()).data).toEqual({ _id: 'b' });
  });

  test('the addresses for checkers and calls of functions are never met by a rule without matchers', async () => {
    const emulator = await openEmulator({ faults: [{ inject: 'reset-before' }] });
    expect((await fetch(`${emulator.url}/_emulator/health`)).status).toBe(200);
    expect(await emulator.invoke('nope', {})).toMatchObject({ errCode: -501000 });
  });

  test('cleared rules meet nothing', async () => {
    const emulator = await openEmulator();
    await openCollection('works');
    await putFaults(emulator, [fault({})]);
    expect(await outcomes(emulator, 2)).toBe('xx');
    await fetch(`${emulator.url}/_emulator/faults`, { method: 'DELETE' });
    expect(await outcomes(emulator, 2)).toBe('..');
  });
});

describe('bad rules', () => {
  test.each<[unknown, RegExp]>([
    [{}, /faults must be a list of rules/],
    [[null], /faults\[0\] must be an object/],
    [[{}], /faults\[0\]\.inject is missing; one of refused/],
    [[{ inject: 'explode' }], /faults\[0\]\.inject "explode" is unknown/],
    [[{ inject: 'hang' }, { inject: 'hang', tims: 1 }], /faults\[1\]\.tims is unknown; known are action/],
    [[{ inject: 'hang', times: 0 }], /faults\[0\]\.times must be a whole number from 1/],
    [[{ inject: 'hang', probability: 2 }], /faults\[0\]\.probability must be a number from 0 to 1/],
    [[{ inject: 'hang', action: [] }], /faults\[0\]\.action must be a name or a list of names/],
    [[{ inject: 'hang', storage: 'put' }], /faults\[0\]\.storage "put" is unknown; one of metadata/],
    [[{ inject: 'delay' }], /faults\[0\]\.delayMs is missing; "delay" needs it/],
    [[{ inject: 'status' }], /faults\[0\]\.status is missing/],
    [[{ inject: 'error' }], /faults\[0\]\.code is missing/],
  ])('%j is refused with its field named, and the rules in force stay', async (rules, text) => {
    const emulator = await openEmulator({ faults: [{ action: 'x', inject: 'hang' }] });
    const response = await putFaults(emulator, rules);
    expect(response.status).toBe(400);
    expect(((await response.json()) as { error: string }).error).toMatch(text);
    expect(await (await fetch(`${emulator.url}/_emulator/faults`)).json()).toMatchObject([{ rule: { action: 'x' } }]);
  });

  test('a bad rule given at the start keeps the emulator from starting, and its folder free', async () => {
    const dir = temporaryFolder();
    await expect(openEmulator({ dir, faults: [{ inject: 'delay' }] })).rejects.toThrow('delayMs is missing');
    await openEmulator({ dir });
  });
});

describe('faults that come after an effect', () => {
  const AFTER = ['reset-after', 'cut', 'hang-after', 'status-after', 'kill-after'] as const;

  test.each(AFTER)('%s lets what is refused pass, and meets the next request that takes effect', async (inject) => {
    const emulator = await openEmulator();
    const works = await openCollection('works', [{ _id: 'taken' }]);
    const status = inject === 'status-after' ? { status: 502 } : {};
    emulator.faults.set([{ action: 'insertDocument', inject, times: 1, ...status }]);
    const hasty = cloud.createNewInstance({ env: cloud.DYNAMIC_CURRENT_ENV, timeout: 500 }).database();
    expect((await failureOf(works.add({ data: { _id: 'taken' } }))).message).toContain('E11000');
    expect(await fired(emulator)).toBe(0);
    const lost = await failureOf(hasty.collection('works').add({ data: { _id: 'new' } }));
    expect(lost.message).not.toContain('E11000');
    expect(await stored(emulator, 'works')).toEqual([{ _id: 'taken' }, { _id: 'new' }]);
    expect(await fired(emulator)).toBe(1);
  });

  test('so does one for uploads, calls and HTTP accesses', async () => {
    const functionsDir = functionsFolder({ probe: `exports.main = async () => 'ran';` }, 5);
    const emulator = await openEmulator({ functionsDir });
    emulator.faults.set([{ storage: 'upload', inject: 'reset-after', times: 1 }]);
    expect((await fetch(`${emulator.url}/cos/x`, { method: 'PUT', body: 'x' })).status).toBe(403);
    expect(await fired(emulator)).toBe(0);
    await failureOf(cloud.uploadFile({ cloudPath: 'x', fileContent: Buffer.from('x') }));
    expect(await fired(emulator)).toBe(1);

    emulator.faults.set([{ function: ['nobody', 'probe'], inject: 'reset-after', times: 1 }]);
    expect(await emulator.invoke('nobody', {})).toMatchObject({ errCode: -501000 });
    expect((await fetch(`${emulator.url}/http/nobody`)).status).toBe(404);
    expect(await fired(emulator)).toBe(0);
    await expect(fetch(`${emulator.url}/http/probe`)).rejects.toThrow();
    expect(await fired(emulator)).toBe(1);
  });

  async function fired(emulator: Emulator): Promise<number | undefined> {
    const [rule] = (await (await fetch(`${emulator.url}/_emulator/faults`)).json()) as { fired: number }[];
    return rule?.fired;
  }
});
