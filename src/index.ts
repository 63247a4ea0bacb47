/**
 * wx-durable: every costly call leaves exactly one record, and nothing that was acknowledged is lost.
 *
 * This is the library's front door. Adapters have doors of their own: `wx-durable/store/cloudbase`,
 * `wx-durable/store/memory`; the local cloud is `wx-durable/emulator`.
 */
import { DurableError, type Log } from './core/index.ts';
import { nodePorts } from './core/node/index.ts';
import { createDesk, readList, type DeskOptions, type Durable } from './service/index.ts';
import { createCloudbaseBlobs, createCloudbaseStore, type Cloud } from './store/cloudbase/index.ts';

export { codes, DurableError, isDurableError, type Category, type Code } from './core/index.ts';
export type { Clock, Deadline, Hash, Log, LogFields, LogLevel, Random, Seal } from './core/index.ts';
export { createDeadline } from './core/index.ts';
export { nodePorts } from './core/node/index.ts';
export {
  createDurableWriter,
  type DurableWriter,
  type DurableWriterDeps,
  type DurableWriterOptions,
  type StoreOutcome,
  type WriteOutcome,
  type WriteRequest,
} from './durable/index.ts';
export {
  createOnce,
  createRecovery,
  type Kind,
  type Once,
  type OnceAnswer,
  type OnceRequest,
  type Payment,
} from './once/index.ts';
export type { Provider, ProviderResult, PictureRequest } from './generation/index.ts';
export {
  createFixUserConsistency,
  createGenerateImage,
  createHandler,
  createRecoverFromBackup,
  type Envelope,
  type Runtime,
} from './service/index.ts';
export { is, type Blobs, type Document, type Filter, type Store } from './store/index.ts';
export type {
  Ask,
  AskContext,
  CostlyCall,
  DeskRecovery,
  Durable,
  TimerOptions,
  TimerRun,
  TimerWork,
} from './service/index.ts';

/** What `createDurable` needs; all but `cloud` have defaults that are right for a function of 3 s. */
export interface DurableOptions extends DeskOptions {
  /** An initialised wx-server-sdk. */
  readonly cloud: Cloud & { getWXContext(): unknown };
  /** 32 bytes as hex or base64: signs and encrypts dead letters, and turns on the log tier. @default WX_DURABLE_KEY */
  readonly key?: string | undefined;
  /** Keys used before: dead letters written under them are still read. @default WX_DURABLE_PREVIOUS_KEYS, with commas */
  readonly previousKeys?: readonly string[] | undefined;
  /** @default one JSON line per event on standard output */
  readonly log?: Log;
}

const LIMITS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  maxAttempts: [1, 10],
  baseDelayMs: [0, 60_000],
  attemptTimeoutMs: [100, 60_000],
  timeLimitMs: [500, 900_000],
};
const NAMES = new Set(['cloud', 'key', 'previousKeys', 'log', 'deadLetters', 'breaker', ...Object.keys(LIMITS)]);

/**
 * The front desk: durable writes and costly calls for your own cloud functions. A wrong option is refused here
 * with `CONFIG_INVALID`, and not in the middle of the first outage.
 *
 * @example
 * cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV });
 * const durable = createDurable({ cloud });
 * exports.main = durable.handler({
 *   save: async ({ openid, data }) => durable.write('notes', { _id: data.id, openid, text: data.text }),
 * });
 */
export function createDurable(options: DurableOptions): Durable {
  check(options);
  const { cloud, log = nodePorts.log, key = nodePorts.env('WX_DURABLE_KEY'), previousKeys, ...rest } = options;
  const { clock, createSeal, fetch } = nodePorts;
  const earlier = previousKeys ?? readList(nodePorts.env('WX_DURABLE_PREVIOUS_KEYS'));
  return createDesk(
    {
      ...nodePorts,
      log,
      store: createCloudbaseStore(cloud, clock),
      blobs: createCloudbaseBlobs(cloud, clock, fetch),
      seal: key === undefined ? undefined : createSeal(key),
      previousSeals: earlier.map((each) => createSeal(each)),
      env: { WX_DURABLE_ADMINS: nodePorts.env('WX_DURABLE_ADMINS') },
      identity: () => cloud.getWXContext() as { OPENID?: unknown; SOURCE?: unknown },
    },
    rest,
  );
}

function check(options: DurableOptions): void {
  const given = Object.entries(options ?? {});
  const unknown = given.find(([name]) => !NAMES.has(name));
  if (unknown) throw invalid(unknown[0], `there is no such option; there are ${[...NAMES].join(', ')}`);
  if (typeof options?.cloud?.database !== 'function') throw invalid('cloud', 'give the initialised wx-server-sdk');
  for (const [name, value] of given) {
    const [least, most] = LIMITS[name] ?? [];
    if (least === undefined || most === undefined || value === undefined) continue;
    const isFine = typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
    if (!isFine) throw invalid(name, `give a whole number from ${least} to ${most}`);
  }
}

function invalid(option: string, what: string): DurableError {
  return new DurableError('CONFIG_INVALID', `createDurable: option "${option}": ${what}`, { details: { option } });
}
