/** Cloud storage. */
export { assertCloudPath, createAddresses, type Addresses } from './addresses.ts';
export { createFileStore, type FileStore } from './file-store.ts';
export { readOrCreateSecret } from './secret.ts';
