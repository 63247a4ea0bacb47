/** Image services behind one small interface. */
export {
  createProvider,
  createProviderBy,
  inEitherForm,
  knownProvider,
  providerNames,
  type CreateService,
  type ProviderConfig,
  type ProviderForm,
} from './registry.ts';
export { createDashScope } from './dashscope.ts';
export { createOpenAiImages } from './openai-images.ts';
export type { Picture, PictureRequest, Provider, ProviderResult, Trouble } from './provider.ts';
