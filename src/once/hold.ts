/**
 * The hold: lock, reservation and intent of one costly call, in the account's own document, so that all
 * three are taken by one conditional update. Closed, it stays a while as the tombstone that makes a late
 * arrival harmless.
 *
 *   (absent) ──open──▶ open ──record completed──▶ done
 *      │                ├──── record failed ────▶ back   (what it cost is given back)
 *      │                └──── never paid ───────▶ void ──open──▶ open
 *      └──── tombstone ───────────────────────────▲
 *
 * Every step here is pure: it says where it applies and what it changes. Each changes something when it
 * applies, so "1 document changed" means done, and repeating it after a lost answer does nothing.
 */
import type { Plain } from '../core/index.ts';
import { is, type Change, type Document, type Filter } from '../store/index.ts';
import { addPruned } from './pruned.ts';

export type HoldState = 'open' | 'done' | 'back' | 'void';

/** What a call costs, as it was agreed when it was opened: enough to give it back later. */
export interface Terms {
  readonly price: number;
  /** Beijing day, `YYYYMMDD`. */
  readonly day: string;
  /** Counters changed by opening and, the other way round, by giving back; where the kind does not know them. */
  readonly take?: readonly (readonly [path: string, by: number])[];
  /** Counters changed by completing. */
  readonly done?: readonly (readonly [path: string, by: number])[];
}

export interface Hold extends Terms {
  readonly st: HoldState;
  readonly token: string;
  /** Counted from 1; 0 in a tombstone. */
  readonly attempt: number;
  /** End of the lease, milliseconds since the epoch. */
  readonly until: number;
  readonly hash: string;
  /** When it was opened, milliseconds since the epoch. */
  readonly at: number;
  /** Collection of its record: accounts may hold calls of several kinds. Absent in older ones. */
  readonly records?: string;
  readonly taskId?: string | null;
  /** What the record needs besides the result; dropped when the hold is closed. */
  readonly draft?: Readonly<Record<string, Plain>>;
}

/** Fields to increment. */
export type Amounts = Readonly<Record<string, number>>;

export interface Step {
  readonly where: Filter;
  readonly change: Change;
}

const pathOf = (id: string): string => `quota.holds.${id}`;
/** Every call that was opened up to then is over, and its hold may be gone; milliseconds since the epoch. */
const PRUNED_TO = 'quota.prunedTo';
const PRUNED = 'quota.pruned';

/** All holds in an account's document, by record id; broken ones are left out. */
export function holdsIn(account: Document): readonly (readonly [id: string, hold: Hold])[] {
  const { quota } = account as { quota?: { holds?: Record<string, Hold | null> } };
  return Object.entries(quota?.holds ?? {}).filter((entry): entry is [string, Hold] => isObject(entry[1]));
}

/** What pruning left: up to which moment openings are over, and the ids of dropped holds; see `pruned.ts`. */
export function prunedIn(account: Document): { readonly to?: number; readonly ids?: string } {
  const { quota } = account as { quota?: { prunedTo?: number; pruned?: string } };
  const { prunedTo: to, pruned: ids } = quota ?? {};
  return { ...(typeof to === 'number' ? { to } : {}), ...(typeof ids === 'string' ? { ids } : {}) };
}

