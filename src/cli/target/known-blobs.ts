import { collections } from '../../records/index.ts';
import type { Blobs, Store } from '../../store/index.ts';

/**
 * Files whose ids are made without writing, where any picture was ever copied: its id tells the prefix of all. Elsewhere
 * the platform tells it by an upload only, and a marker of 11 bytes is put there, as every function does.
 */
export function createKnownBlobs(blobs: Blobs, store: Store): Blobs {
  let prefix: Promise<string | undefined> | undefined;
  return {
    ...blobs,
    async fileId(name, call) {
      const known = await (prefix ??= findPrefix(store));
      return known === undefined ? blobs.fileId(name, call) : known + name;
    },
  };
}

const FOLDER = 'wx-durable/pictures/';

async function findPrefix(store: Store): Promise<string | undefined> {
  const request = { where: { 'asset.state': 'copied' }, limit: 1, fields: ['asset.fileId'] };
  // What cannot be read is found the other way.
  const page = await store.page(collections.works, request).catch(() => undefined);
  const { asset } = (page?.items[0] ?? {}) as { asset?: { fileId?: unknown } };
  const fileId = typeof asset?.fileId === 'string' ? asset.fileId : '';
  const end = fileId.lastIndexOf(FOLDER);
  return end > 0 && fileId.startsWith('cloud://') ? fileId.slice(0, end) : undefined;
}
