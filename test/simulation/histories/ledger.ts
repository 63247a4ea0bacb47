/** The database and the files as they are, with every change that took effect written down. */
import { attemptName, type Seal } from '../../../src/core/index.ts';
import { decodeLetter, letterFile } from '../../../src/durable/tiers.ts';
import type { Blobs, Document, Store } from '../../../src/store/index.ts';
import { createMemoryBlobs, createMemoryStore } from '../../../src/store/memory/index.ts';
import type { Chronicle } from './chronicle.ts';

export const COLLECTIONS = ['users', 'works', 'emergency_backup'] as const;
const LETTERS = 'wx-durable/letters/';

export interface Ledger {
  readonly store: Store;
  readonly blobs: Blobs;
  dump(collection: string): readonly Document[];
  /** Whether one of these attempts left a letter's file that nobody can read: it was cut, or somebody else's. */
  hasBrokenFile(recordId: string, attempts: number): Promise<boolean>;
}

export function createLedger(chronicle: Chronicle, seal: Seal | undefined): Ledger {
  const memory = createMemoryStore(COLLECTIONS, chronicle.commit);
  const files = createMemoryBlobs();
  return {
    store: memory,
    blobs: notedFiles(files, { chronicle, seal }),
    dump: (collection) => memory.dump(collection),
    async hasBrokenFile(recordId, attempts) {
      for (let attempt = 1; attempt <= attempts; attempt += 1) {
        const bytes = await files.get(await files.fileId(letterFile(attemptName(recordId, attempt))));
        if (bytes && !letterIn(bytes, seal)) return true;
      }
      return false;
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
