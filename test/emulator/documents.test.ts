import { expect, test } from 'vitest';
import { admin, cloud, failureOf, openCollection, openEmulator, stored } from './harness.ts';

test('a document is added under its own id and read back with the types it had', async () => {
  await openEmulator();
  const works = await openCollection('works');
  const document = {
    _id: 'a1',
    n: 1,
    big: 2 ** 40,
    share: 0.5,
    none: null,
    at: new Date(1_500_000_000_123),
    list: [1, ['x']],
    in: { deep: true },
  };
  expect(await works.add({ data: document })).toEqual({ _id: 'a1', errMsg: 'collection.add:ok' });
  expect((await works.doc('a1').get()).data).toEqual(document);
});

test('a document without an id gets 32 hexadecimal characters', async () => {
  await openEmulator();
  const works = await openCollection('works');
  const first = await works.add({ data: { n: 1 } });
  const second = await works.add({ data: { n: 2 } });
  expect(first._id).toMatch(/^[0-9a-f]{32}$/);
  expect(second._id).not.toBe(first._id);
});

test('a number and its text are two different ids', async () => {
  const emulator = await openEmulator();
  const works = await openCollection('works', [{ _id: 7 }, { _id: '7' }]);
  await works.doc(7).remove();
  expect(await stored(emulator, 'works')).toEqual([{ _id: '7' }]);
});

test('an ObjectId comes back as its hexadecimal text, in ids and in fields', async () => {
  const emulator = await openEmulator();
  await openCollection('works');
  const oid = '65f0a1b2c3d4e5f60718293a';
  const data = [JSON.stringify({ _id: { $oid: oid }, other: { $oid: oid } })];
  expect(await admin(emulator, { action: 'database.insertDocument', collectionName: 'works', data })).toMatchObject({
    data: { insertedIds: [oid] },
  });
  expect((await cloud.database().collection('works').doc(oid).get()).data).toEqual({ _id: oid, other: oid });
});

test('a second document with the same id is refused as E11000 and the first stays', async () => {
  await openEmulator();
  const works = await openCollection('works', [{ _id: 'a1', n: 1 }]);
  const failure = await failureOf(works.add({ data: { _id: 'a1', n: 2 } }));
  expect(failure.errCode).toBe(-502001);
  expect(failure.message).toBe(
    'collection.add:fail -502001 database request fail. [FailedOperation.Insert] multiple write errors: [{write errors: ' +
      '[{E11000 duplicate key error collection: emu-env.works index: _id_ dup key: { _id: "a1" }}]}, {<nil>}]',
  );
  expect((await works.doc('a1').get()).data.n).toBe(1);
});

test('of several documents added together, those before the refused one are kept', async () => {
  const emulator = await openEmulator();
  const works = await openCollection('works', [{ _id: 'b' }]);
  await failureOf(works.add({ data: [{ _id: 'a' }, { _id: 'b' }, { _id: 'c' }] }));
  expect((await stored(emulator, 'works')).map(({ _id }) => _id)).toEqual(['b', 'a']);
});

test.each([
  [
    'add',
    () =>
      cloud
        .database()
        .collection('missing')
        .add({ data: { n: 1 } }),
  ],
  ['get', () => cloud.database().collection('missing').get()],
  ['count', () => cloud.database().collection('missing').count()],
  [
    'update',
    () =>
      cloud
        .database()
        .collection('missing')
        .doc('a')
        .update({ data: { n: 1 } }),
  ],
  ['remove', () => cloud.database().collection('missing').doc('a').remove()],
])('%s on a collection that was never created fails with -502005', async (_name, call) => {
  await openEmulator();
  const failure = await failureOf(call());
  expect(failure.errCode).toBe(-502005);
  expect(failure.message).toContain('[ResourceNotFound] Db or Table not exist: missing');
});

test('creating a collection twice is refused', async () => {
  await openEmulator();
  await openCollection('works');
  const failure = await failureOf(cloud.database().createCollection('works'));
  expect(failure).toMatchObject({ errCode: -1, code: 'DATABASE_COLLECTION_ALREADY_EXIST' });
});

test('reading one missing document fails, updating or removing it changes nothing', async () => {
  await openEmulator();
  const works = await openCollection('works');
  expect((await failureOf(works.doc('nope').get())).message).toBe(
    'document.get:fail document with _id nope does not exist',
  );
  expect((await works.doc('nope').update({ data: { n: 1 } })).stats).toEqual({ updated: 0 });
  expect((await works.doc('nope').remove()).stats).toEqual({ removed: 0 });
});

test('set creates a document or replaces it as a whole, and counts a replacement even when nothing differs', async () => {
  await openEmulator();
  const works = await openCollection('works');
  expect((await works.doc('s').set({ data: { a: 1, b: 2 } })).stats).toEqual({ created: 1, updated: 0 });
  expect((await works.doc('s').set({ data: { a: 1 } })).stats).toEqual({ created: 0, updated: 1 });
  expect((await works.doc('s').set({ data: { a: 1 } })).stats).toEqual({ created: 0, updated: 1 });
  expect((await works.doc('s').get()).data).toEqual({ _id: 's', a: 1 });
});

test('removing by a filter removes every match and nothing else', async () => {
  const emulator = await openEmulator();
  const works = await openCollection('works', [{ _id: 1, odd: true }, { _id: 2 }, { _id: 3, odd: true }]);
  expect((await works.where({ odd: true }).remove()).stats).toEqual({ removed: 2 });
  expect(await stored(emulator, 'works')).toEqual([{ _id: 2 }]);
});

test('a server date is the moment of the commit plus its offset', async () => {
  const nowMs = 1_700_000_000_000;
  const emulator = await openEmulator({ clock: { now: () => nowMs, after: () => () => undefined } });
  const database = cloud.database();
  const works = await openCollection('works', [{ _id: 'a', at: database.serverDate({ offset: 60_000 }) }]);
  await works.doc('a').update({ data: { seen: { at: database.serverDate() } } });
  expect(await stored(emulator, 'works')).toEqual([
    {
      _id: 'a',
      at: { $date: new Date(nowMs + 60_000).toISOString() },
      seen: { at: { $date: new Date(nowMs).toISOString() } },
    },
  ]);
});

test.each([
  ['a field name with a dollar', { _id: 'x', $set: 1 }, /dollar \(\$\) prefixed field/],
  ['a nested field name with a dollar', { _id: 'x', in: [{ $inc: 1 }] }, /dollar \(\$\) prefixed field/],
  ['an id that is a list', { _id: ['x'] }, /_id must be a string, a number or an ObjectId/],
  ['an id that is null', { _id: null }, /_id must be a string, a number or an ObjectId/],
  ['a document above 16 MB', { _id: 'x', text: 'x'.repeat(17 * 1024 * 1024) }, /larger than 16777216 bytes/],
])('%s is refused and nothing is stored', async (_name, document, text) => {
  const emulator = await openEmulator();
  await openCollection('works');
  const answer = await admin(emulator, {
    action: 'database.insertDocument',
    collectionName: 'works',
    data: [JSON.stringify(document)],
  });
  expect(answer).toMatchObject({
    code: expect.stringMatching(/^(DATABASE_REQUEST_FAILED|INVALID_PARAM)$/),
    message: expect.stringMatching(text),
  });
  expect(await stored(emulator, 'works')).toEqual([]);
});
