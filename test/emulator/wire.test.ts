import { request } from 'node:http';
import { expect, test } from 'vitest';
import { admin, cloud, commitLog, failureOf, openCollection, openEmulator, stored, type Json } from './harness.ts';

const insert = (data: unknown): Json => ({ action: 'database.insertDocument', collectionName: 'works', data });

test.each<[string, unknown, object]>([
  ['text that is not JSON', '{nope', { code: 'INVALID_PARAM', message: /not JSON/ }],
  ['no body', '', { code: 'INVALID_PARAM' }],
  ['a list', [], { code: 'INVALID_PARAM', message: /must be a JSON object/ }],
  ['no action', {}, { code: 'INVALID_PARAM', message: /action/ }],
  ['an action that is no text', { action: { $ne: null } }, { code: 'INVALID_PARAM', message: /action/ }],
  [
    'an unknown action',
    { action: 'database.dropEverything' },
    { code: 'EMULATOR_UNSUPPORTED', message: /does not offer the action/ },
  ],
  ['the name of an inherited property', { action: 'constructor' }, { code: 'EMULATOR_UNSUPPORTED' }],
  [
    'a request inside a transaction that is not there',
    { ...insert(['{}']), transactionId: 't' },
    { code: 'DATABASE_TRANSACTION_FAIL', message: /TransactionNotExist/ },
  ],
  [
    'no collection',
    { action: 'database.insertDocument', data: ['{}'] },
    { code: 'INVALID_PARAM', message: /collectionName/ },
  ],
  ['documents that are no list', insert('{}'), { code: 'INVALID_PARAM', message: /data must be a list/ }],
  ['a document that is no text', insert([{}]), { code: 'INVALID_PARAM', message: /EJSON texts/ }],
  ['a document that is not EJSON', insert(['{']), { code: 'INVALID_PARAM', message: /not EJSON/ }],
  ['a document that is a number', insert(['5']), { code: 'INVALID_PARAM', message: /must be an EJSON object/ }],
  [
    'a malformed number',
    insert(['{"n":{"$numberInt":"1x"}}']),
    { code: 'INVALID_PARAM', message: /malformed integer/ },
  ],
  [
    'a malformed double',
    insert(['{"n":{"$numberDouble":""}}']),
    { code: 'INVALID_PARAM', message: /malformed double/ },
  ],
  ['a malformed date', insert(['{"at":{"$date":"yesterday"}}']), { code: 'INVALID_PARAM', message: /malformed date/ }],
  ['a malformed ObjectId', insert(['{"_id":{"$oid":"x"}}']), { code: 'INVALID_PARAM', message: /malformed ObjectId/ }],
  [
    'a malformed server date',
    insert(['{"at":{"$tcb_server_date":5}}']),
    { code: 'INVALID_PARAM', message: /malformed server date/ },
  ],
  [
    'a field that would change a prototype',
    insert(['{"a":{"__proto__":{"x":1}}}']),
    { code: 'INVALID_PARAM', message: /__proto__/ },
  ],
  [
    'a document nested too deep',
    insert([`${'{"a":'.repeat(200)}1${'}'.repeat(200)}`]),
    { code: 'INVALID_PARAM', message: /nested deeper/ },
  ],
  ['one bad document among good ones', insert(['{"_id":"good"}', '{']), { code: 'INVALID_PARAM' }],
  [
    'a filter that is no text',
    { action: 'database.removeDocument', collectionName: 'works', query: {}, multi: true },
    { code: 'INVALID_PARAM', message: /query must be EJSON text/ },
  ],
  [
    'a filter that is a list',
    { action: 'database.removeDocument', collectionName: 'works', query: '[]', multi: true },
    { code: 'INVALID_PARAM' },
  ],
  [
    'a limit that is no number',
    { action: 'database.getDocument', collectionName: 'works', limit: '5' },
    { code: 'INVALID_PARAM', message: /limit/ },
  ],
  [
    'a negative offset',
    { action: 'database.getDocument', collectionName: 'works', offset: -1 },
    { code: 'INVALID_PARAM', message: /offset/ },
  ],
  [
    'an order by a word',
    { action: 'database.getDocument', collectionName: 'works', order: '{"n":"up"}' },
    { code: 'DATABASE_REQUEST_FAILED', message: /sort/ },
  ],
  [
    'a switch that is no switch',
    { action: 'database.removeDocument', collectionName: 'works', query: '{}', multi: 'yes' },
    { code: 'INVALID_PARAM', message: /multi/ },
  ],
  [
    'an update without data',
    { action: 'database.modifyDocument', collectionName: 'works', query: '{}' },
    { code: 'INVALID_PARAM', message: /data is missing/ },
  ],
  [
    'an update without operators',
    { action: 'database.modifyDocument', collectionName: 'works', query: '{}', data: '{}' },
    { code: 'DATABASE_REQUEST_FAILED' },
  ],
  [
    'a stage without a value',
    { action: 'database.aggregateDocuments', collectionName: 'works', stages: [{ stageKey: '$match' }] },
    { code: 'INVALID_PARAM', message: /stageValue/ },
  ],
  [
    'an impossible collection name',
    { action: 'database.addCollection', collectionName: '../x' },
    { code: 'INVALID_PARAM' },
  ],
])('%s is refused, changes nothing, and the next request is served', async (_name, body, expected) => {
  const emulator = await openEmulator();
  await openCollection('works', [{ _id: 'here' }]);
  const before = await commitLog(emulator);
  const answer = await admin(emulator, body);
  expect(answer).toHaveProperty('requestId');
  for (const [key, value] of Object.entries(expected)) {
    expect(answer[key]).toEqual(value instanceof RegExp ? expect.stringMatching(value) : value);
  }
  expect(await commitLog(emulator)).toEqual(before);
  expect(await admin(emulator, insert(['{"_id":"next"}']))).toMatchObject({ data: { insertedIds: ['next'] } });
});

