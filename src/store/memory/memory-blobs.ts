import { DurableError } from '../../core/index.ts';
import { assertBlobName, MAX_FILE_BYTES, type Blobs } from '../index.ts';

const PREFIX = 'memory://blobs/';

/** Files in memory. */
export function createMemoryBlobs(): Blobs {
  const files = new Map<string, Uint8Array>();
  return {
    async put(name, bytes) {
      assertBlobName(name);
      files.set(PREFIX + name, bytes.slice());
      return PREFIX + name;
    },
    async get(fileId, { maxBytes = MAX_FILE_BYTES } = {}) {
      const bytes = files.get(fileId);
      if (bytes && bytes.length > maxBytes) throw new DurableError('STORE_TOO_LARGE', `more than ${maxBytes} bytes`);
      return bytes?.slice();
    },
    exists: async (fileIds) => new Set(fileIds.filter((fileId) => files.has(fileId))),
    temporaryUrls: async (fileIds) =>
      new Map(fileIds.filter((id) => files.has(id)).map((id) => [id, `${id}?temporary`])),
    async remove(fileIds) {
      for (const fileId of fileIds) files.delete(fileId);
    },
    async fileId(name) {
      assertBlobName(name);
      return PREFIX + name;
    },
  };
}
