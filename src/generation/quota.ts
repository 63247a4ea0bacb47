import { beijingDay, DurableError } from '../core/index.ts';
import type { Amounts, Terms } from '../once/index.ts';
import { readAccount, type Account, type UserType } from '../records/index.ts';
import { is, type Document, type Filter } from '../store/index.ts';

/** Pictures a day. */
export const DAILY_LIMITS: Readonly<Record<UserType, number>> = { admin: 1_000, vip: 200, free: 50 };
/** Credits for one completed picture; admins and vips pay none. */
const PRICES: Readonly<Record<UserType, number>> = { admin: 0, vip: 0, free: 1 };

/**
 * Openings a day for each picture that a day allows. A failed call gives its use back, but it was an order at the
 * image service and left a hold, so they are counted too.
 */
const TRIES_FACTOR = 3;

const usedPath = (day: string): string => `quota.used.d${day}`;
const triesPath = (day: string): string => `quota.tries.d${day}`;
const triesLimit = (type: UserType): number => (type === 'admin' ? Infinity : DAILY_LIMITS[type] * TRIES_FACTOR);

/** What the next picture costs this account, and the condition of its opening. Throws `USER_INVALID`. */
export function planTerms(document: Document, atMs: number): { terms: Terms; eligible: Filter } {
  const account = readAccount(document);
  const terms: Terms = { price: PRICES[account.type], day: beijingDay(atMs) };
  // Obvious refusals need no request; the condition below decides all others, at the instant it applies.
  const refusal = obviousRefusal(account, terms.day);
  if (refusal) throw refusal;
  const tries = triesLimit(account.type);
  return {
    terms,
    eligible: {
      [usedPath(terms.day)]: is.absentOr(is.below(DAILY_LIMITS[account.type])),
      ...(Number.isFinite(tries) ? { [triesPath(terms.day)]: is.absentOr(is.below(tries)) } : {}),
      ...(terms.price > 0 ? { credits: is.atLeast(terms.price) } : {}),
    },
  };
}

/** A further attempt at a picture whose result was not seen is a try of the day on which it is made. Throws as above. */
export function planAgain(document: Document, atMs: number): { take: Amounts; eligible: Filter } {
  const account = readAccount(document);
  const path = triesPath(beijingDay(atMs));
  const refusal = tooManyTries(account, beijingDay(atMs));
  if (refusal) throw refusal;
  const tries = triesLimit(account.type);
  return {
    take: { [path]: 1 },
    eligible: Number.isFinite(tries) ? { [path]: is.absentOr(is.below(tries)) } : {},
  };
}

function tooManyTries(account: Account, day: string): DurableError | undefined {
  const tries = triesLimit(account.type);
  if (countIn(account.tries, triesPath(day)) < tries) return undefined;
  const zh = `今日尝试次数已达上限（${tries} 次，含失败的尝试），请明天再来`;
  const limit = DAILY_LIMITS[account.type];
  return new DurableError('QUOTA_EXCEEDED', `${tries} tries were made today`, { details: { limit, tries, zh } });
}

/** Why this account may not open another picture. */
export function refusalOf(document: Document, atMs: number): DurableError {
  return (
    obviousRefusal(readAccount(document), beijingDay(atMs)) ??
    new DurableError('STORE_CONFLICT', 'another call of this user was first; ask again')
  );
}

function obviousRefusal(account: Account, day: string): DurableError | undefined {
  const limit = DAILY_LIMITS[account.type];
  if (countIn(account.used, usedPath(day)) >= limit) {
    return new DurableError('QUOTA_EXCEEDED', `the daily quota of ${limit} is used up`, { details: { limit } });
  }
  const tooMany = tooManyTries(account, day);
  if (tooMany) return tooMany;
  if (account.credits >= PRICES[account.type]) return undefined;
  return new DurableError('CREDITS_INSUFFICIENT', 'no credits are left', { details: { credits: account.credits } });
}

/** Counters changed by opening, … */
export function takeOf({ price, day }: Terms): Amounts {
  return { [usedPath(day)]: 1, [triesPath(day)]: 1, credits: -price };
}

/** … by giving back: all but the try, … */
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

/** Uses of the Beijing day of `atMs`, and what may follow; `extra` are those since the document was read. */
export function dailyUsage(account: Account, atMs: number, extra = 0): DailyUsage {
  const day = beijingDay(atMs);
  const limit = DAILY_LIMITS[account.type];
  const count = countIn(account.used, usedPath(day)) + extra;
  const triesLeft = triesLimit(account.type) - countIn(account.tries, triesPath(day)) - extra;
  return { used: count, limit, remaining: Math.max(0, Math.min(limit - count, triesLeft)) };
}

function countIn(counts: Account['used'], path: string): number {
  const value = counts[path.slice(path.lastIndexOf('.') + 1)];
  if (value === undefined) return 0;
  if (typeof value === 'number' && Number.isFinite(value)) return Math.max(0, value);
  throw new DurableError('USER_INVALID', "the user's daily usage is broken; repair the document", {
    details: { field: path },
  });
}
