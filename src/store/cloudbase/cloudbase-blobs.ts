import { DurableError, isDurableError, type Clock } from '../../core/index.ts';
import { assertBlobName, type Blobs, type CallOptions } from '../index.ts';
import { boundedCall, type Bounds } from './bounded-call.ts';
import type { Cloud } from './sdk.ts';

const DEFAULT_TIMEOUT_MS = 5_000;
const DEFAULT_MAX_AGE_MS = 7_200_000;
/** The platform's limit for file ids in one request. */
const BATCH = 50;
const MARKER = 'wx-durable/marker.txt';

interface FileItem {
  fileID: string;
  tempFileURL?: string;
}

/** `Blobs` over an initialised wx-server-sdk; names may hold letters, digits, `_`, `-`, `.` and `/`. */
export function createCloudbaseBlobs(cloud: Cloud, clock: Clock): Blobs {
  const bounds: Bounds = { clock, defaultTimeoutMs: DEFAULT_TIMEOUT_MS };
  let prefix: string | undefined;
  const ask = <T>(what: string, call: CallOptions | undefined, run: () => Promise<T>): Promise<T> =>
    boundedCall(bounds, { what, call }, run);

  const upload = async (name: string, bytes: Uint8Array, call?: CallOptions): Promise<string> => {
    assertBlobName(name);
    const answer = await ask('upload a file', call, async () =>
      cloud.uploadFile({ cloudPath: name, fileContent: Buffer.from(bytes) }),
    );
    const { fileID } = answer as { fileID: string };
    if (typeof fileID !== 'string' || !fileID.endsWith(name)) throw unverified();
    prefix = fileID.slice(0, -name.length);
    return fileID;
  };
  const download = async (fileID: string, call?: CallOptions): Promise<Uint8Array | undefined> => {
    try {
      const answer = await ask('download a file', call, async () => cloud.downloadFile({ fileID }));
      return (answer as { fileContent: Uint8Array }).fileContent;
    } catch (error) {
      if (isDurableError(error, 'STORE_NOT_FOUND')) return undefined;
      throw error;
    }
  };
  const urls = async (fileIds: readonly string[], maxAgeMs: number, call?: CallOptions): Promise<Map<string, string>> => {
    const found = new Map<string, string>();
    for (const part of batches(fileIds)) {
      const fileList = part.map((fileID) => ({ fileID, maxAge: Math.ceil(maxAgeMs / 1_000) }));
      const answer = await ask('ask for file addresses', call, async () => cloud.getTempFileURL({ fileList }));
      for (const item of (answer as { fileList: FileItem[] }).fileList) {
        if (item.tempFileURL) found.set(item.fileID, item.tempFileURL);
      }
    }
    return found;
  };

  return {
    async put(name, bytes, call) {
      const fileId = await upload(name, bytes, call);
      // uploadFile resolves although storage answered 500 with an empty body: only a read proves the write.
      const stored = await download(fileId, call);
      if (!stored || Buffer.compare(Buffer.from(stored), Buffer.from(bytes)) !== 0) throw unverified();
      return fileId;
    },
    get: download,
    exists: async (fileIds, call) => new Set((await urls(fileIds, DEFAULT_MAX_AGE_MS, call)).keys()),
    temporaryUrls: (fileIds, call) => urls(fileIds, DEFAULT_MAX_AGE_MS, call),
    async remove(fileIds, call) {
      for (const part of batches(fileIds)) {
        await ask('delete files', call, async () => cloud.deleteFile({ fileList: [...part] }));
      }
    },
    async fileId(name, call) {
      assertBlobName(name);
      // The SDK lists no files and names no bucket; the id of one upload tells the prefix of all.
      prefix ??= (await upload(MARKER, new TextEncoder().encode('wx-durable\n'), call)).slice(0, -MARKER.length);
      return prefix + name;
    },
  };
}

function* batches(fileIds: readonly string[]): Generator<readonly string[]> {
  for (let start = 0; start < fileIds.length; start += BATCH) yield fileIds.slice(start, start + BATCH);
}

function unverified(): DurableError {
  return new DurableError('STORE_UNCERTAIN', 'the upload was acknowledged but could not be read back');
}
