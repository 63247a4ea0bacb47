import { collections } from '../../records/index.ts';
import type { Blobs, Store } from '../../store/index.ts';

export interface KnownBlobsOptions {
  /** The environment whose files these are; the id of a file of another one tells nothing. */
  readonly envId: string;
  /** Whether a person agreed to writing: from then on nothing is guessed. */
  mayWrite(): boolean;
}

export interface KnownBlobs extends Blobs {
  /** Whether ids can be told without writing anything. */
  knowsIds(): Promise<boolean>;
}

/**
 * Files whose ids are made without writing, where a picture of this environment was ever copied: its id tells the prefix
 * of all. Elsewhere, and where writing was agreed to, the platform tells it by an upload, and a marker of 11 bytes is
 * put there, as every function does: what takes a letter for absent by its id must have the right one.
 */
export function createKnownBlobs(blobs: Blobs, store: Store, { envId, mayWrite }: KnownBlobsOptions): KnownBlobs {
  let prefix: Promise<string | undefined> | undefined;
  const findOnce = (): Promise<string | undefined> => (prefix ??= findPrefix(store, envId));
  return {
    ...blobs,
    knowsIds: async () => (await findOnce()) !== undefined,
    async fileId(name, call) {
      const known = mayWrite() ? undefined : await findOnce();
      return known === undefined ? blobs.fileId(name, call) : known + name;
    },
  };
}

const FOLDER = 'wx-durable/pictures/';
/** Imported records may name the files of another environment. */
const LOOKED_AT = 20;

async function findPrefix(store: Store, envId: string): Promise<string | undefined> {
  const request = { where: { 'asset.state': 'copied' }, limit: LOOKED_AT, fields: ['asset.fileId'] };
  // What cannot be read is found the other way.
  const page = await store.page(collections.works, request).catch(() => undefined);
  for (const { asset } of page?.items ?? []) {
    const { fileId } = (asset ?? {}) as { readonly fileId?: unknown };
    if (typeof fileId !== 'string' || !fileId.startsWith(`cloud://${envId}.`)) continue;
    const end = fileId.lastIndexOf(FOLDER);
    if (end > 0) return fileId.slice(0, end);
  }
  return undefined;
}
