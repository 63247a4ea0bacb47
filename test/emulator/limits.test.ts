import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { EmulatorOptions } from '../../src/emulator/index.ts';
import { createTestClock } from '../support/test-clock.ts';
import { cloud, failureOf, functionsFolder, openCollection, openEmulator, type Json } from './harness.ts';

const PROBE = `
const cloud = require('wx-server-sdk');
cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV });
exports.main = async (event, context) => {
  switch (event.do) {
    case 'say': return 'x'.repeat(event.size);
    case 'nest':
      try { return (await cloud.callFunction({ name: 'probe', data: event.data })).result.length ?? 'object'; }
      catch (error) { return { code: error.code, message: error.message }; }
    case 'hoard': { const kept = []; for (;;) kept.push(new Array(100_000).fill(kept.length)); }
    case 'buffers': {
      const kept = [];
      for (let n = 0; n < event.count; n += 1) {
        kept.push(Buffer.alloc(8 * 1024 * 1024, n));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await new Promise((resolve) => setTimeout(resolve, 300));
      return kept.length;
    }
    case 'spin': { const until = Date.now() + event.ms; while (Date.now() < until); return 'spun'; }
    case 'memory': return context.memory_limit_in_mb;
    case 'gate': {
      const gate = cloud.database().collection('works').doc('gate');
      await gate.update({ data: { here: 1 } });
      while ((await gate.get()).data.isOpen !== true) await new Promise((resolve) => setTimeout(resolve, 5));
      return 'through';
    }
    default: return { heard: event };
  }
};`;

const KIB = 1024;

function open(options: Partial<EmulatorOptions> = {}, config: Json = { timeout: 10 }) {
  const functionsDir = functionsFolder({ probe: PROBE });
  writeFileSync(join(functionsDir, 'probe/config.json'), JSON.stringify(config));
  return openEmulator({ functionsDir, ...options });
}

describe('sizes', () => {
  test('an event that is too large is refused before the function runs', async () => {
    const emulator = await open({ limits: { eventBytes: KIB } });
    expect(await emulator.invoke('probe', { text: 'x'.repeat(KIB) })).toMatchObject({
      errCode: -501007,
      errMsg: expect.stringContaining('request too large'),
    });
    expect(await emulator.invoke('probe', { text: 'x' })).toMatchObject({ result: { heard: { text: 'x' } } });
  });

  test('between functions it is refused by its own code', async () => {
    const emulator = await open({ limits: { eventBytes: KIB } });
    const call = failureOf(cloud.callFunction({ name: 'probe', data: { text: 'x'.repeat(KIB) } }));
    expect(await call).toMatchObject({ code: 'EXCEED_REQUEST_SIZE_LIMIT' });
    expect(await emulator.invoke('probe', { do: 'nest', data: { text: 'x' } })).toMatchObject({ result: 'object' });
  });

  test('a mini program receives no result of more than 1 MB, another function does', async () => {
    const emulator = await open();
    const large = { do: 'say', size: KIB * KIB };
    expect(await emulator.invoke('probe', large)).toEqual({
      errCode: -604001,
      errMsg: 'cloudfunction result size exceed limit (1MB)',
      requestID: expect.any(String),
    });
    expect(await emulator.invoke('probe', { do: 'nest', data: large })).toMatchObject({ result: KIB * KIB });
  });

  test('nobody receives a result of more than 6 MB', async () => {
    const emulator = await open({ limits: { responseBytes: 2 * KIB } });
    const large = { do: 'say', size: 2 * KIB };
    expect(await emulator.invoke('probe', large)).toMatchObject({
      errCode: -504002,
      errMsg: expect.stringContaining('The size of response exceeds the upper limit (6MB)'),
    });
    expect(await emulator.invoke('probe', { do: 'nest', data: large })).toMatchObject({
      result: { code: 'FUNCTIONS_EXECUTE_FAIL' },
    });
  });
});

