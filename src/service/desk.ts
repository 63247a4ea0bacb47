import {
  attemptName,
  beijingDay,
  canonicalJson,
  createDeadline,
  DurableError,
  recordId,
  type Deadline,
  type Plain,
  type Seal,
} from '../core/index.ts';
import { createDurableWriter, retried, type RetryOptions, type WriteOutcome } from '../durable/index.ts';
import {
  createOnce,
  createPlainKind,
  createRecovery,
  readRecoverCheckpoint,
  type Amounts,
  type OnceAnswer,
  type PayContext,
  type Payment,
  type RecoverReport,
} from '../once/index.ts';
import { collections } from '../records/index.ts';
import type { CallOptions, CallStore, Change, Document, Filter, UpdateTarget } from '../store/index.ts';
import { succeed, type Envelope } from './envelope.ts';
import { createHandler, type Action, type Call, type FunctionContext } from './handler.ts';
import type { Environment } from './config.ts';
import {
  assertActions,
  assertCostly,
  assertPlain,
  assertRecovery,
  assertTarget,
  assertUpdate,
  paymentIn,
} from './desk-checks.ts';
import { must } from './option-checks.ts';
import type { Ports } from './runtime.ts';
import { createTimer, type TimerOptions, type TimerWork } from './timer.ts';

/** What the front desk stands on. */
export interface DeskParts extends Ports {
  readonly seal: Seal | undefined;
  /** Seals of keys used before: letters written under them are still read. @default none */
  readonly previousSeals?: readonly Seal[];
  /** Names the administrators (WX_DURABLE_ADMINS). */
  readonly env: Environment;
}

export interface DeskOptions extends RetryOptions {
  /** The dead-letter collection. @default 'emergency_backup' */
  readonly deadLetters?: string;
  /** Time for a write that is given no deadline: what is left of a function of 3 s. @default 2_500 */
  readonly timeLimitMs?: number;
}

/** One costly call of any kind. */
export interface CostlyCall {
  /** Who asks, with which idempotency key, and until when: what a handler's action is given. */
  readonly call: Pick<Call, 'openid' | 'requestId' | 'deadline'>;
  /** Collection of the records. */
  readonly records: string;
  /** Collection of the accounts that pay. @default 'users' */
  readonly accounts?: string;
  /** Which account pays. @default the one with this `openid` */
  readonly account?: Filter;
  /** The condition on the account under which it may, e.g. `{ points: is.atLeast(30) }`. @default none */
  readonly needs?: Filter;
  /** What opening adds to the account, e.g. `{ points: -30 }`; it is given back if nothing comes of it. */
  readonly take: Amounts;
  /** What completing adds to the account, e.g. `{ orderCount: 1 }`. */
  readonly done?: Amounts;
  /** What the record says besides the result; with another content the same key is refused. */
  readonly fields: Readonly<Record<string, Plain>>;
  /** After an `unknown` result: pay again. @default false */
  readonly retryUnknown?: boolean;
  /**
   * Pays. Answers `completed`, `failed` (only if certainly nothing was done), or `unknown`; a rejection or
   * silence counts as `unknown`. `reference` names record and attempt: hand it on as idempotency key.
   */
  pay(context: PayContext & { readonly reference: string }): Promise<Payment>;
}

export interface DeskRecovery {
  readonly records: string;
  /** @default 'users' */
  readonly accounts?: string;
  /** Other collections written with `write`, whose dead letters are brought home too. @default none */
  readonly also?: readonly string[];
  readonly deadline: Deadline;
  /** The `checkpoint` of an earlier run's report. @default the beginning */
  readonly from?: unknown;
}

/** Durable writes and costly calls for any cloud function. */
export interface Durable {
  /**
   * Stores the record once under its `_id`, or keeps it as a dead letter. Rejects with `WRITE_LOST` only when no
   * tier took it.
   */
  write(collection: string, record: Document, options?: Within): Promise<WriteOutcome>;
  /** Pays at most once and records exactly once; codes as `Once.call`, and `ONCE_REFUSED` where the account may not. */
  once(costly: CostlyCall): Promise<OnceAnswer>;
  /** Finishes what calls of this kind left open, and brings dead letters home; for a timer's function. */
  recover(request: DeskRecovery): Promise<RecoverReport>;
  /** A function's `main` for `{ action, data }` events; each action answers its data, or an envelope. */
  handler(
    actions: Readonly<Record<string, (call: Call) => Promise<unknown>>>,
  ): (event: unknown, context?: FunctionContext) => Promise<Envelope>;
  /**
   * A function's `main` for a timer: one instance at a time, for nobody but the timer and administrators. What `work`
   * answers as `checkpoint` is handed to the next run, so that a long walk comes to its end. See `recover`.
   */
  timer(
    name: string,
    work: TimerWork,
    options?: TimerOptions,
  ): (event: unknown, context?: FunctionContext) => Promise<Envelope>;
  /**
   * Changes a document if it satisfies the condition, with bounded retry; answers how many changed. Since a lost
   * answer is tried again, 0 may also mean "done before": make the change leave a mark, and `get` it.
   */
  update(collection: string, target: UpdateTarget, change: Change, options?: Within): Promise<number>;
  /** Reads a document by id, with bounded retry. */
  get(collection: string, id: string, options?: Within): Promise<Document | undefined>;
}

