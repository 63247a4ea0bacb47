/** Image services behind one small interface. */
export { exchange, type Exchange, type Fetch, type HttpDeps } from './http.ts';
export { createOpenAiImages, type OpenAiImagesOptions } from './openai-images.ts';
export type { Picture, PictureRequest, Provider, ProviderResult } from './provider.ts';
