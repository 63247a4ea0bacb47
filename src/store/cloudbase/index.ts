/** `Store` and `Blobs` over wx-server-sdk, which is handed in and never imported. */
export { createCloudbaseBlobs } from './cloudbase-blobs.ts';
export { createCloudbaseCallStore, createCloudbaseStore, type LoadPages } from './cloudbase-store.ts';
export { pagesOver } from './pages.ts';
export { problemOf, type Problem } from './errors.ts';
export type { Cloud } from './sdk.ts';
