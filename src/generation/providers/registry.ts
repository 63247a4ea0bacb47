import type { HttpDeps } from '../../core/index.ts';
import { createOpenAiImages } from './openai-images.ts';
import { otherForms } from './other-forms.ts';
import type { Provider } from './provider.ts';

/** How a service is spoken to: `openai` answers the picture, `dashscope` takes a task. */
export const providerForms = ['openai', 'dashscope'] as const;
export type ProviderForm = (typeof providerForms)[number];

/** An image service as it is configured. */
export interface ProviderConfig {
  /** Stands in the record. */
  readonly name: string;
  readonly form: ProviderForm;
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  readonly model: string | undefined;
}

/** A service whose address is known; all of them want a model to be named. */
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

/** What speaks to a service in its form. */
export type CreateService = (deps: HttpDeps, config: ProviderConfig) => Provider;
/** All but the form of most services. */
export type OtherForms = Readonly<Record<Exclude<ProviderForm, 'openai'>, CreateService>>;

/** The image service of this configuration. */
export function createProvider(deps: HttpDeps, config: ProviderConfig): Provider {
  return createProviderBy(inAnyForm(otherForms), deps, config);
}

/** In the form of most services or, where it is configured, in one of those that are handed in. */
export function inAnyForm(others: OtherForms): CreateService {
  return (deps, config) => (config.form === 'openai' ? createOpenAiImages : others[config.form])(deps, config);
}

/** The same, by what speaks to it. */
export function createProviderBy(createService: CreateService, deps: HttpDeps, config: ProviderConfig): Provider {
  const provider = createService(deps, config);
  const { submit, ask } = provider;
  return {
    ...provider,
    submit: async (request) => withoutKey(await submit(request), config.apiKey),
    ...(ask ? { ask: async (...task: Parameters<typeof ask>) => withoutKey(await ask(...task), config.apiKey) } : {}),
    keepsPicturesMs: (knownProvider(config.name)?.keepsPicturesHours ?? 1) * HOUR_MS,
  };
}

/** So much of a key is as bad as the whole: what a service says may have been cut off behind it. */
const TELLING_CHARACTERS = 8;

// A service may quote the key that it refuses. What it says is stored, and shown to the person.
function withoutKey<T extends object>(result: T, key: string | undefined): T {
  if (key === undefined || key.length < TELLING_CHARACTERS) return result;
  const told = key.slice(0, TELLING_CHARACTERS);
  const { message, cause } = result as { readonly message?: unknown; readonly cause?: unknown };
  return {
    ...result,
    ...(typeof message === 'string' && message.includes(told) ? { message: '图片服务拒绝了请求' } : {}),
    ...(typeof cause === 'string' && cause.includes(told) ? { cause: 'withheld' } : {}),
  };
}
