import type { Deadline } from '../core/index.ts';
import { retried } from '../durable/index.ts';
import { isFinal } from '../records/index.ts';
import type { Document } from '../store/index.ts';
import { holdIn, planReopen, type Hold } from './hold.ts';
import type { Again, Key, OnceRequest } from './kind.ts';
import type { Opened } from './open.ts';
import { applyStep, inProgress, readRetried, settle, type CallParts } from './parts.ts';

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
  parts: CallParts,
  { request, again, key, account, old, record, until, deadline }: ReopenRequest,
): Promise<Reopened> {
  const hold: Hold = { ...old, token: parts.random.token(), attempt: old.attempt + 1, until, taskId: null };
  const step = planReopen({ id: key.id, old, next: hold, ...again });
  const changed = await applyStep(parts, key, { step, deadline });
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
  parts: CallParts,
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
