import { asDurableError, type DurableError, type Deadline } from '../core/index.ts';
import { retried } from '../durable/index.ts';
import { isFinal } from '../records/index.ts';
import type { Document } from '../store/index.ts';
import { holdIn, planOpen, planReopen, planSettle, planTombstone, type Hold } from './hold.ts';
import type { Again, Key, OnceRequest } from './kind.ts';
import { applyStep, inProgress, readRetried, settle, type Parts } from './parts.ts';

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
export async function open(parts: Parts, opening: OpenRequest): Promise<Opened> {
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
  parts: Parts,
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

/** What `reopen` found: the new attempt may pay, or a final record was first. */
export type Reopened = { readonly opened: Opened } | { readonly final: Document };

export interface ReopenRequest {
  readonly request: OnceRequest;
  /** What it takes and needs beyond what is held. */
  readonly again: Again | undefined;
  readonly key: Key;
  readonly account: Document;
  readonly old: Hold;
  /** The `unknown` record as it was read. */
  readonly record: Document;
  readonly until: number;
  readonly deadline: Deadline;
}

/**
 * Starts a new attempt under an `unknown` record, after a person asked for it: the hold changes hands by
 * compare-and-set, then the unknown record does, and only then may be paid.
 */
export async function reopen(
  parts: Parts,
  { request, again, key, account, old, record, until, deadline }: ReopenRequest,
): Promise<Reopened> {
  const hold: Hold = { ...old, token: parts.random.token(), attempt: old.attempt + 1, until, taskId: null };
  const changed = await applyStep(parts, key, {
    step: planReopen({ id: key.id, old, next: hold, ...again }),
    deadline,
  });
  if (changed === 0) {
    const now = await readRetried(parts, { collection: parts.kind.accounts, id: key.accountId }, deadline);
    const found = now && holdIn(now, key.id);
    if (now && again && found?.st === 'open' && found.token === old.token) throw request.refusal(now);
    if (found?.token !== hold.token) throw inProgress(key.id);
  }
  const found = await takeOver(parts, { record, hold, deadline });
  if (found === 'taken') return { opened: { key, hold, account } };
  if (!isFinal(found?.['status'])) throw inProgress(key.id);
  await settle(parts, { key, hold, status: found['status'] }, deadline);
  return { final: found };
}

// The unknown record gets the new token, so that the old attempt's late result cannot replace it. The token
// asked for is the record's own: an earlier reopening may have stopped between hold and record.
async function takeOver(
  parts: Parts,
  { record, hold, deadline }: { record: Document; hold: Hold; deadline: Deadline },
): Promise<'taken' | Document | undefined> {
  const { kind, store, writer } = parts;
  const target = { id: record._id, where: { status: 'unknown', token: String(record['token']) } };
  const change = { set: { token: hold.token, attempt: hold.attempt } };
  const budget = { key: kind.records, deadline, recordId: record._id };
  return retried(writer.retrier, budget, async (call) => {
    if ((await store.update(kind.records, target, change, call)) === 1) return 'taken' as const;
    const now = await store.get(kind.records, record._id, call);
    return now?.['token'] === hold.token ? ('taken' as const) : now;
  });
}
