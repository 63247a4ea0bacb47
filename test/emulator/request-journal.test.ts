import { expect, test } from 'vitest';
import { bodyOf, type Exchange, type Reply } from '../../src/emulator/http/index.ts';
import { createRequestJournal } from '../../src/emulator/wire/index.ts';
import { openCollection, openEmulator } from './harness.ts';

const journalOf =
  ({ url }: { readonly url: string }) =>
  async (method: string): Promise<string> =>
    (await fetch(`${url}/_emulator/requests`, { method })).text();

test('the journal of requests is off until it is asked for, tells what was sent word for word, and ends', async () => {
  const emulator = await openEmulator();
  const journal = journalOf(emulator);
  const notes = await openCollection('notes');
  await notes.add({ data: { _id: 'before' } });
  expect(await journal('GET')).toBe('');
  await journal('PUT');
  await notes.add({ data: { _id: 'a', text: 'milk' } });
  await notes.where({ text: 'milk' }).get();
  const lines = (await journal('GET')).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { n: 1, action: 'database.insertDocument', collectionName: 'notes', data: ['{"_id":"a","text":"milk"}'] },
    { n: 2, action: 'database.getDocument', collectionName: 'notes', query: '{"text":"milk"}' },
  ]);
  expect(lines.join()).not.toContain('Token');
  await journal('DELETE');
  await notes.add({ data: { _id: 'after' } });
  expect(await journal('GET')).toBe('');
});

test('the journal keeps the newest ten thousand requests, and shows by its numbers that older ones are gone', async () => {
  const { note, routes } = createRequestJournal();
  const ask = (method: string) => routes.find((route) => route.method === method)?.handle({} as Exchange) as Reply;
  ask('PUT');
  const request = { action: 'database.getDocument', body: { query: '{}' }, caller: {}, token: 'secret', nowMs: 0 };
  for (let count = 0; count < 10_100; count += 1) note(request, undefined);
  const lines = (await bodyOf(ask('GET'))).toString().trimEnd().split('\n');
  expect(lines).toHaveLength(10_000);
  expect(JSON.parse(lines[0] ?? '')).toEqual({ n: 101, action: 'database.getDocument', query: '{}' });
});
