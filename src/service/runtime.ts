import type { Fetch, Seal } from '../core/index.ts';
import { createDurableWriter, type DurableWriter, type RecordWriter } from '../durable/index.ts';
import {
  createDownload,
  createProviderBy,
  inAnyForm,
  otherForms,
  type CreateService,
  type Download,
  type Moderate,
  type OpenApi,
  type Provider,
  type ProviderConfig,
} from '../generation/index.ts';
import type { Blobs, CallStore, Store } from '../store/index.ts';
import { readConfig, type Environment, type GenerateConfig } from './config.ts';
import type { HandlerDeps } from './handler.ts';
import { openModeration } from './open-moderation.ts';

/** What every function and the front desk stand on. */
export interface Ports extends HandlerDeps {
  readonly store: Store;
  readonly blobs: Blobs;
}

/** Everything a function stands on; composition roots hand it in. */
export interface Runtime extends Ports, PictureRuntime {
  readonly store: Store;
}

/** What making pictures stands on. */
export interface PictureRuntime extends HandlerDeps {
  readonly store: CallStore;
  readonly blobs: Blobs;
  readonly fetch: Fetch;
  readonly env: Environment;
  createSeal(secret: string): Seal;
  /** Takes the place of the provider named in the environment, for a service this library does not know. */
  readonly provider?: Provider;
  /** Takes the place of the check named in the environment. */
  readonly moderate?: Moderate;
  /** `cloud.openapi`; needed where WX_DURABLE_MODERATION is `wechat`. */
  readonly openapi?: OpenApi;
}

/** What making pictures needs, made from the runtime and its environment. */
export interface PictureTools extends Seals {
  readonly config: GenerateConfig;
  readonly provider: Provider | undefined;
  readonly earlierProviders: readonly Provider[];
  readonly download: Download;
  readonly moderate: Moderate | undefined;
}

/** What the function that makes pictures works with. */
export interface CallTools extends PictureTools {
  readonly writer: RecordWriter;
}

/** What the functions about pictures work with. */
export interface Tools extends CallTools {
  readonly writer: DurableWriter;
}

/** Opens the tools; throws `CONFIG_INVALID` for a wrong setting. */
export function openTools(runtime: Runtime): Tools {
  const makers: Makers = { createService: inAnyForm(otherForms), openModeration };
  const tools = openPictureTools(runtime, readConfig(runtime.env), makers);
  return { ...tools, writer: createDurableWriter({ ...runtime, ...tools }) };
}

/** Makers of what a deployment may have configured. */
export interface Makers {
  readonly createService: CreateService;
  /** Needed only where the configuration asks for it. */
  readonly openModeration?: typeof openModeration;
}

/** Opens the tools but for the writer; throws `CONFIG_INVALID` for a wrong setting. */
export function openPictureTools(runtime: PictureRuntime, config: GenerateConfig, makers: Makers): PictureTools {
  const { seal, previousSeals } = sealsOf(runtime, config);
  const made = (provider: ProviderConfig | undefined): Provider | undefined =>
    provider && createProviderBy(makers.createService, runtime, provider);
  const provider = runtime.provider ?? made(config.provider);
  const earlierProviders = [made(runtime.provider && config.provider), made(config.previousProvider)].filter(isThere);
  const trustedOrigins = [provider, ...earlierProviders].map((each) => each?.trustedOrigin).filter(isThere);
  return {
    config,
    seal,
    previousSeals,
    provider,
    earlierProviders,
    download: createDownload({ clock: runtime.clock, trustedOrigins }),
    moderate: runtime.moderate ?? makers.openModeration?.(runtime, config),
  };
}

/** The deployment's keys: what is written under, and what letters may still be under. */
export interface Seals {
  readonly seal: Seal | undefined;
  readonly previousSeals: readonly Seal[];
}

/** The keys of the environment; throws `CONFIG_INVALID` for what is none. */
export function sealsOf(runtime: Pick<Runtime, 'env' | 'createSeal'>, config = readConfig(runtime.env)): Seals {
  const { key, previousKeys } = config;
  return {
    seal: key === undefined ? undefined : runtime.createSeal(key),
    previousSeals: previousKeys.map((each) => runtime.createSeal(each)),
  };
}

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined;
}
