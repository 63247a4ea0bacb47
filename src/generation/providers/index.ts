/** Image services behind one small interface. */
export {
  createOpenAiProvider,
  createProvider,
  knownProvider,
  providerForms,
  providerNames,
  type ProviderConfig,
  type ProviderForm,
} from './registry.ts';
export type { Picture, PictureRequest, Provider, ProviderResult, Trouble } from './provider.ts';
