import { createApi, type Api, type Ask } from './api.ts';
import { failureOf, Trouble } from './failure.ts';
import {
  createFiles,
  fetchFile,
  type DeletedFile,
  type DownloadOptions,
  type DownloadResult,
  type FileList,
  type TempFile,
  type TempFileRequest,
  type UploadOptions,
  type UploadResult,
} from './files.ts';
import { callFunction, type CallOptions, type CallResult, type User } from './functions.ts';
import { createNetwork, type Network, type NetworkStatus, type NetworkType } from './network.ts';
import { createRequests } from './requests.ts';
import { createMemoryStorage, createStorage, type StorageApi, type StringStorage } from './storage.ts';

/** Whose phone it is, and what it is made of. */
export interface WxOptions extends User {
  /** Address of the local cloud, `http://127.0.0.1:PORT`. A page of another origin must be allowed there. */
  readonly url: string;
  /** Who uses the phone. Chosen freely, for this is development; functions see it as their OPENID. */
  readonly openid: string;
  /** The switch of its connection. @default connected by wifi */
  readonly network?: Network;
  /** @default in memory; `localStorage` keeps it over a reload of the page. One user's, whoever else is in it. */
  readonly storage?: StringStorage;
  /** The content of the file at a `filePath`. @default what `fetch` reads there: `blob:`, `data:`, `http:` */
  readonly readFile?: (filePath: string) => Promise<Blob | Uint8Array>;
  /** How long a request may take. @default 60,000 ms, as a mini program's `networkTimeout` */
  readonly timeoutMs?: number;
}

/** `wx.cloud`: every API answers a promise, or calls back where a callback is given. Fails with `CloudFailure`. */
export interface WxCloud {
  init(options?: { readonly env?: string | object; readonly traceUser?: boolean }): void;
  readonly callFunction: Api<CallOptions, CallResult>;
  readonly uploadFile: Api<UploadOptions, UploadResult>;
  readonly downloadFile: Api<DownloadOptions, DownloadResult>;
  readonly getTempFileURL: Api<FileList<TempFileRequest>, FileList<TempFile>>;
  readonly deleteFile: Api<FileList<string>, FileList<DeletedFile>>;
}

type StatusListener = (status: NetworkStatus) => void;

/** The part of a mini program's `wx` that its logic needs, and that needs no screen. */
export interface Wx extends StorageApi {
  readonly cloud: WxCloud;
  readonly getNetworkType: Ask<{ readonly networkType: NetworkType }>;
  onNetworkStatusChange(listener: StatusListener): void;
  /** Without a listener: all of them. */
  offNetworkStatusChange(listener?: StatusListener): void;
}

/** The `wx` of one phone, against the local cloud at `url`. */
export function createWx(options: WxOptions): Wx {
  const { url, openid, unionid, network = createNetwork(), storage = createMemoryStorage() } = options;
  const { readFile = fetchFile, timeoutMs = 60_000 } = options;
  const requests = createRequests(network, timeoutMs);
  const parts = { url: url.replace(/\/+$/, ''), user: { openid, unionid }, requests, readFile };
  return {
    ...createStorage(storage, `wx-storage:${openid}:`),
    ...networkApi(network),
    cloud: cloudApi(parts),
  };
}

function cloudApi(parts: Parameters<typeof callFunction>[0] & Parameters<typeof createFiles>[0]): WxCloud {
  const files = createFiles(parts);
  let isReady = false;
  const api = <Options, Result extends object>(
    name: string,
    run: (options: Options) => Promise<Result>,
  ): Api<Options, Result> =>
    createApi(`cloud.${name}`, async (given: Options) => {
      try {
        if (!isReady) throw new Trouble(-601002, NOT_READY);
        return await run(given);
      } catch (error) {
        throw failureOf(`cloud.${name}`, error);
      }
    });
  return {
    init() {
      isReady = true;
    },
    callFunction: api('callFunction', (given: CallOptions) => callFunction(parts, given)),
    uploadFile: api('uploadFile', files.uploadFile),
    downloadFile: api('downloadFile', files.downloadFile),
    getTempFileURL: api('getTempFileURL', files.getTempFileURL),
    deleteFile: api('deleteFile', files.deleteFile),
  };
}

const NOT_READY = "Error: errMsg: Cloud API isn't enabled, please call wx.cloud.init first";

function networkApi(network: Network): Omit<Wx, 'cloud' | keyof StorageApi> {
  const ends = new Map<StatusListener, () => void>();
  const stop = (listener: StatusListener): void => {
    ends.get(listener)?.();
    ends.delete(listener);
  };
  return {
    getNetworkType: createApi('getNetworkType', async (_options: object) => ({
      networkType: network.status().networkType,
    })),
    onNetworkStatusChange(listener) {
      stop(listener);
      ends.set(listener, network.onChange(listener));
    },
    offNetworkStatusChange(listener) {
      for (const one of listener === undefined ? [...ends.keys()] : [listener]) stop(one);
    },
  };
}
