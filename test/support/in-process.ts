/** The functions in the test's own process, over the real SDK: for what needs another time or another image service. */
import { createRequire } from 'node:module';
import { createSeal, nodeClock, nodeHash, nodeRandom } from '../../src/core/node/index.ts';
import type { Clock } from '../../src/core/index.ts';
import type { Provider } from '../../src/generation/index.ts';
import {
  createFixUserConsistency,
  createGenerateImage,
  createRecoverFromBackup,
  type Runtime,
} from '../../src/service/index.ts';
import { createCloudbaseBlobs, createCloudbaseStore, type Cloud } from '../../src/store/cloudbase/index.ts';
import type { Blobs, Store } from '../../src/store/index.ts';
import { TIMER, type Answer, type LocalCloud } from './local-cloud.ts';
import { memoryLog } from './ports.ts';

interface Sdk extends Cloud {
  readonly DYNAMIC_CURRENT_ENV: unknown;
  init(options: { env: unknown }): void;
  downloadFile(options: { fileID: string }): Promise<unknown>;
  getTempFileURL(options: {
    fileList: { fileID: string; maxAge: number }[];
  }): Promise<{ fileList: { tempFileURL?: string }[] }>;
}

/** The unmodified SDK, which from now on talks to this cloud; the one that `from` finds. @default the installed one */
export function openSdk({ env }: Pick<LocalCloud, 'env'>, from: string = import.meta.url): Sdk {
  Object.assign(process.env, env);
  const sdk = createRequire(from)('wx-server-sdk') as Sdk;
  sdk.init({ env: sdk.DYNAMIC_CURRENT_ENV });
  return sdk;
}

/** The machine's clock, put forward. */
export interface ShiftedClock extends Clock {
  /** Puts it forward by so much more. */
  forward(ms: number): void;
}

/** What goes on in an instance that may be killed. */
export interface Running {
  readonly answer: Promise<Answer>;
  /** Ends the instance: nothing that it sends from now on arrives, and it answers nothing. */
  kill(): void;
}

export interface InProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly provider?: Provider;
  /** The functions' time limit. @default 60_000 */
  readonly limitMs?: number;
}

/** Longer than a lease: a call of 60 seconds is certainly over. */
export const LEASE_MS = 120_000;
export const DAY_MS = 86_400_000;

export type InProcess = ReturnType<typeof createInProcess>;

/** The functions over `cloud`, each call in an instance of its own. */
export function createInProcess(cloud: Pick<LocalCloud, 'env' | 'url'>, options: InProcessOptions = {}) {
  const sdk = openSdk(cloud);
  const clock = createShiftedClock();
  const log = memoryLog();
  const url = `${cloud.url}/_provider/v1`;
  const env = options.env ?? { WX_DURABLE_PROVIDER: 'local', WX_DURABLE_PROVIDER_URL: url };
  const context = { time_limit_in_ms: options.limitMs ?? 60_000, request_id: 'in-process' };
  const boot = (openid?: string): { runtime: Runtime; kill: () => void } => {
    const life = { isOver: false };
    const runtime = {
      clock,
      log,
      env,
      random: nodeRandom,
      hash: nodeHash,
      createSeal,
      fetch,
      store: mortal<Store>(createCloudbaseStore(sdk, clock), life),
      blobs: mortal<Blobs>(createCloudbaseBlobs(sdk, clock, fetch), life),
      identity: () => (openid === undefined ? { SOURCE: 'wx_trigger' } : { OPENID: openid, SOURCE: 'wx_client' }),
      ...(options.provider ? { provider: mortal(options.provider, life) } : {}),
    };
    return { runtime, kill: () => void (life.isOver = true) };
  };
  const start = (openid: string, event: unknown): Running => {
    const { runtime, kill } = boot(openid);
    return { answer: createGenerateImage(runtime)(event, context) as Promise<Answer>, kill };
  };
  const call = (openid: string, event: unknown): Promise<Answer> => start(openid, event).answer;
  return {
    clock,
    log,
    start,
    call,
    generate: (openid: string, data: unknown) => call(openid, { action: 'generate', data }),
    recover: () => createRecoverFromBackup(boot().runtime)(TIMER, context) as Promise<Answer>,
    repair: () => createFixUserConsistency(boot().runtime)(TIMER, context) as Promise<Answer>,
  };
}

function createShiftedClock(): ShiftedClock {
  let shiftMs = 0;
  return {
    ...nodeClock,
    now: () => nodeClock.now() + shiftMs,
    forward(ms) {
      shiftMs += ms;
    },
  };
}

/** A port whose calls neither leave nor come back once the life of its instance is over. */
function mortal<T extends object>(port: T, life: { readonly isOver: boolean }): T {
  const never = new Promise<never>(() => undefined);
  return new Proxy(port, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== 'function') return method;
      return async (...args: readonly unknown[]): Promise<unknown> => {
        if (life.isOver) return never;
        const value: unknown = await Reflect.apply(method, target, args);
        return life.isOver ? never : value;
      };
    },
  });
}
