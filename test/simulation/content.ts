/** What one small world stores: the reference adapters, and their whole content as one text. */
import { canonicalJson } from '../../src/core/index.ts';
import type { Blobs, Store } from '../../src/store/index.ts';
import { createMemoryBlobs, createMemoryStore } from '../../src/store/memory/index.ts';
import { digestOf } from './digest.ts';

const COLLECTIONS = ['users', 'works', 'emergency_backup'] as const;

export function createContent() {
  const memory = createMemoryStore(COLLECTIONS);
  const files = createMemoryBlobs();
  // Texts are made again only of what was written since.
  const texts = new Map<string, string>();
  const names = new Map<string, string>();
  const touch = <T>(collection: string, effect: Promise<T>): Promise<T> => {
    texts.delete(collection);
    return effect;
  };
  const store: Store & Pick<typeof memory, 'dump'> = {
    ...memory,
    insert: (name, document) => touch(name, memory.insert(name, document)),
    update: (name, target, change) => touch(name, memory.update(name, target, change)),
    remove: (name, target) => touch(name, memory.remove(name, target)),
  };
  const blobs: Blobs = {
    ...files,
    put(name, bytes) {
      names.set(name, digestOf(bytes));
      return files.put(name, bytes);
    },
    async remove(fileIds) {
      for (const name of names.keys()) if (fileIds.includes(await files.fileId(name))) names.delete(name);
      return files.remove(fileIds);
    },
  };
  const textOf = (collection: string): string => {
    const known = texts.get(collection) ?? canonicalJson(memory.dump(collection));
    texts.set(collection, known);
    return known;
  };
  const text = (): string => [...COLLECTIONS.map(textOf), ...[...names].map(String).sort()].join('\n');
  return { store, blobs, text };
}
