/** The `wx` of a mini program, against a local cloud; for browsers and Node alike. */
export { createWx, type Wx, type WxCloud, type WxOptions } from './wx.ts';
export { createNetwork, type Network, type NetworkStatus, type NetworkType } from './network.ts';
export type { Api, Ask, Callbacks, Plain } from './api.ts';
export type { CloudFailure } from './failure.ts';
export type { CallOptions, CallResult } from './functions.ts';
export type {
  DeletedFile,
  DownloadOptions,
  DownloadResult,
  FileList,
  TempFile,
  TempFileRequest,
  UploadOptions,
  UploadResult,
} from './files.ts';
export type { StorageApi, StorageInfo, StringStorage } from './storage.ts';
