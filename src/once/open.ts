import { asDurableError, DurableError, type Deadline } from '../core/index.ts';
import type { Document } from '../store/index.ts';
import { holdIn, planOpen, planSettle, planTombstone, type Hold, type Step } from './hold.ts';
import type { Key, OnceRequest } from './kind.ts';
import { applyStep, inProgress, type CallParts } from './parts.ts';

export interface Opened {
  readonly key: Key;
  readonly hold: Hold;
  readonly account: Document;
}

interface OpenRequest {
  readonly request: OnceRequest;
  readonly account: Document;
  /** The `void` hold that was read, if any. */
  readonly seen: Hold | undefined;
  readonly until: number;
  readonly deadline: Deadline;
}

/**
 * Takes quota and credit and writes the hold in one conditional update. Rejects, with nothing paid and
 * nothing kept: with the request's own refusal, `ONCE_IN_PROGRESS`, or a `STORE_*` error.
 */
export async function open(parts: CallParts, opening: OpenRequest): Promise<Opened> {
  const { request, account, seen, deadline } = opening;
  const { id } = request;
  const key: Key = { id, accountId: account._id };
  const { terms, eligible } = await request.terms(account);
  const hold: Hold = {
    st: 'open',
    ...terms,
    token: parts.random.token(),
    attempt: 1,
    until: opening.until,
    hash: request.hash,
    at: parts.clock.now(),
    draft: request.draft,
    records: parts.kind.records,
  };
  const step = planOpen({ id, hold, seen, eligible, take: parts.kind.take(terms) });
  const tried = await takeAndLook(parts, { key, step, deadline });
  const found = tried.ok ? tried.value : undefined;
  if (found === OPENED) return { key, hold, account };
  if (found && holdIn(found, id)?.token === hold.token) return { key, hold, account };
  if (found) throw refusalOf(request, found, seen);
  // Ambiguous; or the account was removed since it was read, or looked for where it has not arrived yet.
  if (tried.ok || tried.ambiguous) await abandon(parts, { key, hold, seen }, deadline);
  throw tried.ok ? unseen(id) : tried.error;
}

const OPENED = Symbol('opened');

interface Taking {
  readonly key: Key;
  readonly step: Step;
  readonly deadline: Deadline;
}

/** Takes and holds; where nothing changed, the account as it then is, if it is there at all. */
function takeAndLook(parts: CallParts, { key, step, deadline }: Taking) {
  const { store, writer, kind } = parts;
  const budget = { key: kind.accounts, deadline, recordId: key.id };
  return writer.retrier.attempt(budget, async (timeoutMs): Promise<typeof OPENED | Document | undefined> => {
    const call = { timeoutMs, deadline };
    const target = { id: key.accountId, where: step.where };
    if ((await store.update(kind.accounts, target, step.change, call)) === 1) return OPENED;
    // Refused, or our own earlier attempt arrived and only its answer was lost: the token tells.
    return store.get(kind.accounts, key.accountId, call);
  });
}

function unseen(recordId: string): DurableError {
  return new DurableError('STORE_CONFLICT', 'the account was not found when the call was opened; nothing was paid', {
    details: { recordId },
  });
}

function refusalOf(request: OnceRequest, account: Document, seen: Hold | undefined): DurableError {
  const found = holdIn(account, request.id);
  const vacant = found === undefined || (found.st === 'void' && found.token === seen?.token);
  return vacant ? request.refusal(account) : inProgress(request.id);
}

/**
 * Refused before paying: first a tombstone where nothing is held, which stops an opening that is still on its
 * way; then our own open hold, had it arrived, is voided and gives everything back. Only the unpaid owner of
 * attempt 1 may do this. Best effort: what fails here, recovery does when the lease is over.
 */
export async function abandon(
  parts: CallParts,
  { key, hold, seen }: { key: Key; hold: Hold; seen: Hold | undefined },
  deadline: Deadline,
): Promise<void> {
  const amounts = parts.kind.back(hold);
  const steps = [planTombstone(key.id, hold, seen), planSettle(key.id, hold.token, { st: 'void', amounts })];
  // The retries that failed to open have used up the accounts' own budget: taking back must not starve by it,
  // or the person's credit is held for a day.
  const lane = `${parts.kind.accounts}/abandon`;
  for (const step of steps) {
    // The second is tried whatever became of the first: each is right by itself.
    await applyStep(parts, key, { step, deadline, lane }).then(
      () => parts.log.write('info', 'once.abandoned', { recordId: key.id }),
      (error: unknown) => {
        parts.log.write('warn', 'once.abandon-failed', { recordId: key.id, code: asDurableError(error).code });
      },
    );
  }
}
