import { attemptName, isDurableError, type Clock, type Deadline, type Log, type Random } from '../../core/index.ts';
import { createRetriedReads, createRetrier, isCanary, type Reads } from '../../durable/index.ts';
import {
  addFinding,
  collections,
  concludeFindings,
  statusOf,
  type CheckSection,
  type FoundSoFar,
  type Section,
} from '../../records/index.ts';
import { is, MAX_PAGE, type Document, type Page, type Store } from '../../store/index.ts';
import { holdsIn } from '../hold.ts';
import type { PlainKindOptions } from '../plain-kind.ts';
import { anomaliesOf, CALL_FIELDS, CALL_FINDINGS } from './call-anomalies.ts';

export interface CallsSectionDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The dead-letter collection. @default 'emergency_backup' */
  readonly deadLetters?: string;
}

/** Where the section stands: first the records, then the accounts with their holds. */
type CallsState = {
  phase: 'records' | 'accounts' | 'over';
  after: string | null;
  nowMs: number;
  byStatus: Record<string, number>;
  accounts: { total: number; open: number; stale: number };
  found: FoundSoFar;
};

interface Step extends CallsSectionDeps {
  readonly kind: PlainKindOptions;
  readonly reads: Reads;
  readonly state: CallsState;
}

/** Recovery runs every few minutes: what it has not closed an hour after the lease, it cannot close. */
const STALE_AFTER_MS = 3_600_000;
/** Ids in one request. */
const BATCH = 500;

/**
 * Section `calls`: what can be said of costly calls of any kind. Their records' form, state and account; of the accounts
 * that ever paid, whether `quota.open` (by which recovery finds them) counts their open holds, which of those were
 * interrupted (their lease is over), and whether each closed one has its record or a letter. Per 1,000 records one request and as many as it takes
 * for their accounts, 500 each; per 1,000 accounts one, and one for 500 of their closed holds.
 */
export function createCallsSection(deps: CallsSectionDeps, kind: PlainKindOptions): CheckSection {
  const retrier = createRetrier(deps);
  return {
    name: 'calls',
    begin: () => begin(deps.clock.now()),
    async advance(from, deadline: Deadline) {
      const state = structuredClone(from) as CallsState;
      const step = { ...deps, kind, state, reads: createRetriedReads(deps.store, retrier, { deadline }) };
      if (state.phase === 'records') goOn(state, await checkRecords(step), 'accounts');
      else if (state.phase === 'accounts') goOn(state, await checkAccounts(step), 'over');
      return { state, finished: state.phase === 'over' };
    },
    conclude: (state) => conclude(state as CallsState, kind),
  };
}

function begin(nowMs: number): CallsState {
  return {
    ...{ phase: 'records', after: null, nowMs, byStatus: {}, found: {} },
    accounts: { total: 0, open: 0, stale: 0 },
  };
}

function conclude({ byStatus, accounts, found }: CallsState, kind: PlainKindOptions): Section {
  const findings = concludeFindings(found, CALL_FINDINGS);
  const total = Object.values(byStatus).reduce((sum, count) => sum + count, 0);
  const collectionsOf = { records: kind.records, accounts: kind.accounts };
  const figures = { total, byStatus, accounts, collections: collectionsOf };
  return { name: 'calls', status: statusOf(findings), figures, findings };
}

function goOn(state: CallsState, { next }: Page, otherwise: CallsState['phase']): void {
  state.after = next?.id ?? null;
  if (!next) state.phase = otherwise;
}

const fromIn = ({ after }: CallsState) => (after === null ? {} : { after: { id: after } });

const STATUSES = ['completed', 'failed', 'unknown'];

