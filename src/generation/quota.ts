import { beijingDay, DurableError } from '../core/index.ts';
import type { Amounts, Terms } from '../once/index.ts';
import { readAccount, type Account, type UserType } from '../records/index.ts';
import { is, type Document, type Filter } from '../store/index.ts';

/** Pictures a day. */
export const DAILY_LIMITS: Readonly<Record<UserType, number>> = { admin: 1_000, vip: 200, free: 50 };
/** Credits for one completed picture; admins and vips pay none. */
const PRICES: Readonly<Record<UserType, number>> = { admin: 0, vip: 0, free: 1 };

const usedPath = (day: string): string => `quota.used.d${day}`;

/** What the next picture costs this account, and the condition of its opening. Throws `USER_INVALID`. */
export function planTerms(document: Document, atMs: number): { terms: Terms; eligible: Filter } {
  const account = readAccount(document);
  const terms: Terms = { price: PRICES[account.type], day: beijingDay(atMs) };
  const limit = DAILY_LIMITS[account.type];
  // Obvious refusals need no request; the condition below decides all others, at the instant it applies.
  if (used(account, terms.day) >= limit || account.credits < terms.price) throw refusalOf(document, atMs);
  return {
    terms,
    eligible: {
      [usedPath(terms.day)]: is.absentOr(is.below(limit)),
      ...(terms.price > 0 ? { credits: is.atLeast(terms.price) } : {}),
    },
  };
}

/** Why this account may not open another picture. */
export function refusalOf(document: Document, atMs: number): DurableError {
  const account = readAccount(document);
  const limit = DAILY_LIMITS[account.type];
  if (used(account, beijingDay(atMs)) >= limit) {
    return new DurableError('QUOTA_EXCEEDED', `the daily quota of ${limit} is used up`, { details: { limit } });
  }
  if (account.credits < PRICES[account.type]) {
    return new DurableError('CREDITS_INSUFFICIENT', 'no credits are left', { details: { credits: account.credits } });
  }
  return new DurableError('STORE_CONFLICT', 'another call of this user was first; ask again');
}

/** Counters changed by opening, … */
export function takeOf({ price, day }: Terms): Amounts {
  return { [usedPath(day)]: 1, credits: -price };
}

/** … by giving back, … */
export function backOf({ price, day }: Terms): Amounts {
  return { [usedPath(day)]: -1, credits: price };
}

/** … and by completing. */
export function doneOf(): Amounts {
  return { generateCount: 1 };
}

export interface DailyUsage {
  readonly used: number;
  readonly limit: number;
  readonly remaining: number;
}

/** Uses of the Beijing day of `atMs`; `extra` are those since the document was read. */
export function dailyUsage(account: Account, atMs: number, extra = 0): DailyUsage {
  const limit = DAILY_LIMITS[account.type];
  const count = used(account, beijingDay(atMs)) + extra;
  return { used: count, limit, remaining: Math.max(0, limit - count) };
}

function used(account: Account, day: string): number {
  const value = account.used[`d${day}`];
  if (value === undefined) return 0;
  if (typeof value === 'number' && Number.isFinite(value)) return Math.max(0, value);
  throw new DurableError('USER_INVALID', "the user's daily usage is broken; repair the document", {
    details: { field: usedPath(day) },
  });
}