describe('the database', () => {
  test('a result of more bytes than allowed is refused, a smaller page of it is not', async () => {
    await open({ limits: { queryResultBytes: KIB } });
    const works = await openCollection(
      'works',
      Array.from({ length: 4 }, (_, n) => ({ _id: n, text: '文'.repeat(100) })),
    );
    const message = expect.stringContaining('ask for smaller pages');
    expect(await failureOf(works.get())).toMatchObject({ errCode: -501001, message });
    expect(await failureOf(works.aggregate().end())).toMatchObject({ code: 'EXCEED_MAX_RESPONSE_SIZE' });
    expect((await works.limit(3).get()).data).toHaveLength(3);
  });

  test('one collection more than allowed is not made, and the others work on', async () => {
    await open({ limits: { collections: 1 } });
    const works = await openCollection('works');
    const again = await failureOf(cloud.database().createCollection('works'));
    expect(again).toMatchObject({ code: 'DATABASE_COLLECTION_ALREADY_EXIST' });
    const more = await failureOf(cloud.database().createCollection('more'));
    expect(more).toMatchObject({ code: 'DATABASE_COLLECTION_EXCEED_LIMIT' });
    expect((await failureOf(cloud.database().collection('more').get())).errCode).toBe(-502005);
    expect((await works.count()).total).toBe(0);
  });
});

describe('what is declared', () => {
  test('a collection has 100 indexes at most, and an index 31 fields', async () => {
    const emulator = await open();
    const url = `${emulator.url}/_emulator/indexes/works`;
    const declare = async (indexes: readonly object[]): Promise<number> =>
      (await fetch(url, { method: 'PUT', body: JSON.stringify(indexes) })).status;
    const fields = (count: number): Json => Object.fromEntries(Array.from({ length: count }, (_, n) => [`f${n}`, 1]));
    const many = Array.from({ length: 101 }, (_, n) => ({ keys: { [`f${n}`]: 1 } }));
    expect(await declare(many.slice(1))).toBe(200);
    expect(await declare(many)).toBe(400);
    expect(await (await fetch(url)).json()).toMatchObject({ indexes: { length: 100 } });
    expect(await declare([{ keys: fields(32) }])).toBe(400);
    expect(await declare([{ keys: fields(31) }])).toBe(200);
  });
});

describe('settings', () => {
  test('a function whose variables take more than 4 KB does not run, until they take less', async () => {
    const config = (length: number): Json => ({ timeout: 5, envVariables: { LONG: 'x'.repeat(length) } });
    const functionsDir = functionsFolder({ probe: PROBE });
    const set = (length: number) =>
      writeFileSync(join(functionsDir, 'probe/config.json'), JSON.stringify(config(length)));
    set(4 * KIB - 3);
    const emulator = await openEmulator({ functionsDir });
    expect(await emulator.invoke('probe', {})).toMatchObject({
      errCode: -504002,
      errMsg: expect.stringContaining('environment variables have 4097 bytes, the limit is 4096'),
    });
    set(4 * KIB - 4);
    expect(await emulator.invoke('probe', {})).toMatchObject({ result: { heard: {} } });
  });
});

