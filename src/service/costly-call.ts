import {
  attemptName,
  beijingDay,
  canonicalJson,
  DurableError,
  isDurableError,
  recordId,
  type Deadline,
  type Hash,
  type Plain,
} from '../core/index.ts';
import {
  createOnce,
  createPlainKind,
  type Amounts,
  type Basis,
  type Kind,
  type OnceAnswer,
  type PayContext,
  type Payment,
} from '../once/index.ts';
import { collections } from '../records/index.ts';
import {
  assertDocument,
  valueAt,
  type CallOptions,
  type CallStore,
  type Document,
  type Filter,
} from '../store/index.ts';
import { readCost, type Cost } from './cost.ts';
import {
  anything,
  collection,
  isDeadline,
  isFunction,
  isPlain,
  object,
  optional,
  readOptions,
  type Rules,
} from './options.ts';
import { placeOf, type Call } from './handler.ts';
import { assertPlain } from './plain-values.ts';

/** One costly call of any kind. */
export interface CostlyCall {
  /** Who asks, with which idempotency key, and until when: what a handler's action is given. */
  readonly call: Pick<Call, 'openid' | 'requestId' | 'deadline'>;
  /** Collection of the records. */
  readonly records: string;
  /** Collection of the accounts that pay. @default 'users' */
  readonly accounts?: string;
  /** Which account pays; at least one condition. @default the one with this `openid` */
  readonly account?: Filter;
  /**
   * The condition on the account under which it may, e.g. `{ level: is.atLeast(2) }`. A bare value means exactly that.
   * @default none beside what `take` needs
   */
  readonly needs?: Filter;
  /**
   * What opening adds to the account: `{ points: -30 }` takes 30; it is given back if nothing comes of it. Nobody pays
   * what he does not have: each field must hold as much, unless `needs` bounds it from below itself. An amount above
   * zero counts towards a limit, and needs one in `needs`: `is.below` or `is.atMost` on the same field.
   */
  readonly take: Amounts;
  /** What completing adds to the account, e.g. `{ orderCount: 1 }`. @default nothing */
  readonly done?: Amounts;
  /** What the record says besides the result; with another content the same key is refused. */
  readonly fields: Readonly<Record<string, Plain>>;
  /** After an `unknown` result: pay again. @default false */
  readonly retryUnknown?: boolean;
  /**
   * Pays. Answers `completed` with `fields` for the record, `failed` (only if certainly nothing was done), or `unknown`;
   * a rejection, silence or any other answer counts as `unknown`. `reference` names record and attempt: hand it on as
   * idempotency key. What `noteTask` was told, `recover` asks about, where it is given `ask`.
   */
  pay(context: PayContext & { readonly reference: string }): Promise<Payment>;
}

const OPTIONS: Rules = {
  call: [
    "what a handler's action is given, with its `deadline`",
    (value) => isPlain(value) && isDeadline(value['deadline']),
  ],
  records: collection,
  accounts: optional(collection),
  account: optional([
    'the conditions that find it, as { _id: "u1" }',
    (value) => isPlain(value) && Object.keys(value).length > 0,
  ]),
  needs: optional(['an object of conditions, as { level: is.atLeast(2) }', isPlain]),
  take: ['what it costs, below zero, as { points: -30 }', isPlain],
  done: optional(['what completing adds, as { orderCount: 1 }', isPlain]),
  fields: object,
  // May come straight from the client, who is told.
  retryUnknown: anything,
  pay: ['a function', isFunction],
};

type OnceDeps = Parameters<typeof createOnce>[0] & { readonly hash: Hash };

