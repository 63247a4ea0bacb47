/** The database and the files as they are, with every change that took effect written down. */
import { canonicalJson, type Seal } from '../../../src/core/index.ts';
import { decodeLetter } from '../../../src/durable/tiers.ts';
import type { Blobs, Document, Store } from '../../../src/store/index.ts';
import { createMemoryBlobs, createMemoryStore, type MemoryStore } from '../../../src/store/memory/index.ts';
import type { Chronicle } from './chronicle.ts';

export const COLLECTIONS = ['users', 'works', 'emergency_backup'] as const;
const LETTERS = 'wx-durable/letters/';

export interface Ledger {
  readonly store: Store;
  readonly blobs: Blobs;
  dump(collection: string): readonly Document[];
}

export function createLedger(chronicle: Chronicle, seal: Seal | undefined): Ledger {
  const memory = createMemoryStore(COLLECTIONS);
  const files = createMemoryBlobs();
  return {
    store: noted(memory, chronicle),
    blobs: notedFiles(files, { chronicle, seal }),
    dump: (collection) => memory.dump(collection),
  };
}

function noted(memory: MemoryStore, chronicle: Chronicle): Store {
  const note = async (collection: string, id: string): Promise<void> => {
    chronicle.commit(collection, id, await memory.get(collection, id));
  };
  return {
    ...memory,
    async insert(collection, document) {
      const answer = await memory.insert(collection, document);
      if (answer === 'inserted') await note(collection, document._id);
      return answer;
    },
    async update(collection, target, change) {
      const changed = await memory.update(collection, target, change);
      if (changed > 0) await note(collection, target.id);
      return changed;
    },
    async updateMany(collection, targets, change) {
      const read = () => Promise.all(targets.ids.map((id) => memory.get(collection, id)));
      const before = await read();
      const changed = await memory.updateMany(collection, targets, change);
      for (const [index, after] of (await read()).entries()) {
        if (after && canonicalJson(after) !== canonicalJson(before[index]))
          chronicle.commit(collection, after._id, after);
      }
      return changed;
    },
    async remove(collection, target) {
      const removed = await memory.remove(collection, target);
      if (removed > 0) chronicle.commit(collection, target.id, undefined);
      return removed;
    },
  };
}

function notedFiles(
  files: Blobs,
  { chronicle, seal }: { readonly chronicle: Chronicle; readonly seal: Seal | undefined },
): Blobs {
  return {
    ...files,
    async put(name, bytes) {
      const fileId = await files.put(name, bytes);
      const letter = name.startsWith(LETTERS) ? letterIn(bytes, seal) : undefined;
      if (letter) chronicle.commit('letter-files', letter._id, letter);
      return fileId;
    },
    async remove(fileIds) {
      const existing = await files.exists(fileIds);
      for (const fileId of existing) {
        const bytes = await files.get(fileId);
        const letter = bytes && fileId.includes(LETTERS) ? letterIn(bytes, seal) : undefined;
        await files.remove([fileId]);
        if (letter) chronicle.commit('letter-files', letter._id, undefined);
      }
    },
  };
}

// A file that was cut short is no letter.
function letterIn(bytes: Uint8Array, seal: Seal | undefined): Document | undefined {
  try {
    return decodeLetter(bytes, seal);
  } catch {
    return undefined;
  }
}
