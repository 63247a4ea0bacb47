/** AI pictures on top of `once`. */
export {
  createGeneration,
  type Generated,
  type Generation,
  type GenerationDeps,
  type GenerationOptions,
  type PictureDeps,
} from './generation.ts';
export { createGallery, type Gallery, type GalleryDeps, type Usage } from './gallery.ts';
export type { Visit } from './picture-call.ts';
export type { History, HistoryItem } from './history.ts';
export {
  createOpenAiImages,
  createProvider,
  createProviderBy,
  inAnyForm,
  knownProvider,
  otherForms,
  providerForms,
  providerNames,
  type CreateService,
  type PictureRequest,
  type Provider,
  type ProviderConfig,
  type ProviderForm,
  type ProviderResult,
} from './providers/index.ts';
export { pictureTasks, type LoadTasks } from './tasks.ts';
export type { Registration } from './users.ts';
export {
  createGenerationRecovery,
  type GenerationCheckpoint,
  type GenerationRecoverReport,
  type GenerationRecovery,
} from './recovery.ts';
export { createDownload, type Download } from './asset/index.ts';
export { createWechatModeration, type Moderate, type OpenApi } from './moderation.ts';
export { anomaliesOf, createWorksSection, type WorksSectionDeps, type WorksSectionOptions } from './check/index.ts';