/** One call of `Durable.once`, its options read first. */
export async function callOnce(deps: OnceDeps, costly: CostlyCall): Promise<OnceAnswer> {
  readOptions('once', costly, OPTIONS);
  const { call, records, accounts = collections.users, fields } = costly;
  const { hash, clock } = deps;
  assertInput(costly);
  assertPlain(fields);
  assertDocument({ ...fields, _id: call.openid });
  const { needs, ...cost } = readCost(costly);
  const where = costly.account ?? { openid: call.openid };
  return createOnce(deps, createPlainKind({ records, accounts })).call(
    {
      // Another collection is another call: the same key may order one thing here and one there.
      id: recordId(hash, call.openid, `${records}\0${call.requestId}`),
      hash: hash.sha256(canonicalJson(fields)).slice(0, 32),
      retryUnknown: costly.retryUnknown ?? false,
      draft: fields,
      account: (options) => findAccount(deps.store, { accounts, where }, options),
      terms: (account) => {
        assertCountable(account, cost);
        return { terms: { price: 0, day: beijingDay(clock.now()), ...cost }, eligible: needs };
      },
      refusal: () => refusal(needs),
      pay: async (context) => readPayment(await paid(deps, costly, context)),
    },
    call.deadline,
  );
}

// A mistake in the code that pays would look like an outage: the record says no more than that nothing is known.
async function paid({ log }: OnceDeps, costly: CostlyCall, context: PayContext): Promise<unknown> {
  try {
    return await costly.pay({ ...context, reference: referenceOf(context) });
  } catch (error) {
    if (!isDurableError(error)) log.write('error', 'once.pay-threw', { recordId: context.id, cause: placeOf(error) });
    throw error;
  }
}

// The key becomes the record's id: an empty or missing one would make all calls of a person the same call.
function assertInput({ call, retryUnknown }: CostlyCall): void {
  for (const part of [call.openid, call.requestId] as readonly unknown[]) {
    if (typeof part === 'string' && part !== '' && part.length <= 128) continue;
    throw new DurableError('INPUT_INVALID', 'openid and requestId must be texts of 1 to 128 characters');
  }
  if (retryUnknown === undefined || typeof retryUnknown === 'boolean') return;
  throw new DurableError('INPUT_INVALID', 'retryUnknown must be true or false');
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

// What cannot be counted up would be refused when the call is closed, which is after paying.
function assertCountable(account: Document, { take, done = [] }: Omit<Cost, 'needs'>): void {
  const broken = [...take, ...done].find(([path]) => !['undefined', 'number'].includes(typeof valueAt(account, path)));
  if (!broken) return;
  throw new DurableError('USER_INVALID', `"${broken[0]}" of the account is no number; nothing was paid`);
}

function refusal(needs: Filter): DurableError {
  const fields = Object.keys(needs).join(', ') || 'none';
  return new DurableError('ONCE_REFUSED', `the account does not meet the conditions (on ${fields}); nothing was taken`);
}

const referenceOf = ({ id, hold }: Basis): string => attemptName(id, hold.attempt);

/** What came of paying, from whatever was answered: what says neither `completed` nor `failed` is unknown. */
function readPayment(answer: unknown): Payment {
  const { status, fields, error } = isPlain(answer) ? answer : {};
  if (status === 'completed') return { status, fields: (isPlain(fields) ? fields : {}) as Record<string, Plain> };
  const code = status === 'failed' ? 'PROVIDER_FAILED' : 'PROVIDER_UNCERTAIN';
  return {
    status: status === 'failed' ? status : 'unknown',
    error: isDurableError(error) ? error : new DurableError(code, 'paying gave no reason', { cause: error }),
  };
}

/** What `ask` is told about a task. */
export interface AskContext extends Basis {
  /** What `noteTask` was told. */
  readonly taskId: string;
  /** What `pay` was given. */
  readonly reference: string;
  /** At most 15 s from now; an answer that comes later is ignored. */
  readonly deadline: Deadline;
}

/** Asks what became of a task: as `pay` answers, or `running`. A rejection is asked again by the next run. */
export type Ask = (context: AskContext) => Promise<Payment | 'running'>;

/** The kind of costly call whose records and accounts are there, with somebody to ask about its tasks. */
export function kindOfCalls(places: { records: string; accounts: string }, ask: Ask | undefined): Kind {
  const kind = createPlainKind(places);
  if (!ask) return kind;
  return {
    ...kind,
    async ask(taskId, basis, deadline) {
      const answer = await ask({ ...basis, taskId, reference: referenceOf(basis), deadline });
      return answer === 'running' ? answer : readPayment(answer);
    },
  };
}