describe('how much at once', () => {
  test('one run more than allowed is refused and not kept waiting; later there is room again', async () => {
    const emulator = await open({ limits: { concurrentCalls: 1 } });
    const works = await openCollection('works', [{ _id: 'gate', here: 0, isOpen: false }]);
    const first = emulator.invoke('probe', { do: 'gate' });
    while ((await works.doc('gate').get()).data.here === 0);
    expect(await emulator.invoke('probe', {})).toMatchObject({
      errCode: -501004,
      errMsg: expect.stringContaining('exceed concurrent request limit'),
    });
    expect(await failureOf(cloud.callFunction({ name: 'probe' }))).toMatchObject({
      code: 'EXCEED_CONCURRENT_REQUEST_LIMIT',
    });
    await works.doc('gate').update({ data: { isOpen: true } });
    expect(await first).toMatchObject({ result: 'through' });
    expect(await emulator.invoke('probe', {})).toMatchObject({ result: { heard: {} } });
  });

  test('a database request more than allowed is refused with -501004, and has written nothing', async () => {
    const clock = createTestClock();
    const emulator = await open({ clock, limits: { concurrentRequests: 1 } });
    const works = await openCollection('works');
    emulator.faults.set([{ action: 'insertDocument', inject: 'delay', delayMs: 1000, times: 1 }]);
    const slow = works.add({ data: { _id: 'slow' } });
    const fired = async () => (await (await fetch(`${emulator.url}/_emulator/faults`)).json()) as { matched: number }[];
    while ((await fired())[0]?.matched === 0);
    expect(await failureOf(works.add({ data: { _id: 'refused' } }))).toMatchObject({ errCode: -501004 });
    await clock.advance(1000);
    await slow;
    const { data } = await works.get();
    expect(data.map(({ _id }: Json) => _id)).toEqual(['slow']);
  });

  test('requests beyond those of one second are refused until the next', async () => {
    const clock = createTestClock();
    const emulator = await open({ clock, limits: { requestsPerSecond: 3 } });
    const works = await openCollection('works');
    await works.count();
    await works.count();
    expect(await failureOf(works.count())).toMatchObject({
      errCode: -501001,
      message: expect.stringContaining('3 requests a second are exceeded'),
    });
    expect(await emulator.invoke('probe', {})).toMatchObject({
      errCode: -501001,
      errMsg: expect.stringContaining('EXCEED_RATELIMIT'),
    });
    expect((await fetch(`${emulator.url}/http/probe`)).status).toBe(429);
    await clock.advance(1000);
    expect(await works.count()).toMatchObject({ total: 0 });
  });
});

describe('memory and time', () => {
  test('a function that takes more than its memorySize ends alone, and the next call is served', async () => {
    const emulator = await open({}, { timeout: 30, memorySize: 64 });
    expect(await emulator.invoke('probe', { do: 'memory' })).toMatchObject({ result: 64 });
    expect(await emulator.invoke('probe', { do: 'nest', data: { do: 'hoard' } })).toMatchObject({
      result: { code: 'FUNCTIONS_MEMORY_LIMIT_EXCEEDED' },
    });
    expect(await emulator.invoke('probe', { do: 'hoard' })).toMatchObject({ errCode: -504002 });
    expect(await emulator.invoke('probe', {})).toMatchObject({ result: { heard: {} } });
  });

  test('Buffers, which lie outside of the heap, count too', async () => {
    const emulator = await open({}, { timeout: 30, memorySize: 128 });
    const hoard = (count: number) => emulator.invoke('probe', { do: 'buffers', count });
    expect(await hoard(30)).toMatchObject({ errCode: -504002, errMsg: expect.stringContaining('memory limit') });
    expect(await hoard(2)).toMatchObject({ result: 2 });
    const relaxed = await open({ limits: false }, { timeout: 30, memorySize: 128 });
    expect(await relaxed.invoke('probe', { do: 'buffers', count: 30 })).toMatchObject({ result: 30 });
  });

  test('a function that sets nothing has 256 MB', async () => {
    const emulator = await open();
    expect(await emulator.invoke('probe', { do: 'memory' })).toMatchObject({ result: 256 });
  });

  test('a function that is too slow is ended, unless limits are off', async () => {
    const slow = { do: 'spin', ms: 1500 };
    const strict = await open({}, { timeout: 1 });
    expect(await strict.invoke('probe', slow)).toMatchObject({ errCode: -504003 });
    const relaxed = await open({ limits: false }, { timeout: 1 });
    expect(await relaxed.invoke('probe', slow)).toMatchObject({ result: 'spun' });
  });

  test('without limits a large event and a large result pass', async () => {
    const emulator = await open({ limits: false });
    const event = { do: 'say', size: 7 * KIB * KIB, padding: 'x'.repeat(7 * KIB * KIB) };
    const answer = (await emulator.invoke('probe', event)) as { result: string };
    expect(answer.result).toHaveLength(7 * KIB * KIB);
  });
});
