/** This library: `src/` unchanged, over the same database, storage and image service. */
import { createDeadline, isDurableError, type Deadline } from '../../../../src/core/index.ts';
import { createSeal } from '../../../../src/core/node/index.ts';
import { createDurableWriter, createLogLetters, type RetryOptions } from '../../../../src/durable/index.ts';
import {
  createGeneration,
  createGenerationRecovery,
  type GenerationDeps,
  type Provider,
} from '../../../../src/generation/index.ts';
import { repairUserCounts } from '../../../../src/integrity/index.ts';
import { boundedCall } from '../../../../src/store/cloudbase/bounded-call.ts';
import type { Blobs, CallOptions, Store } from '../../../../src/store/index.ts';
import type { Ask, Reach, Stage, System, Told } from '../system.ts';
import { answerEarlier } from '../../../../src/once/index.ts';
import { storeThrough } from '../../../support/store-through.ts';

const ANSWER_MS = 150;
const MAINTENANCE_TIMEOUT_MS = 60_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const seal = createSeal('5'.repeat(64));

/** Generations as `generateImage` runs them, recovered every ten minutes. */
export const ours = createOurs();

/** The same with another retry policy. */
export function createOurs(options: RetryOptions = {}): System {
  return {
    name: 'wx-durable',
    boot: (reach) => callOver(reach, options),
    timer: { everyMs: 10 * MINUTE_MS, run: recover },
    conclude,
    keyOf: ({ _id }) => _id,
  };
}

function callOver(reach: Reach, options: RetryOptions): (ask: Ask) => Promise<Told> {
  const generation = createGeneration(depsOf(reach, options), {
    registration: { open: false, initialCredits: 0 },
    earlier: async () => answerEarlier,
  });
  return async ({ openid, prompt, requestId }) => {
    const deadline = createDeadline(reach.clock, reach.clock.now() + reach.functionTimeoutMs - ANSWER_MS);
    const wish = { prompt, character: '', style: 'cartoon', emotion: '', mode: 'single' };
    return generation
      .generate({ openid, deadline }, { ...wish, requestId, retryUnknown: false })
      .then(
        ({ work, savedIn }): Told =>
          work.status === 'completed' ? { kind: 'picture', url: work.imageUrl, savedIn } : { kind: 'failed' },
        toldBy,
      );
  };
}

function toldBy(error: unknown): Told {
  if (!isDurableError(error) || error.code === 'INTERNAL') throw error;
  if (error.code === 'ONCE_UNKNOWN') return { kind: 'unknown' };
  if (error.code === 'ONCE_IN_PROGRESS') return { kind: 'in-progress' };
  return error.code === 'WRITE_LOST' ? { kind: 'error' } : { kind: 'refused' };
}

function depsOf(reach: Reach, options: RetryOptions = {}): GenerationDeps {
  const { clock, random, hash, log } = reach;
  const store = boundedStore(reach);
  const blobs = boundedBlobs(reach);
  const writer = createDurableWriter({ store, blobs, clock, random, hash, log, seal }, options);
  // Pictures are not copied: no other system does. An address that may not be fetched is kept as it is.
  const download = async () => ({ kind: 'refused', why: 'simulated' }) as const;
  return { store, blobs, writer, clock, random, hash, log, download, provider: providerOf(reach) };
}

function providerOf(reach: Reach): Provider {
  return {
    name: 'simulated',
    async submit({ reference }) {
      const { made, url } = await reach.paint(reference.slice(0, reference.lastIndexOf('_')));
      return made ? { status: 'completed', picture: { url } } : { status: 'failed', message: '图片服务没有生成图片' };
    },
  };
}

const soon = ({ clock }: Pick<Reach, 'clock'>): Deadline =>
  createDeadline(clock, clock.now() + MAINTENANCE_TIMEOUT_MS - ANSWER_MS);

async function recover(reach: Reach): Promise<void> {
  await createGenerationRecovery(depsOf(reach)).recover({ deadline: soon(reach) });
}

// Its timers go on; the last of them after the day that an unknown result has.
async function conclude(stage: Stage): Promise<void> {
  await stage.wait(10 * MINUTE_MS);
  await recover(stage.boot('recover after the outages'));
  await readLog(stage);
  for (const waitMs of [10 * MINUTE_MS, 25 * HOUR_MS, HOUR_MS, HOUR_MS]) {
    await stage.wait(waitMs);
    await recover(stage.boot(`recover after ${waitMs} ms, ${stage.clock.now()}`));
  }
  await repair(stage);
}

// An operator hands the log to `wx-durable recover --from-log`, and again where that failed.
async function readLog(stage: Stage): Promise<void> {
  for (let tries = 1, isRead = false; !isRead; tries += 1) {
    const reach = stage.boot(`log ${tries}`);
    const letters = createLogLetters({ store: boundedStore(reach), hash: reach.hash, seal });
    isRead = await importLines(letters, stage.logLines).catch(againIfStore);
  }
}

async function importLines(letters: ReturnType<typeof createLogLetters>, lines: readonly string[]): Promise<true> {
  for (const token of lines.flatMap((line) => letters.tokensIn(line))) await letters.admit(letters.read(token));
  return true;
}

async function repair(stage: Stage): Promise<void> {
  for (let tries = 1, isDone = false; !isDone; tries += 1) {
    const reach = stage.boot(`repair ${tries}`);
    const deps = { ...depsOf(reach), deadline: soon(reach) };
    isDone = await repairUserCounts(deps, deps).then(
      ({ failed, checkpoint }) => failed.length === 0 && checkpoint === undefined,
      againIfStore,
    );
  }
}

function againIfStore(error: unknown): false {
  if (isDurableError(error) && error.code.startsWith('STORE_')) return false;
  throw error;
}

// The limits that the adapter over the SDK keeps.
function boundedStore({ store, clock }: Reach): Store {
  const bounds = { clock, defaultTimeoutMs: 1_500 };
  return storeThrough(store, ({ op, call }, effect) => boundedCall(bounds, { what: op, call }, effect));
}

function boundedBlobs({ blobs, clock }: Reach): Blobs {
  const bounds = { clock, defaultTimeoutMs: 5_000 };
  const ask = <T>(what: string, call: CallOptions | undefined, run: () => Promise<T>): Promise<T> =>
    boundedCall(bounds, { what, call }, run);
  return {
    put: (name, bytes, call) => ask('put', call, () => blobs.put(name, bytes)),
    get: (fileId, call) => ask('get', call, () => blobs.get(fileId)),
    exists: (fileIds, call) => ask('exists', call, () => blobs.exists(fileIds)),
    temporaryUrls: (fileIds, call) => ask('urls', call, () => blobs.temporaryUrls(fileIds)),
    remove: (fileIds, call) => ask('remove', call, () => blobs.remove(fileIds)),
    fileId: (name, call) => ask('fileId', call, () => blobs.fileId(name)),
  };
}
