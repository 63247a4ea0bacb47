/** AI pictures on top of `once`. */
export {
  createGeneration,
  createGenerationRecovery,
  type Generated,
  type Generation,
  type GenerationDeps,
  type GenerationOptions,
  type Usage,
  type Visit,
} from './generation.ts';
export type { History, HistoryItem } from './history.ts';
export {
  createOpenAiImages,
  type Fetch,
  type PictureRequest,
  type Provider,
  type ProviderResult,
} from './providers/index.ts';
export type { Registration } from './users.ts';
