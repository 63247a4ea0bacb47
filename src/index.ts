/**
 * wx-durable: every costly call leaves exactly one record, and nothing that was acknowledged is lost.
 *
 * This is the library's front door. Adapters have doors of their own: `wx-durable/store/cloudbase`,
 * `wx-durable/store/memory`; the local cloud is `wx-durable/emulator`.
 */
export { codes, DurableError, isDurableError, type Category, type Code } from './core/index.ts';
export type { Clock, Deadline, Hash, Log, LogFields, LogLevel, Random, Seal } from './core/index.ts';
export { createDeadline } from './core/index.ts';
export { nodePorts } from './core/node/index.ts';
export {
  createDurableWriter,
  type DurableWriter,
  type DurableWriterDeps,
  type DurableWriterOptions,
  type StoreOutcome,
  type WriteOutcome,
  type WriteRequest,
} from './durable/index.ts';
export {
  createOnce,
  createRecovery,
  type Kind,
  type Once,
  type OnceAnswer,
  type OnceRequest,
  type Payment,
} from './once/index.ts';
export type { Provider, ProviderResult, PictureRequest } from './generation/index.ts';
export {
  createFixUserConsistency,
  createGenerateImage,
  createHandler,
  createRecoverFromBackup,
  type Envelope,
  type Runtime,
} from './service/index.ts';
export { is, type Blobs, type Document, type Filter, type Store } from './store/index.ts';
