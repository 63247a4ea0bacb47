/**
 * wx-durable: every costly call leaves exactly one record, and nothing that was acknowledged is lost.
 *
 * This is the library's front door. Adapters have doors of their own: `wx-durable/store/cloudbase`,
 * `wx-durable/store/memory`; the local cloud is `wx-durable/emulator`.
 */
import type { Log } from './core/index.ts';
import { nodePorts } from './core/node/index.ts';
import {
  collection,
  createDesk,
  having,
  object,
  optional,
  readList,
  readOptions,
  text,
  texts,
  wholeNumber,
  type DeskOptions,
  type Durable,
  type Rules,
} from './service/index.ts';
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

const OPTIONS: Rules = {
  cloud: having('the initialised wx-server-sdk', 'database', 'getWXContext'),
  key: optional(text),
  previousKeys: optional(texts),
  log: optional(having('an object with write(level, event, fields)', 'write')),
  deadLetters: optional(collection),
  maxAttempts: optional(wholeNumber(1, 10)),
  baseDelayMs: optional(wholeNumber(0, 60_000)),
  attemptTimeoutMs: optional(wholeNumber(100, 60_000)),
  timeLimitMs: optional(wholeNumber(500, 900_000)),
  breaker: optional(object),
};

const BREAKER: Rules = {
  failuresToOpen: optional(wholeNumber(1, 1_000)),
  openMs: optional(wholeNumber(1, 900_000)),
  maxOpenMs: optional(wholeNumber(1, 900_000)),
};

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
  readOptions('createDurable', options, OPTIONS);
  readOptions('createDurable: option "breaker"', options.breaker, BREAKER);
}
