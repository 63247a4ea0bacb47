import type { Clock, Hash, Log, Random, Seal } from '../core/index.ts';
import { createDurableWriter, type DurableWriter } from '../durable/index.ts';
import { createDownload, createProvider, type Download, type Fetch, type Provider } from '../generation/index.ts';
import type { Blobs, Store } from '../store/index.ts';
import { readConfig, type Environment, type GenerateConfig } from './config.ts';
import type { Identity } from './handler.ts';

/** Everything a function stands on; composition roots hand it in. */
export interface Runtime {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly random: Random;
  readonly hash: Hash;
  readonly log: Log;
  readonly fetch: Fetch;
  readonly env: Environment;
  createSeal(secret: string): Seal;
  identity(): Identity;
  /** Takes the place of the provider named in the environment, for a service this library does not know. */
  readonly provider?: Provider;
}

/** What the functions about pictures work with, made from the runtime and its environment. */
export interface Tools {
  readonly config: GenerateConfig;
  readonly writer: DurableWriter;
  readonly provider: Provider | undefined;
  readonly download: Download;
}

/** Opens the tools; throws `CONFIG_INVALID` for a wrong setting. */
export function openTools(runtime: Runtime): Tools {
  const config = readConfig(runtime.env);
  const seal = config.key === undefined ? undefined : runtime.createSeal(config.key);
  const provider = runtime.provider ?? (config.provider && createProvider(runtime, config.provider));
  const download = createDownload({ clock: runtime.clock, trustedOrigin: provider?.trustedOrigin });
  return { config, provider, download, writer: createDurableWriter({ ...runtime, seal }) };
}
