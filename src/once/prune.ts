import { beijingDay, type Deadline } from '../core/index.ts';
import { pagesOf, readMany, walkPages, WIDTH, type WalkReport } from '../durable/index.ts';
import { isFinal } from '../records/index.ts';
import { is, type Document, type PageKey } from '../store/index.ts';
import { holdsIn, planPrune, type Hold } from './hold.ts';
import type { Kind } from './kind.ts';
import { applyStep, type OnceDeps } from './parts.ts';

export interface PruneRequest {
  /** No further account is begun after it. */
  readonly deadline: Deadline;
  /** Where an earlier run stopped. */
  readonly from?: PageKey | undefined;
}

/** Pruning of what closed calls leave in the accounts. */
export interface HoldPruning {
  /**
   * Drops holds that are over, and the counters of days long gone, so that an account's document does not grow for
   * ever; answers how many accounts were changed. May run at any time, also beside calls and recovery.
   *
   * - `done` and `back`: 48 hours after their lease, and only when their record is final where it belongs.
   * - `void`: an hour after its lease, or, as a tombstone has none, after the opening that it stopped; and not while an
   *   `unknown` record stands under its id, which it explains.
   * - `quota.used` and `quota.tries` of days more than 7 days old that no open hold names.
   *
   * The same request is then answered from its record; while that cannot be read, a request that may have been paid
   * for before is refused, and others are served.
   */
  prune(request: PruneRequest): Promise<WalkReport>;
}

const PAGE = 128;
const HOUR_MS = 3_600_000;
const KEEP_MS = 48 * HOUR_MS;
const KEEP_DAYS_MS = 7 * 24 * HOUR_MS;
/** Dropped in one run, of one account; the others have their turn in the next. */
const MOST_HOLDS = 100;

/** The pruning of the holds of one kind of costly call. */
export function createHoldPruning(deps: OnceDeps, kind: Pick<Kind, 'records' | 'accounts'>): HoldPruning {
  return { prune: ({ deadline, from }) => prune({ ...deps, kind }, deadline, from) };
}

type PruneParts = OnceDeps & { readonly kind: Pick<Kind, 'records' | 'accounts'> };

function prune(parts: PruneParts, deadline: Deadline, after: PageKey | undefined): Promise<WalkReport> {
  const { clock, kind } = parts;
  const request = { collection: kind.accounts, where: { 'quota.seq': is.above(0) }, fields: ['quota'], limit: PAGE };
  const read = pagesOf(parts, request, deadline);
  return walkPages({
    deadline,
    after,
    width: WIDTH,
    async read(from) {
      const page = await read(from);
      const ids = page.items.flatMap((account) => agedHolds(account, clock.now()).map(([id]) => id));
      const records = await readMany(parts, { collection: kind.records, ids, fields: ['status'] }, deadline);
      return { ...page, records };
    },
    visit: (account, { records }) => pruneOne(parts, { account, records }, deadline),
  });
}

async function pruneOne(
  parts: PruneParts,
  { account, records }: { readonly account: Document; readonly records: ReadonlyMap<string, Document> },
  deadline: Deadline,
): Promise<boolean> {
  const nowMs = parts.clock.now();
  const over = agedHolds(account, nowMs).filter(([id, hold]) => isOver(hold, records.get(id)?.['status']));
  // Cut last: those that cannot go yet must not stand before the others for ever.
  const drop = over.slice(0, MOST_HOLDS);
  const undated = holdsIn(account).filter(([id, hold]) => isName(id) && hold.st === 'void' && endOf(hold) === 0);
  const days = agedDays(account, nowMs);
  if (drop.length + undated.length + days.length === 0) return false;
  const step = planPrune(account, { drop, undated: undated.slice(0, MOST_HOLDS), days, nowMs });
  const changed = await applyStep(parts, { id: '', accountId: account._id }, { step, deadline });
  // Not whose: an app may have its people's openids as their ids.
  parts.log.write('info', 'once.pruned', { holds: drop.length, days: days.length, applied: changed === 1 });
  return changed === 1;
}

/** Old enough to be dropped, as far as the account can tell. */
function agedHolds(account: Document, nowMs: number): readonly (readonly [string, Hold])[] {
  return holdsIn(account).filter(([id, hold]) => isName(id) && isAged(hold, nowMs));
}

function isAged(hold: Hold, nowMs: number): boolean {
  if (hold.st === 'open' || typeof hold.token !== 'string' || endOf(hold) === 0) return false;
  return endOf(hold) + (hold.st === 'void' ? HOUR_MS : KEEP_MS) <= nowMs;
}

/** The end of its lease; of a tombstone, the opening that it stopped; 0 where neither is known. */
function endOf({ until, at }: Hold): number {
  if (until > 0) return until;
  return at > 0 ? at : 0;
}

function isOver({ st }: Hold, status: unknown): boolean {
  return isFinal(status) || (st === 'void' && status === undefined);
}

/** Paths of counters of days long gone. */
function agedDays(account: Document, nowMs: number): readonly string[] {
  const oldest = `d${beijingDay(nowMs - KEEP_DAYS_MS)}`;
  const named = new Set(holdsIn(account).flatMap(([, { st, day }]) => (st === 'open' ? [`d${day}`] : [])));
  const quota = (account['quota'] ?? {}) as Readonly<Record<string, unknown>>;
  return ['used', 'tries'].flatMap((counter) =>
    Object.keys(quota[counter] ?? {})
      .filter((day) => /^d\d{8}$/.test(day) && day < oldest && !named.has(day))
      .map((day) => `quota.${counter}.${day}`),
  );
}

// What cannot be named in a path cannot be dropped.
function isName(id: string): boolean {
  return /^[\w-]+$/.test(id);
}
