/** Image services behind one small interface. */
export {
  createProvider,
  createProviderBy,
  inAnyForm,
  knownProvider,
  providerForms,
  providerNames,
  type CreateService,
  type ProviderConfig,
  type ProviderForm,
} from './registry.ts';
export { createOpenAiImages } from './openai-images.ts';
export { otherForms } from './other-forms.ts';
export type { Picture, PictureRequest, Provider, ProviderResult, Trouble } from './provider.ts';
