import { asDurableError, type DurableError, type Deadline } from '../core/index.ts';
import type { Document } from '../store/index.ts';
import { holdIn, planOpen, planSettle, planTombstone, type Hold } from './hold.ts';
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
  const budget = { key: parts.kind.accounts, deadline, recordId: id };
  const tried = await parts.writer.retrier.attempt(budget, async (timeoutMs) => {
    const call = { timeoutMs, deadline };
    const target = { id: key.accountId, where: step.where };
    if ((await parts.store.update(parts.kind.accounts, target, step.change, call)) === 1) return undefined;
    // Refused, or our own earlier attempt arrived and only its answer was lost: the token tells.
    return parts.store.get(parts.kind.accounts, key.accountId, call);
  });
  if (!tried.ok) {
    if (tried.ambiguous) await abandon(parts, { key, hold, seen }, deadline);
    throw tried.error;
  }
  if (tried.value === undefined || holdIn(tried.value, id)?.token === hold.token) return { key, hold, account };
  throw refusalOf(request, tried.value, seen);
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