test('numbers, dates and special values arrive as canonical EJSON and are kept', async () => {
  const emulator = await openEmulator();
  const works = await openCollection('works');
  await works.add({
    data: { _id: 'x', int: -7, long: 2 ** 52 + 1, half: 0.5, tiny: 1e-300, huge: 1e300, zero: -0, when: new Date(-1) },
  });
  expect(await stored(emulator, 'works')).toEqual([
    {
      _id: 'x',
      int: -7,
      long: 2 ** 52 + 1,
      half: 0.5,
      tiny: 1e-300,
      huge: 1e300,
      zero: 0,
      when: { $date: { $numberLong: '-1' } },
    },
  ]);
  expect((await works.doc('x').get()).data.when).toEqual(new Date(-1));
});

test('binary data and decimals are kept as they came', async () => {
  const emulator = await openEmulator();
  await openCollection('works');
  const document = {
    _id: 'x',
    bytes: { $binary: { base64: 'AQID', subType: '00' } },
    price: { $numberDecimal: '1.10' },
  };
  await admin(emulator, insert([JSON.stringify(document)]));
  expect(await stored(emulator, 'works')).toEqual([document]);
});

test('a request above its limit is refused in an answer, not by a broken connection', async () => {
  const emulator = await openEmulator();
  await openCollection('works');
  const data = Array.from({ length: 5 }, (_, n) => JSON.stringify({ _id: n, text: 'x'.repeat(15_000_000) }));
  expect(await admin(emulator, insert(data))).toMatchObject({ code: 'EXCEED_REQUEST_SIZE_LIMIT' });
  expect(await stored(emulator, 'works')).toEqual([]);
});

test.each([
  ['GET', '/nowhere', 404],
  ['GET', '/admin', 405],
  ['GET', '/_emulator/collections/missing', 404],
  ['PATCH', '/_emulator/collections/works', 405],
  ['POST', '/_emulator/collections/missing', 404],
])('%s %s is answered with %i', async (method, path, status) => {
  const emulator = await openEmulator();
  const response = await fetch(emulator.url + path, { method });
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ error: expect.any(String) });
});

test.each([{ origin: 'http://evil.example' }, { host: 'evil.example' }])(
  'a web page that sends %j is turned away',
  async (headers) => {
    const emulator = await openEmulator();
    const status = await new Promise((resolve, reject) => {
      const sending = request(`${emulator.url}/_emulator/health`, { headers }, (response) =>
        resolve(response.resume().statusCode),
      );
      sending.on('error', reject).end();
    });
    expect(status).toBe(403);
  },
);

