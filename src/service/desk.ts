import { createDeadline, type Deadline, type Seal } from '../core/index.ts';
import { createDurableWriter, retried, type RetryOptions, type WriteOutcome } from '../durable/index.ts';
import { createRecovery, readRecoverCheckpoint, type OnceAnswer, type RecoverReport } from '../once/index.ts';
import { collections } from '../records/index.ts';
import type { Change, Document, UpdateTarget } from '../store/index.ts';
import { callOnce, kindOfCalls, type Ask, type CostlyCall } from './costly-call.ts';
import {
  anything,
  collection as collectionRule,
  collectionNames,
  deadline as deadlineRule,
  isFunction,
  isPlain,
  kindOf,
  object,
  optional,
  readOptions,
  text,
  wrong,
  type Rules,
} from './options.ts';
import { succeed, type Envelope } from './envelope.ts';
import { assertPlain } from './plain-values.ts';
import { createHandler, type Action, type Call, type FunctionContext } from './handler.ts';
import type { Environment } from './config.ts';
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

export interface DeskRecovery {
  readonly records: string;
  /** @default 'users' */
  readonly accounts?: string;
  /** Other collections written with `write`, whose dead letters are brought home too. @default none */
  readonly also?: readonly string[];
  readonly deadline: Deadline;
  /** The `checkpoint` of an earlier run's report. @default the beginning */
  readonly from?: unknown;
  /**
   * Asks whoever was paid what became of a task that `pay` gave to `noteTask`. @default nobody is asked: what has no
   * evidence for 24 hours becomes `failed` and is given back
   */
  readonly ask?: Ask;
}

/**
 * Durable writes and costly calls for any cloud function. A missing, mistyped or unknown option is refused with
 * `CONFIG_INVALID` before anything is asked of the database.
 */
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
  const within = (what: string, given: Within = {}): Deadline => {
    readOptions(what, given, WITHIN);
    return given.deadline ?? createDeadline(parts.clock, parts.clock.now() + (options.timeLimitMs ?? 2_500));
  };
  return {
    async write(collection, record, given) {
      readOptions('write', { collection, record }, WRITE);
      assertPlain(record);
      return writer.write({ collection, record, deadline: within('write', given) });
    },
    once: (costly) => callOnce(deps, costly),
    async recover(request) {
      readOptions('recover', request, RECOVER);
      const { records, accounts = collections.users, also, deadline, from, ask } = request;
      const recovery = createRecovery(deps, kindOfCalls({ records, accounts }, ask));
      return recovery.recover({ deadline, also, from: readRecoverCheckpoint(from) });
    },
    timer: (name, work, timerOptions) => createTimer(parts, name, work, timerOptions),
    handler: (actions) => createHandler(parts, answering(actions)),
    async update(collection, target, change, given) {
      readOptions('update', { collection, target, change }, UPDATE);
      readOptions('update', target, TARGET);
      readOptions('update', change, CHANGE);
      assertPlain(change);
      const deadline = within('update', given);
      return retried(writer.retrier, { key: collection, deadline }, (call) =>
        parts.store.update(collection, target, change, call),
      );
    },
    async get(collection, id, given) {
      readOptions('get', { collection, id }, GET);
      const deadline = within('get', given);
      return retried(writer.retrier, { key: collection, deadline }, (call) => parts.store.get(collection, id, call));
    },
  };
}

const paths = optional(['an object of paths and values', isPlain]);
const WITHIN: Rules = { deadline: optional(deadlineRule) };
const WRITE: Rules = { collection: collectionRule, record: object };
const RECOVER: Rules = {
  records: collectionRule,
  accounts: optional(collectionRule),
  also: optional(collectionNames),
  deadline: deadlineRule,
  from: anything,
  ask: optional(['a function', isFunction]),
};
const UPDATE: Rules = { collection: collectionRule, target: object, change: object };
const TARGET: Rules = { id: text, where: optional(['an object of conditions', isPlain]) };
const CHANGE: Rules = { set: paths, inc: paths, push: paths, unset: optional(['a list of paths', Array.isArray]) };
const GET: Rules = { collection: collectionRule, id: text };

function answering(actions: Readonly<Record<string, (call: Call) => Promise<unknown>>>): Record<string, Action> {
  // A module's namespace will do, too.
  if (typeof actions !== 'object') throw wrong('handler', 'actions', `give an object; there is ${kindOf(actions)}`);
  const wrapped = Object.entries(actions).map(([name, run]): [string, Action] => {
    if (typeof run !== 'function') throw wrong('handler', name, `give a function; there is ${kindOf(run)}`);
    return [
      name,
      async (call) => {
        const answer = await run(call);
        return isEnvelope(answer) ? answer : succeed('成功', answer ?? null);
      },
    ];
  });
  return Object.fromEntries(wrapped);
}

function isEnvelope(answer: unknown): answer is Envelope {
  if (typeof answer !== 'object' || answer === null) return false;
  const { code, message } = answer as Record<string, unknown>;
  return typeof code === 'number' && typeof message === 'string';
}
