import { expect, test } from 'vitest';
import { createKnownBlobs } from '../../src/cli/target/known-blobs.ts';
import { createMemoryBlobs, createMemoryStore } from '../../src/store/memory/index.ts';

const OWN = 'cloud://my-env.6d79-my-env-1';
const OTHER = 'cloud://my-env-2.6d79-my-env-2-1';

async function createFiles(...prefixes: readonly string[]) {
  const store = createMemoryStore(['works']);
  for (const [n, prefix] of prefixes.entries()) {
    const fileId = `${prefix}/wx-durable/pictures/w_${n}.png`;
    await store.insert('works', { _id: `w_${n}`, asset: { state: 'copied', fileId } });
  }
  let isAgreed = false;
  const files = createKnownBlobs(createMemoryBlobs(), store, { envId: 'my-env', mayWrite: () => isAgreed });
  return { files, agree: () => void (isAgreed = true) };
}

test('the id of a file is told by a picture of this environment, also beside an imported one', async () => {
  const { files } = await createFiles(OTHER, OWN);
  expect(await files.knowsIds()).toBe(true);
  expect(await files.fileId('a/b.json')).toBe(`${OWN}/a/b.json`);
});

test('the pictures of another environment tell nothing', async () => {
  const { files } = await createFiles(OTHER);
  expect(await files.knowsIds()).toBe(false);
  expect(await files.fileId('a/b.json')).toBe('memory://blobs/a/b.json');
});

test('once writing was agreed to the platform itself is asked', async () => {
  const { files, agree } = await createFiles(OWN);
  await files.fileId('a/b.json');
  agree();
  expect(await files.fileId('a/b.json')).toBe('memory://blobs/a/b.json');
});