test.each(['//', '/%', '/_emulator/collections/%E4', '/cos/%', '/invoke/%'])(
  'the address %s is answered, and the server lives on',
  async (path) => {
    const emulator = await openEmulator();
    const { hostname, port } = new URL(emulator.url);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sending = request({ hostname, port, path }, (response) => resolve(response.resume().statusCode));
      sending.on('error', reject).end();
    });
    expect(status).toBeGreaterThanOrEqual(400);
    expect((await fetch(`${emulator.url}/_emulator/health`)).status).toBe(200);
  },
);

test('a collection is loaded from lines, replaced as a whole, and read back the same', async () => {
  const emulator = await openEmulator();
  const url = `${emulator.url}/_emulator/collections/works`;
  const put = (body: string) => fetch(url, { method: 'PUT', body });
  expect(await (await put('{"_id":"a","at":{"$date":"2026-01-01T00:00:00.000Z"}}\n{"_id":2}\n')).json()).toEqual({
    ok: true,
    count: 2,
  });
  expect((await cloud.database().collection('works').doc('a').get()).data.at).toEqual(new Date('2026-01-01'));
  await put('{"_id":"b"}');
  expect(await stored(emulator, 'works')).toEqual([{ _id: 'b' }]);
  await put('');
  expect(await (await fetch(`${emulator.url}/_emulator/collections`)).json()).toEqual([{ name: 'works', count: 0 }]);
});

test.each(['{"_id":"x"}\n{nope\n', '{"_id":"x"}\n{"_id":"x"}\n', '5\n', '{"_id":{"a":1}}\n'])(
  'loading %j is refused and the content stays',
  async (body) => {
    const emulator = await openEmulator();
    await openCollection('works', [{ _id: 'old' }]);
    const response = await fetch(`${emulator.url}/_emulator/collections/works`, { method: 'PUT', body });
    expect(response.status).toBe(400);
    expect(await stored(emulator, 'works')).toEqual([{ _id: 'old' }]);
  },
);

test('documents are added to a collection, all of them or none', async () => {
  const emulator = await openEmulator();
  await openCollection('works', [{ _id: 'old', n: 1 }]);
  const indexes = JSON.stringify([{ keys: { n: 1 }, unique: true }]);
  await fetch(`${emulator.url}/_emulator/indexes/works`, { method: 'PUT', body: indexes });
  const post = async (...documents: readonly object[]) => {
    const body = documents.map((document) => JSON.stringify(document)).join('\n');
    return (await fetch(`${emulator.url}/_emulator/collections/works`, { method: 'POST', body })).status;
  };
  expect(await post({ _id: 'a', n: 2 }, { _id: 'b', n: 3 })).toBe(200);
  expect(await post({ _id: 'c', n: 4 }, { _id: 'a', n: 5 })).toBe(400);
  expect(await post({ _id: 'c', n: 4 }, { _id: 'c', n: 5 })).toBe(400);
  expect(await post({ _id: 'c', n: 4 }, { _id: 'd', n: 1 })).toBe(400);
  expect(await post({ _id: 'c', n: 4 }, { _id: 'd', n: 4 })).toBe(400);
  expect((await stored(emulator, 'works')).map(({ _id }) => _id)).toEqual(['old', 'a', 'b']);
});

test('the commit log tells every change in order', async () => {
  const emulator = await openEmulator();
  const works = await openCollection('works');
  await works.add({ data: { _id: 'a', n: 1 } });
  await works.doc('a').update({ data: { n: 2 } });
  await works.doc('a').update({ data: { n: 2 } });
  await works.doc('a').remove();
  expect(await commitLog(emulator)).toEqual([
    { seq: 1, atMs: expect.any(Number), collection: 'works', op: 'create' },
    { seq: 2, atMs: expect.any(Number), collection: 'works', op: 'insert', id: 'a', document: { _id: 'a', n: 1 } },
    { seq: 3, atMs: expect.any(Number), collection: 'works', op: 'update', id: 'a', document: { _id: 'a', n: 2 } },
    { seq: 4, atMs: expect.any(Number), collection: 'works', op: 'remove', id: 'a' },
  ]);
});

test('one emulator after the other serves the same process', async () => {
  await openEmulator();
  await openCollection('works', [{ _id: 'first' }]);
  await openEmulator();
  expect((await failureOf(cloud.database().collection('works').get())).errCode).toBe(-502005);
});
