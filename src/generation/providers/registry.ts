import { createDashScope } from './dashscope.ts';
import type { HttpDeps } from './http.ts';
import { createOpenAiImages } from './openai-images.ts';
import type { Provider } from './provider.ts';

/** How a service is spoken to: `openai` answers the picture, `dashscope` takes a task. */
export type ProviderForm = 'openai' | 'dashscope';

/** An image service as it is configured. */
export interface ProviderConfig {
  /** Stands in the record. */
  readonly name: string;
  readonly form: ProviderForm;
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  readonly model: string | undefined;
}

/** What is known of the services that a deployment may name. */
export const knownProviders: Readonly<Record<string, { readonly form: ProviderForm; readonly baseUrl: string }>> = {
  zhipu: { form: 'openai', baseUrl: 'https://open.bigmodel.cn/api/paas/v4' },
  volcengine: { form: 'openai', baseUrl: 'https://ark.cn-beijing.volces.com/api/v3' },
  siliconflow: { form: 'openai', baseUrl: 'https://api.siliconflow.cn/v1' },
  dashscope: { form: 'dashscope', baseUrl: 'https://dashscope.aliyuncs.com/api/v1' },
};

/** The image service of this configuration. */
export function createProvider(deps: HttpDeps, config: ProviderConfig): Provider {
  if (config.form === 'dashscope') return createDashScope(deps, { ...config, model: config.model ?? '' });
  return createOpenAiImages(deps, config);
}
