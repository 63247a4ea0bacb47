import { assertBlobName, type Blobs } from '../index.ts';

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
    get: async (fileId) => files.get(fileId)?.slice(),
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
