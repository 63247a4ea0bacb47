import { DurableError, type Clock, type Deadline, type Log, type Random } from '../core/index.ts';
import { retried, type DurableWriter, type RecordWriter } from '../durable/index.ts';
import type { CallStore, Document, Store } from '../store/index.ts';
import { planSettle, type Hold, type Step } from './hold.ts';
import type { Key, Kind } from './kind.ts';

/** What making a call stands on. */
export interface CallDeps {
  readonly store: CallStore;
  readonly writer: RecordWriter;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What finishing another's call needs besides: the letters, and walks. */
export interface OnceDeps extends CallDeps {
  readonly store: Store;
  readonly writer: DurableWriter;
}

export interface OnceOptions {
  /** An `unknown` result without evidence becomes `failed` this long after its lease. @default 86_400_000 */
  readonly unknownExpiresMs?: number;
  /** Time kept for recording and closing after paying. @default 8_000, at most 40 % of the call's time */
  readonly settleReserveMs?: number;
}

export interface CallParts extends CallDeps {
  readonly kind: Kind;
  readonly options: OnceOptions;
}

export interface Parts extends CallParts {
  readonly writer: DurableWriter;
}

export interface RecoveryParts extends Parts {
  readonly store: Store;
}

/** Runs an account's conditional update with bounded retry; answers how many documents changed, or rejects. */
export async function applyStep(
  parts: CallDeps & { readonly kind: Pick<Kind, 'accounts'> },
  key: Key,
  { step, deadline, lane }: { step: Step; deadline: Deadline; lane?: string },
): Promise<number> {
  const { kind, store, writer } = parts;
  const budget = { key: lane ?? kind.accounts, deadline, recordId: key.id };
  const target = { id: key.accountId, where: step.where };
  return retried(writer.retrier, budget, (call) => store.update(kind.accounts, target, step.change, call));
}

/** Reads one document with bounded retry. */
export async function readRetried(
  parts: CallParts,
  what: { readonly collection: string; readonly id: string; readonly maxAttempts?: number },
  deadline: Deadline,
): Promise<Document | undefined> {
  const { collection, id } = what;
  const budget = {
    key: collection,
    deadline,
    recordId: id,
    ...(what.maxAttempts ? { maxAttempts: what.maxAttempts } : {}),
  };
  return retried(parts.writer.retrier, budget, (call) => parts.store.get(collection, id, call));
}

/**
 * Closes the hold by its final record: counts a completed one, gives back what a failed one cost. Acts only
 * while the hold is open under the token it was read with; what fails here, recovery does.
 */
export async function settle(
  parts: CallParts,
  { key, hold, status }: { key: Key; hold: Hold; status: 'completed' | 'failed' },
  deadline: Deadline,
): Promise<boolean> {
  const { kind } = parts;
  const settled =
    status === 'completed'
      ? ({ st: 'done', amounts: kind.done(hold) } as const)
      : ({ st: 'back', amounts: kind.back(hold) } as const);
  const changed = await applyStep(parts, key, { step: planSettle(key.id, hold.token, settled), deadline });
  const applied = changed === 1;
  parts.log.write('info', 'once.closed', { recordId: key.id, state: settled.st, applied });
  return applied;
}

/** The error for a call that another one is already making. */
export function inProgress(id: string): DurableError {
  return new DurableError('ONCE_IN_PROGRESS', 'the same request is still running; ask again later', {
    details: { recordId: id },
  });
}
