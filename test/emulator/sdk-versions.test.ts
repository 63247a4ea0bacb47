import { createReadStream, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Emulator } from '../../src/emulator/index.ts';
import { functionsFolder, openEmulator, temporaryFolder, type Json } from './harness.ts';

const require = createRequire(import.meta.url);

/** Who called, as seen by the function itself and by one that it calls. */
const asking = (sdk: string): string => `
const cloud = require(${JSON.stringify(sdk)});
cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV });
exports.main = async ({ depth = 0 }) => {
  const { OPENID } = cloud.getWXContext();
  if (depth === 0) return [OPENID];
  const { result } = await cloud.callFunction({ name: 'ask', data: { depth: depth - 1 } });
  return [OPENID, ...result];
};`;

// Unmodified packages from npm: functions in use were deployed with all three.
describe.each([
  ['4.0.2', 'wx-server-sdk'],
  ['3.0.4', 'wx-server-sdk-3'],
  ['2.6.3', 'wx-server-sdk-2'],
])('wx-server-sdk %s on the local cloud', (version, name) => {
  const cloud = require(name);
  let emulator: Emulator;

  beforeEach(async () => {
    emulator = await openEmulator({ functionsDir: functionsFolder({ ask: asking(name) }, 10) });
    cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV });
    await cloud.database().createCollection('works');
  });

  test('is the version it is said to be', () => {
    expect(require(`${name}/package.json`).version).toBe(version);
  });

  test('writes documents, finds, changes, counts, groups and removes them', async () => {
    const works = cloud.database().collection('works');
    const _ = cloud.database().command;
    const at = new Date('2026-01-02T03:04:05.678Z');
    for (const [place, user] of ['u1', 'u2', 'u1'].entries()) {
      await works.add({ data: { _id: `w${place}`, user, n: place, at, tags: ['新'] } });
    }
    expect((await works.doc('w0').get()).data).toEqual({ _id: 'w0', user: 'u1', n: 0, at, tags: ['新'] });
    const found = await works
      .where({ n: _.gte(1), user: _.in(['u1', 'u2']) })
      .orderBy('n', 'desc')
      .get();
    expect(found.data.map(({ _id }: Json) => _id)).toEqual(['w2', 'w1']);
    const changed = await works.doc('w1').update({ data: { n: _.inc(10), tags: _.push(['旧']) } });
    expect(changed.stats.updated).toBe(1);
    expect((await works.where({ tags: '旧', n: 11 }).count()).total).toBe(1);
    const { list } = await works
      .aggregate()
      .group({ _id: '$user', count: _.aggregate.sum(1) })
      .sort({ _id: 1 })
      .end();
    expect(list).toEqual([
      { _id: 'u1', count: 2 },
      { _id: 'u2', count: 1 },
    ]);
    expect((await works.where({ user: 'u1' }).remove()).stats.removed).toBe(2);
  });

  test('is told of a key that is taken, and of a document that is not there', async () => {
    const works = cloud.database().collection('works');
    await works.add({ data: { _id: 'a' } });
    await expect(works.add({ data: { _id: 'a' } })).rejects.toMatchObject({
      errCode: -502001,
      message: expect.stringContaining('E11000'),
    });
    await expect(works.doc('nobody').get()).rejects.toMatchObject({
      message: expect.stringContaining('does not exist'),
    });
  });

  test('changes several documents in a transaction, or none of them', async () => {
    const database = cloud.database();
    const works = database.collection('works');
    await works.add({ data: { _id: 'from', left: 3 } });
    await works.add({ data: { _id: 'to', left: 0 } });
    const move = (amount: number) =>
      database.runTransaction(async (transaction: typeof database) => {
        const { data } = await transaction.collection('works').doc('from').get();
        await transaction
          .collection('works')
          .doc('from')
          .update({ data: { left: data.left - amount } });
        if (data.left < amount) await transaction.rollback('too little');
        await transaction
          .collection('works')
          .doc('to')
          .update({ data: { left: database.command.inc(amount) } });
      });
    await move(2);
    await expect(move(2)).rejects.toBe('too little');
    const { data } = await works.orderBy('_id', 'asc').get();
    expect(data.map(({ left }: Json) => left)).toEqual([1, 2]);
  });

  test('uploads a buffer and a stream, downloads them, gives out addresses and deletes', async () => {
    const path = join(temporaryFolder(), 'picture.bin');
    const bytes = Buffer.from([0, 255, 13, 10, 45, 45, 128]);
    writeFileSync(path, bytes);
    const { fileID } = await cloud.uploadFile({ cloudPath: '图/中文 a.png', fileContent: bytes });
    const streamed = await cloud.uploadFile({ cloudPath: 'b.bin', fileContent: createReadStream(path) });
    expect((await cloud.downloadFile({ fileID })).fileContent).toEqual(bytes);
    expect((await cloud.downloadFile({ fileID: streamed.fileID })).fileContent).toEqual(bytes);
    const { fileList } = await cloud.getTempFileURL({ fileList: [fileID] });
    const response = await fetch(encodeURI(fileList[0].tempFileURL));
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
    const deleted = await cloud.deleteFile({ fileList: [fileID, fileID] });
    expect(deleted.fileList.map(({ status }: Json) => status)).toEqual([0, -503003]);
  });

  test('calls a function from a function as the same user', async () => {
    const answer = await emulator.invoke('ask', { depth: 2 }, { openid: 'oAnn' });
    expect(answer).toMatchObject({ result: ['oAnn', 'oAnn', 'oAnn'] });
  });
});