export interface Within {
  /** Nothing is started after it. @default `timeLimitMs` from now */
  readonly deadline?: Deadline;
}

/** The front desk over its parts. */
export function createDesk(parts: DeskParts, options: DeskOptions = {}): Durable {
  const writer = createDurableWriter(parts, options);
  const deps = { ...parts, writer };
  const within = (collection: unknown, given: Within = {}): Deadline => {
    assertTarget(collection, given);
    return given.deadline ?? createDeadline(parts.clock, parts.clock.now() + (options.timeLimitMs ?? 2_500));
  };
  return {
    async write(collection, record, given) {
      const deadline = within(collection, given);
      if (!must.beObject.isFine(record))
        throw new DurableError('INPUT_INVALID', 'write takes a collection and a record');
      assertPlain(record);
      return writer.write({ collection, record, deadline });
    },
    once: async (costly) => once(deps, costly),
    recover: async (request) => recover(deps, request),
    timer: (name, work, timerOptions) => createTimer(parts, name, work, timerOptions),
    handler: (actions) => createHandler(parts, answering(actions)),
    async update(collection, target, change, given) {
      const deadline = within(collection, given);
      assertUpdate(target, change);
      return retried(writer.retrier, { key: collection, deadline }, (call) =>
        parts.store.update(collection, target, change, call),
      );
    },
    async get(collection, id, given) {
      const deadline = within(collection, given);
      return retried(writer.retrier, { key: collection, deadline }, (call) => parts.store.get(collection, id, call));
    },
  };
}

function recover(deps: Parameters<typeof createRecovery>[0], request: DeskRecovery): Promise<RecoverReport> {
  assertRecovery(request);
  const { records, accounts = collections.users, also, deadline, from } = request;
  const recovery = createRecovery(deps, createPlainKind({ records, accounts }));
  return recovery.recover({ deadline, also, from: readRecoverCheckpoint(from) });
}

function answering(actions: Readonly<Record<string, (call: Call) => Promise<unknown>>>): Record<string, Action> {
  assertActions(actions);
  const wrapped = Object.entries(actions).map(([name, run]): [string, Action] => [
    name,
    async (call) => {
      const answer = await run(call);
      return isEnvelope(answer) ? answer : succeed('成功', answer ?? null);
    },
  ]);
  return Object.fromEntries(wrapped);
}

function isEnvelope(answer: unknown): answer is Envelope {
  if (typeof answer !== 'object' || answer === null) return false;
  const { code, message } = answer as Record<string, unknown>;
  return typeof code === 'number' && typeof message === 'string';
}

type OnceDeps = Parameters<typeof createOnce>[0] & Pick<DeskParts, 'hash'>;

async function once(deps: OnceDeps, costly: CostlyCall): Promise<OnceAnswer> {
  assertCostly(costly);
  const { call, records, accounts = collections.users, fields, needs = {}, take, done } = costly;
  const { hash, clock } = deps;
  const nowMs = clock.now();
  const terms = { price: 0, day: beijingDay(nowMs), take: pairs(take), ...(done ? { done: pairs(done) } : {}) };
  return createOnce(deps, createPlainKind({ records, accounts })).call(
    {
      // Another collection is another call: the same key may order one thing here and one there.
      id: recordId(hash, call.openid, `${records}\0${call.requestId}`),
      hash: hash.sha256(canonicalJson(fields)).slice(0, 32),
      retryUnknown: costly.retryUnknown ?? false,
      draft: fields,
      account: (options) =>
        findAccount(deps.store, { accounts, where: costly.account ?? { openid: call.openid } }, options),
      terms: () => ({ terms, eligible: needs }),
      refusal: () => new DurableError('ONCE_REFUSED', 'the account does not meet the condition; nothing was taken'),
      pay: async (context) =>
        paymentIn(await costly.pay({ ...context, reference: attemptName(context.id, context.hold.attempt) })),
    },
    call.deadline,
  );
}

function pairs(amounts: Amounts): readonly (readonly [string, number])[] {
  return Object.entries(amounts);
}

async function findAccount(
  store: CallStore,
  { accounts, where }: { readonly accounts: string; readonly where: Filter },
  call: CallOptions,
): Promise<Document> {
  const { items } = await store.page(accounts, { where, limit: 1 }, call);
  if (items[0]) return items[0];
  throw new DurableError('USER_UNREGISTERED', `no account in "${accounts}" pays for this call`);
}
