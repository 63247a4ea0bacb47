import { nodeClock } from '../core/node/index.ts';
import type { Store } from '../store/index.ts';
import { createCloudbaseBlobs, createCloudbaseStore } from '../store/cloudbase/index.ts';
import { clientEnvironment } from '../emulator/index.ts';
import { CommandFailure, exitCodes } from './exit-codes.ts';
import type { Language } from './language.ts';
import { confirmWrite } from './target/confirm.ts';
import { enterEnvironment } from './target/environment.ts';
import { createKnownBlobs, type KnownBlobs } from './target/known-blobs.ts';
import { findLocalCloud } from './target/local.ts';
import { loadSdk, type Sdk } from './target/sdk.ts';
import type { Terminal } from './terminal.ts';

/** Which cloud a command is about; the options `--local [url]` and `--env-id <id>`. */
export interface TargetOptions {
  readonly local?: string | true;
  readonly envId?: string;
  /** Writes to an environment without asking. */
  readonly yes?: boolean;
}

/** A cloud, ready to be read and written through the unmodified SDK. */
export interface Target {
  readonly kind: 'local' | 'environment';
  /** The local cloud's address, or the environment's id. */
  readonly name: string;
  readonly store: Store;
  readonly blobs: KnownBlobs;
  readonly cloud: Sdk;
  readonly sdkVersion: string;
  /**
   * To be awaited before the first write. On an environment a person types its id, or `--yes` was given; off a
   * terminal, and without it, rejects with exit code 3. A local cloud is written to without asking.
   */
  confirmWrite(what: string): Promise<void>;
}

/**
 * Opens the cloud that a command is about and says which it is, on standard error, before anything else happens.
 * Without `--env-id` that is a local cloud. Rejects with exit code 2 where credentials are missing, 5 where no local
 * cloud runs, 6 where wx-server-sdk is not installed.
 */
export async function openTarget(
  options: TargetOptions,
  context: { readonly terminal: Terminal; readonly language: Language },
): Promise<Target> {
  const { local, envId } = options;
  if (local !== undefined && envId !== undefined) throw bothNamed(context.language);
  const place = envId === undefined ? await placeLocally(local, context) : placeRemotely(envId, context);
  context.terminal.say(place.line);
  const { cloud, version: sdkVersion } = loadSdk(context.language);
  cloud.init({ env: place.sdkEnv });
  const store = createCloudbaseStore(cloud, nodeClock);
  let isAgreed = false;
  return {
    kind: place.kind,
    name: place.name,
    store,
    blobs: createKnownBlobs(createCloudbaseBlobs(cloud, nodeClock, fetch), store, {
      envId: place.sdkEnv,
      mayWrite: () => isAgreed,
    }),
    cloud,
    sdkVersion,
    confirmWrite: async (what) => {
      if (place.kind === 'environment') await confirmWrite({ ...context, envId: place.name, what, yes: options.yes });
      isAgreed = true;
    },
  };
}

interface Place {
  readonly kind: Target['kind'];
  readonly name: string;
  readonly sdkEnv: string;
  readonly line: string;
}

interface PlaceContext {
  readonly terminal: Terminal;
  readonly language: Language;
}

async function placeLocally(named: string | true | undefined, { terminal, language }: PlaceContext): Promise<Place> {
  const url = await findLocalCloud(named, { env: terminal.env, language });
  const env = clientEnvironment(url);
  Object.assign(process.env, env);
  const line = language === 'zh' ? `目标：本地云 ${url}` : `target: local cloud ${url}`;
  return { kind: 'local', name: url, sdkEnv: env['TCB_ENV'] ?? '', line };
}

function placeRemotely(envId: string, { terminal, language }: PlaceContext): Place {
  const { via } = enterEnvironment(envId, { env: terminal.env, language });
  const zh = `目标：环境 ${envId}${via ? `（经 ${via}）` : ''}`;
  const en = `target: environment ${envId}${via ? ` (by way of ${via})` : ''}`;
  return { kind: 'environment', name: envId, sdkEnv: envId, line: language === 'zh' ? zh : en };
}

function bothNamed(language: Language): CommandFailure {
  const text = { zh: '--local 与 --env-id 只能选一个', en: 'give --local or --env-id, not both' };
  return new CommandFailure(exitCodes.usage, text[language]);
}
