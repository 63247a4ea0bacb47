import { isDurableError, type Deadline } from '../../core/index.ts';
import { openHoldsIn } from '../../once/index.ts';
import { collections } from '../../records/index.ts';
import { is, type Filter, type PageKey, type Store } from '../../store/index.ts';
import { isPictures, type KindOptions } from '../options.ts';

/** One kind of thing that recovery would look at. */
export interface Waiting {
  readonly count: number;
  /** At most 20. */
  readonly ids: readonly string[];
}

/** Calls whose lease is over. */
export interface WaitingHolds extends Waiting {
  /** When the last of them is decided, with or without a result: a day after its lease. Absent where there is none. */
  readonly decidedByAtMs?: number;
}

/** What waits for recovery at this moment, per phase; nothing is changed. */
export interface WaitingWork {
  readonly holds: WaitingHolds;
  /** Calls that somebody is still making; recovery leaves them alone. */
  readonly running: Waiting;
  readonly unknown: Waiting;
  readonly letters: Waiting;
  /** Set aside for a person: recovery does not try them again. */
  readonly quarantined: Waiting;
  readonly pictures: Waiting;
}

const PAGE = 100;
const MAX_NAMED = 20;
/** Without a result for so long after its lease, a call has failed. */
const DAY_MS = 86_400_000;

/** Looks what waits. Open calls are walked page by page, everything else is one count and one short page. */
export async function findWaiting(
  store: Store,
  { kind, deadline, nowMs }: { readonly kind: KindOptions; readonly deadline: Deadline; readonly nowMs: number },
): Promise<WaitingWork> {
  const { emergencyBackup } = collections;
  const { records } = kind;
  // Letters of the older form name no collection: they are pictures'.
  const ours = isPictures(kind) ? {} : { collection: records };
  const few = (collection: string, where: Filter) => firstOf(store, { collection, where }, deadline);
  const [open, unknown, letters, quarantined, pictures] = await Promise.all([
    openHolds(store, { kind, deadline, nowMs }),
    few(records, { status: 'unknown' }),
    few(emergencyBackup, { ...ours, state: is.absentOr(is.oneOf(['waiting'])) }),
    few(emergencyBackup, { ...ours, state: 'quarantined' }),
    few(records, { 'asset.state': 'pending' }),
  ]);
  return { ...open, unknown, letters, quarantined, pictures };
}

async function firstOf(
  store: Store,
  { collection, where }: { readonly collection: string; readonly where: Filter },
  deadline: Deadline,
): Promise<Waiting> {
  try {
    const [count, page] = await Promise.all([
      store.count(collection, where, { deadline }),
      store.page(collection, { where, limit: MAX_NAMED, fields: ['_id'] }, { deadline }),
    ]);
    return { count, ids: page.items.map(({ _id }) => _id) };
  } catch (error) {
    if (isDurableError(error, 'STORE_NOT_FOUND')) return { count: 0, ids: [] };
    throw error;
  }
}

async function openHolds(
  store: Store,
  { kind, deadline, nowMs }: { readonly kind: KindOptions; readonly deadline: Deadline; readonly nowMs: number },
): Promise<Pick<WaitingWork, 'holds' | 'running'>> {
  const found = { holds: { count: 0, ids: [] as string[] }, running: { count: 0, ids: [] as string[] } };
  let lastUntil: number | undefined;
  const where = { 'quota.open': is.above(0) };
  let after: PageKey | undefined;
  do {
    const page = await store.page(kind.accounts, { where, after, limit: PAGE, fields: ['quota.holds'] }, { deadline });
    for (const account of page.items) {
      for (const [id, hold] of openHoldsIn(account, kind)) {
        const side = hold.until <= nowMs ? found.holds : found.running;
        side.count += 1;
        if (side.ids.length < MAX_NAMED) side.ids.push(id);
        if (side === found.holds) lastUntil = Math.max(lastUntil ?? 0, hold.until);
      }
    }
    after = page.next;
  } while (after);
  if (lastUntil === undefined) return found;
  return { ...found, holds: { ...found.holds, decidedByAtMs: lastUntil + DAY_MS } };
}
