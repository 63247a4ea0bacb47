import { createDeadline, DurableError, exchange, type Clock, type Exchange, type Fetch } from '../../core/index.ts';
import { assertBlobName, MAX_FILE_BYTES, type Blobs, type CallOptions, type ReadOptions } from '../index.ts';
import { boundedCall, type Bounds } from './bounded-call.ts';
import { translate } from './errors.ts';
import type { Cloud } from './sdk.ts';

const DEFAULT_TIMEOUT_MS = 5_000;
/** How long a temporary address is valid. */
const MAX_AGE_S = 7_200;
/** The platform's limit for file ids in one request. */
const BATCH = 50;
const MARKER = 'wx-durable/marker.txt';

/** One file in an answer about several; such calls resolve although some of the files failed. */
interface FileItem {
  fileID: string;
  /** 0, or an errCode of the SDK. */
  status: number;
  errMsg?: string;
  tempFileURL?: string;
}

/**
 * `Blobs` over an initialised wx-server-sdk; names may hold letters, digits, `_`, `-`, `.` and `/`. `fetch` is the global
 * one: the SDK downloads a file whole, however large, and waits for it without end.
 */
export function createCloudbaseBlobs(cloud: Cloud, clock: Clock, fetch: Fetch): Blobs {
  const bounds: Bounds = { clock, defaultTimeoutMs: DEFAULT_TIMEOUT_MS };
  const files: Files = { cloud, clock, fetch, ask: (what, call, run) => boundedCall(bounds, { what, call }, run) };
  let prefix: string | undefined;
  const upload = async (name: string, bytes: Uint8Array, call?: CallOptions): Promise<string> => {
    const fileId = await uploadFile(files, { name, bytes }, call);
    prefix = fileId.slice(0, -name.length);
    return fileId;
  };
  return {
    async put(name, bytes, call) {
      const fileId = await upload(name, bytes, call);
      // uploadFile resolves although storage answered 500 with an empty body: only a read proves the write.
      const stored = await download(files, fileId, { ...call, maxBytes: bytes.length + MAX_FILE_BYTES });
      if (!stored || Buffer.compare(Buffer.from(stored), Buffer.from(bytes)) !== 0) throw unverified();
      return fileId;
    },
    get: (fileId, call) => download(files, fileId, call),
    exists: async (fileIds, call) => new Set((await findUrls(files, fileIds, call)).keys()),
    temporaryUrls: (fileIds, call) => findUrls(files, fileIds, call),
    async remove(fileIds, call) {
      for (const part of batches(fileIds)) {
        const answer = await files.ask('delete files', call, async () => cloud.deleteFile({ fileList: [...part] }));
        (answer as { fileList: FileItem[] }).fileList.forEach(isPresent);
      }
    },
    async fileId(name, call) {
      assertBlobName(name);
      // The SDK lists no files and names no bucket; the id of one upload tells the prefix of all.
      if (prefix === undefined) await upload(MARKER, new TextEncoder().encode('wx-durable\n'), call);
      return prefix + name;
    },
  };
}

/** The way to storage that all operations share. */
interface Files {
  readonly cloud: Cloud;
  readonly clock: Clock;
  readonly fetch: Fetch;
  ask<T>(what: string, call: CallOptions | undefined, run: () => Promise<T>): Promise<T>;
}

async function uploadFile(
  { cloud, ask }: Files,
  { name, bytes }: { readonly name: string; readonly bytes: Uint8Array },
  call: CallOptions | undefined,
): Promise<string> {
  assertBlobName(name);
  const fileContent = Buffer.from(bytes);
  const answer = await ask('upload a file', call, async () => cloud.uploadFile({ cloudPath: name, fileContent }));
  const { fileID } = answer as { fileID: string };
  if (typeof fileID !== 'string' || !fileID.endsWith(name)) throw unverified();
  return fileID;
}

// As the SDK does it: the platform is asked for an address, and the bytes are fetched from there. Two requests.
async function download(files: Files, fileId: string, call: ReadOptions = {}): Promise<Uint8Array | undefined> {
  const { clock } = files;
  const { timeoutMs = DEFAULT_TIMEOUT_MS, maxBytes = MAX_FILE_BYTES } = call;
  const atMs = Math.min(clock.now() + timeoutMs, call.deadline?.atMs ?? Infinity);
  const deadline = createDeadline(clock, atMs);
  const url = (await findUrls(files, [fileId], { timeoutMs, deadline })).get(fileId);
  if (url === undefined) return undefined;
  // Not escaped before: the platform answers the address with the path as it was named.
  return bytesIn(await exchange(files, { url: encodeURI(url), deadline, maxBytes }), maxBytes);
}

function bytesIn(answer: Exchange, maxBytes: number): Uint8Array {
  if (answer.kind === 'answered' && answer.status === 200) return answer.body;
  if (answer.kind === 'unclear' && answer.isTooLarge)
    throw new DurableError('STORE_TOO_LARGE', `the file is larger than ${maxBytes} bytes; it was not read`);
  const message = answer.kind === 'answered' ? `HTTP ${answer.status}` : answer.message;
  throw translate({ message }, 'download a file');
}

async function findUrls(
  { cloud, ask }: Files,
  fileIds: readonly string[],
  call: CallOptions | undefined,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const part of batches(fileIds)) {
    const fileList = part.map((fileID) => ({ fileID, maxAge: MAX_AGE_S }));
    const answer = await ask('ask for file addresses', call, async () => cloud.getTempFileURL({ fileList }));
    for (const item of (answer as { fileList: FileItem[] }).fileList) {
      if (isPresent(item)) found.set(item.fileID, item.tempFileURL ?? '');
    }
  }
  return found;
}

function* batches(fileIds: readonly string[]): Generator<readonly string[]> {
  for (let start = 0; start < fileIds.length; start += BATCH) yield fileIds.slice(start, start + BATCH);
}

// "Denied" or "failed" about one file must not be read as "there is none".
function isPresent({ status, errMsg }: FileItem): boolean {
  if (status === 0) return true;
  const error = translate({ errCode: status, errMsg }, 'one file of several');
  if (error.code === 'STORE_NOT_FOUND') return false;
  throw error;
}

function unverified(): DurableError {
  return new DurableError('STORE_UNCERTAIN', 'the upload was acknowledged but could not be read back');
}
