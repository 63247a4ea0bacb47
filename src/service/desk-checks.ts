/** What somebody who wrote a call may have got wrong, found before anything is taken or sent. */
import { DurableError, isDurableError } from '../core/index.ts';
import type { Payment } from '../once/index.ts';
import { assertOptions, must, type OptionChecks } from './option-checks.ts';

const COSTLY: OptionChecks = {
  call: must.beObject,
  records: must.beCollection,
  fields: must.beObject,
  take: must.beAmounts,
  pay: must.beFunction,
  accounts: must.beCollection,
  account: must.beObject,
  needs: must.beObject,
  done: must.beAmounts,
  retryUnknown: must.beSwitch,
};

/** Throws `CONFIG_INVALID` for a costly call that is none, and `INPUT_INVALID` where the client made no key. */
export function assertCostly(costly: unknown): void {
  assertOptions(costly, COSTLY, { of: 'once', required: ['call', 'records', 'fields', 'take', 'pay'] });
  const { openid, requestId, deadline } = (costly as { readonly call: Readonly<Record<string, unknown>> }).call;
  assertOptions({ deadline }, { deadline: must.beDeadline }, { of: 'once: option "call"', required: ['deadline'] });
  assertPlain((costly as { readonly fields: unknown }).fields);
  // They become the record's id: an empty or missing one would make all calls of a person the same call.
  for (const part of [openid, requestId]) {
    if (typeof part === 'string' && part !== '' && part.length <= 128) continue;
    throw new DurableError('INPUT_INVALID', 'openid and requestId must be texts of 1 to 128 characters');
  }
}

const RECOVERY: OptionChecks = {
  records: must.beCollection,
  deadline: must.beDeadline,
  accounts: must.beCollection,
  also: must.beCollections,
  from: must.beAnything,
};

/** Throws `CONFIG_INVALID`. */
export function assertRecovery(request: unknown): void {
  assertOptions(request, RECOVERY, { of: 'recover', required: ['records', 'deadline'] });
}

/** Throws `CONFIG_INVALID` for actions of which one could never be run. */
export function assertActions(actions: unknown): void {
  const isFine = must.beObject.isFine(actions) && Object.values(actions as object).every(must.beFunction.isFine);
  if (!isFine) throw new DurableError('CONFIG_INVALID', 'handler takes functions by the names of their actions');
}

/** Throws `INPUT_INVALID` for no collection: a letter for it could never come home. */
export function assertTarget(collection: unknown, within: unknown): void {
  const place = { code: 'INPUT_INVALID', of: 'a write, update or get' } as const;
  assertOptions({ collection }, { collection: must.beCollection }, { ...place, required: ['collection'] });
  assertOptions(within, { deadline: must.beDeadline }, place);
}

const MAX_DEPTH = 100;

/**
 * Throws `INPUT_INVALID` for a value of a class, as the SDK's own `serverDate()`, `command` and `Geo`: they mean something
 * in a statement of the SDK, and would be stored as something else by a record that may go through a letter first.
 */
export function assertPlain(value: unknown, depth = 0): void {
  if (typeof value !== 'object' || value === null || value instanceof Date) return;
  const madeBy: unknown = Object.getPrototypeOf(value);
  // The prototype of a plain object has none itself, also where the object comes from another realm.
  const isPlain = Array.isArray(value) || madeBy === null || Object.getPrototypeOf(madeBy) === null;
  if (!isPlain || depth > MAX_DEPTH) {
    const what = isPlain ? `something deeper than ${MAX_DEPTH} levels` : `a ${value.constructor.name}`;
    throw new DurableError(
      'INPUT_INVALID',
      `${what} cannot be stored; give texts, numbers, Dates, lists and plain objects`,
    );
  }
  for (const part of Object.values(value)) assertPlain(part, depth + 1);
}

/** Throws `INPUT_INVALID`. */
export function assertUpdate(target: unknown, change: unknown): void {
  const { id } = (target ?? {}) as { readonly id?: unknown };
  if (must.beText.isFine(id) && must.beObject.isFine(change)) return assertPlain(change);
  throw new DurableError('INPUT_INVALID', 'update takes a target { id, where? } and a change { set?, inc?, … }');
}

/**
 * What `pay` answered. By now it may have been paid: what is none of the three answers says no more than that, and
 * `failed` keeps its word without a reason of ours.
 */
export function paymentIn(answer: unknown): Payment {
  const { status, fields, error } = (answer ?? {}) as { status?: unknown; fields?: object; error?: unknown };
  if (status === 'completed') return { status, fields: { ...fields } };
  const isTold = status === 'failed' || status === 'unknown';
  if (isTold && isDurableError(error)) return { status, error };
  const why = error instanceof Error ? error.message : 'pay gave no reason';
  if (isTold)
    return {
      status,
      error: new DurableError(status === 'failed' ? 'PROVIDER_FAILED' : 'PROVIDER_UNCERTAIN', why, { cause: error }),
    };
  return { status: 'unknown', error: new DurableError('PROVIDER_UNCERTAIN', 'pay answered no status that there is') };
}
