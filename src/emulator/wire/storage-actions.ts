import { CloudError, invalidParam } from '../cloud-error.ts';
import type { Clock } from '../../core/index.ts';
import { isFields } from '../database/index.ts';
import { assertCloudPath, type Addresses, type FileStore } from '../storage/index.ts';
import type { Action } from './database-actions.ts';
import { requiredList, requiredText } from './request.ts';

/** What storage works with. */
export interface StorageParts {
  readonly files: FileStore;
  readonly addresses: Addresses;
  readonly clock: Clock;
  /** Address of the local cloud. */
  readonly url: () => string;
}

/** The platform's limit for one call. */
const MAX_FILES = 50;

/** How long an address is good for when nothing is said; the platform's two hours. */
const DEFAULT_MAX_AGE_SECONDS = 7200;

/** The storage actions of the SDK; the bytes themselves go to the addresses that these answer. */
export function createStorageActions(parts: StorageParts): Readonly<Record<string, Action>> {
  return {
    'storage.getUploadMetadata': ({ body, token }) => uploadMetadata(parts, requiredText(body, 'path'), token),
    'storage.batchGetDownloadUrl': ({ body }) => ({
      download_list: listOfFiles(body, 'file_list').map((item) => downloadAddress(parts, item)),
    }),
    'storage.batchDeleteFile': async ({ body }) => {
      const fileIds = listOfFiles(body, 'fileid_list').map((item) => asFileId(item));
      const deleted = [];
      for (const fileID of fileIds) {
        const path = parts.addresses.pathOf(fileID);
        const existed = path !== undefined && (await parts.files.remove(path));
        deleted.push({ fileID, code: existed ? 'SUCCESS' : 'STORAGE_FILE_NONEXIST' });
      }
      return { delete_list: deleted };
    },
  };
}

function uploadMetadata({ addresses, url }: StorageParts, path: string, token: string): unknown {
  assertCloudPath(path);
  const fileId = addresses.fileId(path);
  return {
    url: `${url()}/cos/${path.split('/').map(encodeURIComponent).join('/')}`,
    // Travels with the upload, which then belongs to the same invocation.
    token,
    authorization: addresses.sign('put', `${path}\n${token}`),
    fileId,
    cosFileId: encodeURIComponent(fileId),
  };
}

function downloadAddress({ addresses, files, clock, url }: StorageParts, item: unknown): unknown {
  const fileID = asFileId(isFields(item) ? item['fileid'] : item);
  const maxAge = isFields(item) && typeof item['max_age'] === 'number' ? item['max_age'] : DEFAULT_MAX_AGE_SECONDS;
  const path = addresses.pathOf(fileID);
  if (path === undefined || files.find(path) === undefined) {
    return { fileID, code: 'STORAGE_FILE_NONEXIST', tempFileURL: '', maxAge };
  }
  const until = Math.floor(clock.now() / 1000) + maxAge;
  // Not percent-encoded: the SDK encodes it before it downloads.
  const tempFileURL = `${url()}/cos/${path}?sign=${addresses.sign('get', `${path}\n${until}`)}&t=${until}`;
  return { fileID, code: 'SUCCESS', tempFileURL, maxAge };
}

function listOfFiles(body: Readonly<Record<string, unknown>>, name: string): readonly unknown[] {
  const list = requiredList(body, name);
  if (list.length <= MAX_FILES) return list;
  throw new CloudError('INVALID_PARAM', `${name} has ${list.length} files, the limit is ${MAX_FILES}`);
}

function asFileId(value: unknown): string {
  if (typeof value === 'string') return value;
  throw invalidParam('a file id must be a text');
}
