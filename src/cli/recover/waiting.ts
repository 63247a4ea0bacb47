import { isDurableError, type Deadline } from '../../core/index.ts';
import { openHoldsIn } from '../../once/index.ts';
import { collections } from '../../records/index.ts';
import { is, type Document, type Filter, type PageKey, type Store } from '../../store/index.ts';
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
  /** Letters for collections that were not named, which recovery therefore leaves; at most 20 collections. */
  readonly elsewhere: readonly Elsewhere[];
}

/** Waiting letters for one collection. */
export interface Elsewhere {
  readonly collection: string;
  readonly count: number;
  /** Of costly calls: only their own recovery, which knows the holds, may bring them home. */
  readonly isCall: boolean;
}

/** What a recovery is asked to finish. */
export interface Asked extends KindOptions {
  readonly also?: readonly string[];
}

const PAGE = 100;
const MAX_NAMED = 20;
/** Without a result for so long after its lease, a call has failed. */
const DAY_MS = 86_400_000;

/** Looks what waits. Open calls are walked page by page, everything else is one count and one short page. */
export async function findWaiting(
  store: Store,
  { kind, deadline, nowMs }: { readonly kind: Asked; readonly deadline: Deadline; readonly nowMs: number },
): Promise<WaitingWork> {
  const { emergencyBackup } = collections;
  const { records, also = [] } = kind;
  const named = [records, ...also];
  // Letters of the older form name no collection: they are pictures'.
  const ours = { collection: isPictures(kind) ? is.absentOr(is.oneOf(named)) : is.oneOf(named) };
  const few = (collection: string, where: Filter) => firstOf(store, { collection, where }, deadline);
  const [open, unknown, letters, quarantined, pictures, elsewhere] = await Promise.all([
    openHolds(store, { kind, deadline, nowMs }),
    few(records, { status: 'unknown' }),
    few(emergencyBackup, { ...ours, state: WAITS }),
    few(emergencyBackup, { ...ours, state: 'quarantined' }),
    few(records, { 'asset.state': 'pending' }),
    lettersElsewhere(store, named, deadline),
  ]);
  return { ...open, unknown, letters, quarantined, pictures, elsewhere };
}

const WAITS = is.absentOr(is.oneOf(['waiting']));
/** What the record of a costly call has beside its content, and no other. */
const OF_A_CALL = { 'payload.token': is.above(''), 'payload.hash': is.above('') };
const MAX_PLACES = 20;

// Nobody knows the collections beforehand: a letter of one that was not met yet names it.
async function lettersElsewhere(
  store: Store,
  named: readonly string[],
  deadline: Deadline,
): Promise<readonly Elsewhere[]> {
  const found: Elsewhere[] = [];
  while (found.length < MAX_PLACES) {
    const met = [...named, ...found.map(({ collection }) => collection)];
    const where = { state: WAITS, collection: is.all([is.above(''), is.noneOf(met)]) };
    const collection = (await firstLetter(store, where, deadline))?.['collection'];
    if (typeof collection !== 'string') break;
    const those = { state: WAITS, collection };
    const [count, call] = await Promise.all([
      store.count(collections.emergencyBackup, those, { deadline }),
      firstLetter(store, { ...those, ...OF_A_CALL }, deadline),
    ]);
    found.push({ collection, count, isCall: collection === collections.works || call !== undefined });
  }
  return found;
}

/** The first of these collections for which a letter of a costly call waits. */
export async function callsAmong(
  store: Store,
  names: readonly string[],
  deadline: Deadline,
): Promise<string | undefined> {
  if (names.length === 0) return undefined;
  const where = { state: WAITS, collection: is.oneOf(names), ...OF_A_CALL };
  return (await firstLetter(store, where, deadline))?.['collection'] as string | undefined;
}

async function firstLetter(store: Store, where: Filter, deadline: Deadline): Promise<Document | undefined> {
  const request = { where, limit: 1, fields: ['collection'] };
  const page = await store.page(collections.emergencyBackup, request, { deadline }).catch((error: unknown) => {
    if (!isDurableError(error, 'STORE_NOT_FOUND')) throw error;
  });
  return page?.items[0];
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