/** The hold under a record's id in an account's document, or undefined. */
export function holdIn(account: Document, id: string): Hold | undefined {
  const { quota } = account as { quota?: { holds?: Record<string, Hold> } };
  const hold = Object.hasOwn(quota?.holds ?? {}, id) ? quota?.holds?.[id] : undefined;
  // A broken one is none: it must not stop what has nothing to do with it.
  return isObject(hold) ? hold : undefined;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** Whether a hold is of the kind whose records are in this collection; another kind's is none of its business. */
export function isOfKind(hold: Hold, { records }: { readonly records: string }): boolean {
  return hold.records === undefined || hold.records === records;
}

/** The open holds of this kind in an account's document: no other kind's recovery finishes them. */
export function openHoldsIn(account: Document, kind: { readonly records: string }) {
  return holdsIn(account).filter(([, hold]) => hold.st === 'open' && isOfKind(hold, kind));
}

/** Where nothing is held under this id: absent, or the very `void` that was read. */
function vacant(id: string, seen: Hold | undefined): Filter {
  const path = pathOf(id);
  return seen ? { [`${path}.st`]: 'void', [`${path}.token`]: seen.token } : { [path]: is.absent() };
}

/** Where the hold is open and ours. */
function mine(id: string, token: string): Filter {
  return { [`${pathOf(id)}.st`]: 'open', [`${pathOf(id)}.token`]: token };
}

export interface OpenPlan {
  readonly id: string;
  readonly hold: Hold;
  /** The `void` hold that was read under this id, if any. */
  readonly seen: Hold | undefined;
  readonly eligible: Filter;
  readonly take: Amounts;
}

/**
 * Takes what the call costs and writes the hold, if the account may and nothing is held. A hold that was pruned blocks
 * no late arrival any more; the moment up to which holds were pruned does.
 */
export function planOpen({ id, hold, seen, eligible, take }: OpenPlan): Step {
  return {
    where: { ...eligible, ...vacant(id, seen), [PRUNED_TO]: is.absentOr(is.below(hold.at)) },
    change: {
      inc: nonZero({ ...take, 'quota.open': 1, 'quota.seq': 1 }),
      set: { [pathOf(id)]: plain(hold) },
    },
  };
}

/** Puts a `void` where nothing is held, so that this opening, should it still be on its way, cannot arrive. */
export function planTombstone(id: string, { token, at }: Hold, seen: Hold | undefined): Step {
  const tombstone = { st: 'void', token, attempt: 0, until: 0, at };
  return { where: vacant(id, seen), change: { set: { [pathOf(id)]: tombstone } } };
}

/** Notes the provider's task, the moment it is known. */
export function planTask(id: string, token: string, taskId: string): Step {
  return { where: mine(id, token), change: { set: { [`${pathOf(id)}.taskId`]: taskId } } };
}

/** Closes the hold as `st` with what that does to the account's counters; only while open under this token. */
export function planSettle(
  id: string,
  token: string,
  settled: { readonly st: HoldState; readonly amounts: Amounts },
): Step {
  const path = pathOf(id);
  return {
    where: mine(id, token),
    change: {
      inc: nonZero({ ...settled.amounts, 'quota.open': -1, 'quota.seq': 1 }),
      set: { [`${path}.st`]: settled.st },
      unset: [`${path}.draft`],
    },
  };
}

export interface ReopenPlan {
  readonly id: string;
  readonly old: Hold;
  readonly next: { readonly token: string; readonly until: number };
  readonly eligible?: Filter | undefined;
  readonly take?: Amounts | undefined;
}

/** Hands the hold of an `unknown` result to a new attempt, if the account may have one. */
export function planReopen({ id, old, next, eligible, take = {} }: ReopenPlan): Step {
  const path = pathOf(id);
  return {
    where: { ...eligible, ...mine(id, old.token) },
    change: {
      ...(Object.keys(take).length > 0 ? { inc: nonZero(take) } : {}),
      set: {
        [`${path}.token`]: next.token,
        [`${path}.until`]: next.until,
        [`${path}.taskId`]: null,
        [`${path}.attempt`]: old.attempt + 1,
      },
    },
  };
}

export interface PrunePlan {
  readonly drop: readonly (readonly [id: string, hold: Hold])[];
  /** Tombstones that say no moment at all: they are given this one. */
  readonly undated: readonly (readonly [id: string, hold: Hold])[];
  /** Paths of counters. */
  readonly days: readonly string[];
  readonly nowMs: number;
}

/** Two openings of one request, sent before either of them was known, lie no further apart than a lease. */
const LONGEST_LEASE_MS = 900_000;

/**
 * Drops closed holds, if nothing was opened or closed since they were read and each still has its token (a tombstone
 * may be replaced without being counted). Openings from before then, should one still arrive, are refused from now on.
 */
export function planPrune(account: Document, { drop, undated, days, nowMs }: PrunePlan): Step {
  const { quota } = account as { quota?: { seq?: number } };
  const before = prunedIn(account);
  const ends = drop.map(([, { until, at }]) => (until > 0 ? until : at + LONGEST_LEASE_MS));
  // A tombstone never had a record; what was opened may have one, though it was voided before anything was paid.
  const opened = drop.flatMap(([id, { st, attempt }]) => (st === 'void' && attempt === 0 ? [] : [id]));
  const tokens = [...drop, ...undated].map(([id, { token }]) => [`${pathOf(id)}.token`, token] as const);
  return {
    where: {
      'quota.seq': quota?.seq ?? is.absent(),
      [PRUNED_TO]: before.to ?? is.absent(),
      [PRUNED]: before.ids ?? is.absent(),
      ...Object.fromEntries(tokens),
    },
    change: {
      set: {
        ...Object.fromEntries(undated.map(([id]) => [`${pathOf(id)}.at`, nowMs])),
        ...(drop.length > 0 ? { [PRUNED_TO]: Math.max(before.to ?? 0, ...ends) } : {}),
        ...(opened.length > 0 ? { [PRUNED]: addPruned(before.ids, opened) } : {}),
      },
      unset: [...drop.map(([id]) => pathOf(id)), ...days],
    },
  };
}

// `$inc` by zero creates the field where it is absent (a vip's `credits`), which is a change nobody asked for.
function nonZero(amounts: Amounts): Amounts {
  return Object.fromEntries(Object.entries(amounts).filter(([, by]) => by !== 0));
}

function plain(hold: Hold): Plain {
  return hold as unknown as Plain;
}
