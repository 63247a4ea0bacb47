/** The database and the files as they are, with every change that took effect written down. */
import type { Seal } from '../../../src/core/index.ts';
import { decodeLetter } from '../../../src/durable/tiers.ts';
import type { Blobs, Document, Store } from '../../../src/store/index.ts';
import { createMemoryBlobs, createMemoryStore } from '../../../src/store/memory/index.ts';
import type { Chronicle } from './chronicle.ts';

export const COLLECTIONS = ['users', 'works', 'emergency_backup'] as const;
const LETTERS = 'wx-durable/letters/';

export interface Ledger {
  readonly store: Store;
  readonly blobs: Blobs;
  dump(collection: string): readonly Document[];
}

export function createLedger(chronicle: Chronicle, seal: Seal | undefined): Ledger {
  const memory = createMemoryStore(COLLECTIONS, chronicle.commit);
  const files = createMemoryBlobs();
  return {
    store: memory,
    blobs: notedFiles(files, { chronicle, seal }),
    dump: (collection) => memory.dump(collection),
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
