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

export interface KnownProvider {
  readonly form: ProviderForm;
  readonly baseUrl: string;
  /** How long its pictures' addresses work, as its documentation says. */
  readonly keepsPicturesHours: number;
}

/** What is known of the services that a deployment may name. */
const knownProviders: Readonly<Record<string, KnownProvider>> = {
  zhipu: { form: 'openai', baseUrl: 'https://open.bigmodel.cn/api/paas/v4', keepsPicturesHours: 720 },
  volcengine: { form: 'openai', baseUrl: 'https://ark.cn-beijing.volces.com/api/v3', keepsPicturesHours: 24 },
  siliconflow: { form: 'openai', baseUrl: 'https://api.siliconflow.cn/v1', keepsPicturesHours: 1 },
  dashscope: { form: 'dashscope', baseUrl: 'https://dashscope.aliyuncs.com/api/v1', keepsPicturesHours: 24 },
};

const HOUR_MS = 3_600_000;

/** What is known of a service of this name. */
export function knownProvider(name: string): KnownProvider | undefined {
  return Object.hasOwn(knownProviders, name) ? knownProviders[name] : undefined;
}

/** The names of the services whose address is known. */
export const providerNames = (): readonly string[] => Object.keys(knownProviders);

/** The image service of this configuration. */
export function createProvider(deps: HttpDeps, config: ProviderConfig): Provider {
  if (config.form !== 'dashscope') return createOpenAiProvider(deps, config);
  return withKeeping(config, createDashScope(deps, { ...config, model: config.model ?? '' }));
}

/** The same, for the form of most services alone. */
export function createOpenAiProvider(deps: HttpDeps, config: ProviderConfig): Provider {
  return withKeeping(config, createOpenAiImages(deps, config));
}

function withKeeping(config: ProviderConfig, provider: Provider): Provider {
  return { ...provider, keepsPicturesMs: (knownProvider(config.name)?.keepsPicturesHours ?? 1) * HOUR_MS };
}
