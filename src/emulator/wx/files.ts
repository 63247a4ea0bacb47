import { factsOf, refusedBy } from './failure.ts';
import { readJson, type Requests } from './requests.ts';

/** What `wx.cloud.uploadFile` takes. */
export interface UploadOptions {
  readonly cloudPath: string;
  /** A file of the phone: what `downloadFile` answered, or whatever `readFile` can read. */
  readonly filePath: string;
}

export interface UploadResult {
  readonly fileID: string;
  readonly statusCode: number;
}

export interface DownloadOptions {
  readonly fileID: string;
}

export interface DownloadResult {
  /** A `blob:` address, which `fetch` and `<img>` read as long as this page or process lives. */
  readonly tempFilePath: string;
  readonly statusCode: number;
}

/** A file to be given an address; `maxAge` in seconds. */
export type TempFileRequest = string | { readonly fileID: string; readonly maxAge?: number };

export interface TempFile {
  readonly fileID: string;
  /** Empty where `status` is not 0. */
  readonly tempFileURL: string;
  readonly maxAge: number;
  readonly status: number;
  readonly errMsg: string;
}

export interface DeletedFile {
  readonly fileID: string;
  readonly status: number;
  readonly errMsg: string;
}

/** Files one by one: a missing one makes only itself fail. */
export interface FileList<File> {
  readonly fileList: readonly File[];
}

interface Parts {
  readonly url: string;
  readonly requests: Requests;
  readonly readFile: (filePath: string) => Promise<Blob | Uint8Array>;
}

type Fields = Readonly<Record<string, unknown>>;

/** Cloud storage as a mini program uses it. */
export function createFiles({ url, requests, readFile }: Parts) {
  const ask = async (action: string, fields: Fields): Promise<Fields> => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ action: `storage.${action}`, ...fields });
    const answer = await readJson(await requests.send(`${url}/admin`, { method: 'POST', headers, body }));
    const { code, message, data } = answer;
    if (typeof code === 'string') throw refusedBy(code, String(message));
    return data as Fields;
  };
  const addressesOf = async (fileList: readonly TempFileRequest[]): Promise<readonly TempFile[]> => {
    const { download_list: list } = await ask('batchGetDownloadUrl', { file_list: fileList.map(asWireFile) });
    return (list as readonly WireFile[]).map(({ code, maxAge, fileID, tempFileURL }) => ({
      ...endOf(fileID, code),
      maxAge,
      tempFileURL: encodeAddress(tempFileURL),
    }));
  };
  return {
    async uploadFile({ cloudPath, filePath }: UploadOptions): Promise<UploadResult> {
      const content = await readFile(filePath);
      const target = await ask('getUploadMetadata', { path: cloudPath, method: 'put' });
      const { token, authorization, fileId } = target as Record<string, string>;
      const headers = { authorization: authorization ?? '', 'x-cos-security-token': token ?? '' };
      const init = { method: 'PUT', headers, body: new Blob([content]) };
      const answer = await requests.send(String(target['url']), init);
      if (answer.status !== 200) throw refusedBy('STORAGE_REQUEST_FAIL', await storageError(answer));
      return { fileID: String(fileId), statusCode: answer.status };
    },
    async downloadFile({ fileID }: DownloadOptions): Promise<DownloadResult> {
      const [file] = await addressesOf([fileID]);
      if (file === undefined || file.status !== 0) throw refusedBy('STORAGE_FILE_NONEXIST', fileID);
      const answer = await requests.send(file.tempFileURL);
      if (answer.status !== 200) throw refusedBy('STORAGE_REQUEST_FAIL', await storageError(answer));
      return { tempFilePath: URL.createObjectURL(answer.content), statusCode: answer.status };
    },
    async getTempFileURL({ fileList }: FileList<TempFileRequest>): Promise<FileList<TempFile>> {
      return { fileList: await addressesOf(fileList) };
    },
    async deleteFile({ fileList }: FileList<string>): Promise<FileList<DeletedFile>> {
      const { delete_list: list } = await ask('batchDeleteFile', { fileid_list: fileList });
      return { fileList: (list as readonly WireFile[]).map(({ fileID, code }) => endOf(fileID, code)) };
    },
  };
}

/** The content of a file that has an address: `blob:`, `data:`, `http:`. */
export async function fetchFile(filePath: string): Promise<Blob> {
  try {
    return await (await fetch(filePath)).blob();
  } catch (cause) {
    throw new Error(`file not found ${filePath}`, { cause });
  }
}

interface WireFile {
  readonly fileID: string;
  readonly code: string;
  readonly tempFileURL: string;
  readonly maxAge: number;
}

function asWireFile(file: TempFileRequest): Fields {
  if (typeof file === 'string') return { fileid: file };
  return { fileid: file.fileID, ...(file.maxAge === undefined ? {} : { max_age: file.maxAge }) };
}

/** The address comes as it is written, and a path may hold what otherwise ends one. */
function encodeAddress(address: string): string {
  const query = address.lastIndexOf('?');
  if (query === -1) return address;
  return encodeURI(address.slice(0, query)).replaceAll(/[?#]/g, encodeURIComponent) + address.slice(query);
}

function endOf(fileID: string, code: string): DeletedFile {
  if (code === 'SUCCESS') return { fileID, status: 0, errMsg: 'ok' };
  const [status, errMsg] = factsOf(code);
  return { fileID, status, errMsg };
}

/** `[Code]: Message` of the error that object storage answers, else its status. */
async function storageError({ status, content }: { status: number; content: Blob }): Promise<string> {
  const text = await content.text();
  const part = (name: string) => new RegExp(`<${name}>([^<]*)`).exec(text)?.[1];
  const code = part('Code');
  return code === undefined ? `status ${status}` : `[${code}]: ${part('Message') ?? ''}`;
}
