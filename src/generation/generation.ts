import { DurableError, type Clock, type Hash, type Log, type Random } from '../core/index.ts';
import type { DurableWriter, RecordWriter } from '../durable/index.ts';
import {
  createOnceApart,
  type Kind,
  type LoadEarlier,
  type Once,
  type OnceOptions,
  type SavedIn,
} from '../once/index.ts';
import { readAccount, type Work } from '../records/index.ts';
import type { Blobs, CallStore, Store } from '../store/index.ts';
import type { Download } from './asset/index.ts';
import { paymentOf } from './pay.ts';
import { createPictureCall, type Order, type Visit } from './picture-call.ts';
import { createPictureKind } from './picture-kind.ts';
import type { Moderate } from './moderation.ts';
import type { Provider } from './providers/index.ts';
import { dailyUsage, type DailyUsage } from './quota.ts';
import type { LoadTasks } from './tasks.ts';
import type { Registration, UserDeps } from './users.ts';

/** What making pictures stands on. */
export interface PictureDeps {
  readonly store: CallStore;
  readonly blobs?: Blobs | undefined;
  readonly writer: RecordWriter;
  readonly clock: Clock;
  readonly random: Random;
  readonly hash: Hash;
  readonly log: Log;
  readonly download: Download;
  /** Absent: every generation is refused with `PROVIDER_NOT_CONFIGURED`. */
  readonly provider?: Provider | undefined;
  /** Services used before, which are still asked about the tasks that they took. @default none */
  readonly earlierProviders?: readonly Provider[] | undefined;
  /** Looks at what a person wrote before anything is taken. Absent: nobody does. */
  readonly moderate?: Moderate | undefined;
}

/** What recovery needs besides: the letters. */
export interface GenerationDeps extends PictureDeps {
  readonly store: Store;
  readonly writer: DurableWriter;
}

export interface GenerationOptions extends OnceOptions {
  readonly registration: Registration;
  /** What answers a call that an earlier one came before; it may be loaded when it is first needed. */
  readonly earlier: LoadEarlier;
  /** What a service that takes tasks needs; asked for when one has taken a task. */
  readonly loadTasks: LoadTasks;
}

/** A generation that ended with a record; which may say that it failed. */
export interface Generated {
  readonly work: Work;
  readonly savedIn: SavedIn;
  readonly replayed: boolean;
  readonly remainingCredits: number;
  readonly dailyUsage: DailyUsage;
}

/** AI pictures: each call leaves exactly one record. */
export interface Generation {
  /**
   * Makes one picture, or answers what an earlier call with this request id left. Codes: see `Once.call`; and
   * `PROMPT_REJECTED` or `MODERATION_UNAVAILABLE` with nothing taken, where the deployment has texts looked at.
   */
  generate(visit: Visit, input: Order['input']): Promise<Generated>;
}

/** The generation service over its ports. */
export function createGeneration(deps: PictureDeps, options: GenerationOptions): Generation {
  const { registration, loadTasks } = options;
  const users: UserDeps = { ...deps, registration };
  const parts: Parts = { ...deps, users, loadTasks, once: createOnceApart(deps, kindOf(deps, loadTasks), options) };
  return { generate: (visit, input) => generate(parts, visit, input) };
}

/** Pictures as a kind of costly call over these ports. */
export function kindOf(deps: PictureDeps, loadTasks: LoadTasks): Kind {
  return createPictureKind(async (taskId, basis, deadline) => {
    const { ask } = await loadTasks();
    return ask({ ...deps, paymentOf }, { taskId, basis, deadline });
  });
}

interface Parts extends PictureDeps {
  readonly users: UserDeps;
  readonly loadTasks: LoadTasks;
  readonly once: Once;
}

async function generate(parts: Parts, visit: Visit, input: Order['input']): Promise<Generated> {
  const { clock, provider, once } = parts;
  if (!provider) throw new DurableError('PROVIDER_NOT_CONFIGURED', 'set WX_DURABLE_PROVIDER; nothing was opened');
  const nowMs = clock.now();
  const answer = await once.call(createPictureCall(parts, { visit, input, provider, nowMs }), visit.deadline);
  const work = answer.record as Work | undefined;
  if (answer.outcome === 'unknown' || !work) throw unknownResult(work?._id);
  const { savedIn, replayed } = answer;
  return { work, savedIn, replayed, ...balance(answer, work, nowMs) };
}

// The account was read before this call took anything: what it took since is added here, without a request.
function balance(
  { account: document, replayed }: { account: Parameters<typeof readAccount>[0]; replayed: boolean },
  work: Work,
  nowMs: number,
): Pick<Generated, 'remainingCredits' | 'dailyUsage'> {
  const account = readAccount(document);
  // A further attempt pays with what the first one took, which the account showed already.
  const counted = !replayed && work.status === 'completed' && work.attempt === 1 ? 1 : 0;
  return {
    remainingCredits: account.credits - counted * work.price,
    dailyUsage: dailyUsage(account, nowMs, counted),
  };
}

function unknownResult(id: string | undefined): DurableError {
  return new DurableError('ONCE_UNKNOWN', 'the result was not seen; it is looked for, and not paid again by itself', {
    details: { recordId: id },
  });
}
