/** AI pictures on top of `once`. */
export {
  createGeneration,
  type Generated,
  type Generation,
  type GenerationDeps,
  type GenerationOptions,
  type Usage,
  type Visit,
} from './generation.ts';
export type { History, HistoryItem } from './history.ts';
export {
  createProvider,
  knownProviders,
  type Fetch,
  type PictureRequest,
  type Provider,
  type ProviderConfig,
  type ProviderForm,
  type ProviderResult,
} from './providers/index.ts';
export type { Registration } from './users.ts';
export {
  createGenerationRecovery,
  type GenerationCheckpoint,
  type GenerationRecoverReport,
  type GenerationRecovery,
} from './recovery.ts';
export { createDownload, type Download } from './asset/index.ts';