async function checkRecords({ reads, kind, state, clock }: Step): Promise<Page> {
  const page = await reads.page(kind.records, { ...fromIn(state), limit: MAX_PAGE, fields: CALL_FIELDS });
  const moments = { nowMs: state.nowMs, readAtMs: clock.now() };
  const ours: Document[] = [];
  for (const record of page.items.filter(({ _id }) => !isCanary(_id))) {
    const anomalies = anomaliesOf(record, moments);
    for (const anomaly of anomalies) addFinding(state.found, anomaly, [record._id]);
    if (anomalies.includes('record-of-others')) continue;
    const status = STATUSES.find((name) => name === record['status']) ?? 'other';
    state.byStatus[status] = (state.byStatus[status] ?? 0) + 1;
    if (typeof record['userId'] === 'string') ours.push(record);
  }
  const known = await existing(
    reads,
    kind.accounts,
    ours.map(({ userId }) => String(userId)),
  );
  const strays = ours.filter(({ userId }) => userId !== '' && !known.has(String(userId)));
  addFinding(
    state.found,
    'user-unknown',
    strays.map(({ _id }) => _id),
  );
  return page;
}

// An account is one document, read whole: what its holds and its counter say, they say of the same moment.
async function checkAccounts(step: Step): Promise<Page> {
  const { reads, kind, state } = step;
  const where = { 'quota.seq': is.above(0) };
  const fields = ['quota.open', 'quota.holds'];
  const page = await reads.page(kind.accounts, { ...fromIn(state), where, limit: MAX_PAGE, fields });
  const closed: Closed[] = [];
  for (const account of page.items) {
    const holds = holdsIn(account);
    const { quota } = account as { quota?: { open?: unknown } };
    const open = holds.filter(([, { st }]) => st === 'open');
    if (quota?.open !== open.length) addFinding(state.found, 'open-count-wrong', [account._id]);
    for (const [recordId, { st, until, attempt, records }] of holds) {
      if (records !== kind.records) continue;
      if (st === 'open') countOpen(state, recordId, until);
      else if (st !== 'void') closed.push({ recordId, attempt });
    }
  }
  state.accounts.total += page.items.length;
  addFinding(state.found, 'record-missing', await withoutRecord(step, closed));
  return page;
}

function countOpen(state: CallsState, recordId: string, until: number): void {
  state.accounts.open += 1;
  // One without an end would stay for ever.
  const overMs = Number.isFinite(until) ? state.nowMs - until : Infinity;
  if (overMs < 0) return;
  // Nobody but its team's own timer recovers such a call, and nobody looks whether that runs: it is said at once.
  if (overMs < STALE_AFTER_MS) return addFinding(state.found, 'hold-expired', [recordId]);
  state.accounts.stale += 1;
  addFinding(state.found, 'hold-stale', [recordId]);
}

interface Closed {
  readonly recordId: string;
  readonly attempt: number;
}

// A call is closed only once a database tier holds its record.
async function withoutRecord(
  { reads, kind, deadLetters }: Step,
  closed: readonly Closed[],
): Promise<readonly string[]> {
  const ids = closed.map(({ recordId }) => recordId);
  const recorded = await existing(reads, kind.records, ids);
  const missing = closed.filter(({ recordId }) => !recorded.has(recordId));
  const names = missing.map(({ recordId, attempt }) => attemptName(recordId, attempt));
  const kept = await existing(reads, deadLetters ?? collections.emergencyBackup, names).catch(noneIfMissing);
  return missing.filter((_hold, index) => !kept.has(names[index] ?? '')).map(({ recordId }) => recordId);
}

function noneIfMissing(error: unknown): ReadonlySet<string> {
  if (isDurableError(error, 'STORE_NOT_FOUND')) return new Set();
  throw error;
}

/** Those of these ids that a collection has. */
async function existing(reads: Reads, collection: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const wanted = [...new Set(ids)];
  for (let start = 0; start < wanted.length; start += BATCH) {
    const where = { _id: is.oneOf(wanted.slice(start, start + BATCH)) };
    const { items } = await reads.page(collection, { where, limit: MAX_PAGE, fields: [] });
    for (const { _id } of items) found.add(_id);
  }
  return found;
}
