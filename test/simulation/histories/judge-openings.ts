/** Who may open a call, on which day it counts, and whether those who were refused were refused for a reason: I6, I11. */
import type { Document } from '../../../src/store/index.ts';
import type { Findings } from './findings.ts';
import { quotaOf, type Hold } from './judge-accounts.ts';
import type { AccountBefore, Answer, Commit, Truth } from './truth.ts';

/** A read that is behind shows what stood so long ago. */
const STALE_MS = 1_000;
/** A call may be under way for so long before it opens, … */
const LONGEST_CALL_MS = 60_000;
/** … and two moments of one machine may lie so far apart from the truth where clocks are set. */
const CLOCKS_MS = 600_000;
const DAY_MS = 86_400_000;
const BEIJING_MS = 8 * 3_600_000;

/** Until when something was so; for ever, while it still is. */
interface Standing {
  unknownUntilMs: number;
  shortUntilMs: number;
  fullUntilMs: number;
}

interface Book {
  readonly truth: Truth;
  readonly findings: Findings;
  readonly accounts: ReadonlyMap<string, AccountBefore>;
  readonly standings: Map<string, Standing>;
  /** Accounts by their persons. */
  readonly owners: Map<string, string>;
  readonly documents: Map<string, Document>;
  /** Until when something was held under a key. */
  readonly takenUntilMs: Map<string, number>;
  /** Calls that were opened, by account and day. */
  readonly opened: Map<string, number>;
}

/** Linear in commits and answers; judges only what was asked at a known time. */
export function judgeOpenings(truth: Truth, log: readonly Commit[], findings: Findings): void {
  const book: Book = {
    ...{ truth, findings, standings: new Map(), owners: new Map(), documents: new Map(), takenUntilMs: new Map() },
    opened: new Map(),
    accounts: new Map((truth.accounts ?? []).map((account) => [account.userId, account])),
  };
  const refused = truth.answers.filter(isRefused).sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
  let next = 0;
  const upTo = (seq: number): void => {
    for (; next < refused.length && ((refused[next] as Answer).seq ?? 0) <= seq; next += 1)
      judgeRefusal(book, refused[next] as Refused);
  };
  for (const commit of log) {
    if (commit.place !== 'users' || !commit.after) continue;
    upTo(commit.seq - 1);
    noteAccount(book, commit as Commit & { readonly after: Document });
  }
  upTo(Infinity);
  judgeMismatches(truth, findings);
}

type Refused = Answer & { readonly askedAtMs: number; readonly said: { readonly code: string } };

function isRefused({ askedAtMs, said }: Answer): boolean {
  return askedAtMs !== undefined && said.kind === 'error' && REASONS[said.code] !== undefined;
}

/** Moments until which a refusal with this code was true. */
const REASONS: Readonly<Record<string, (standing: Standing, takenUntilMs: number) => readonly number[]>> = {
  CREDITS_INSUFFICIENT: ({ shortUntilMs }) => [shortUntilMs],
  QUOTA_EXCEEDED: ({ fullUntilMs }) => [fullUntilMs],
  // Whatever stood in the way is gone by the time somebody looks for it.
  STORE_CONFLICT: ({ shortUntilMs, fullUntilMs, unknownUntilMs }, takenUntilMs) => [
    ...[shortUntilMs, fullUntilMs, unknownUntilMs, takenUntilMs],
  ],
};

function judgeRefusal({ owners, standings, takenUntilMs, findings }: Book, refused: Refused): void {
  const { key, openid, askedAtMs, said } = refused;
  const standing = standings.get(owners.get(openid) ?? '');
  // Nobody by this name has come yet.
  if (!standing) return;
  const reasons = REASONS[said.code]?.(standing, takenUntilMs.get(key) ?? -Infinity) ?? [];
  const isTrue = reasons.some((untilMs) => untilMs >= askedAtMs - STALE_MS);
  findings.demand(isTrue, 'I11', () => `refused as ${said.code}, and there was no reason for it`, key);
}

function noteAccount(book: Book, { id, atMs, after }: Commit & { readonly after: Document }): void {
  const account = book.accounts.get(id);
  if (!account) return;
  const before = book.documents.get(id);
  book.documents.set(id, after);
  book.owners.set(String(after['openid']), id);
  const old = book.standings.get(id) ?? { unknownUntilMs: atMs, shortUntilMs: -Infinity, fullUntilMs: -Infinity };
  book.standings.set(id, {
    unknownUntilMs: old.unknownUntilMs,
    shortUntilMs: untilMs(isShort(after, account), old.shortUntilMs, atMs),
    fullUntilMs: untilMs(isFull(after, account), old.fullUntilMs, atMs),
  });
  noteHolds(book, { before, after, atMs });
}

/** Until when it is so, after a change at `atMs`. */
function untilMs(isSo: boolean, beforeMs: number, atMs: number): number {
  return isSo ? Infinity : Math.min(beforeMs, atMs);
}

function isShort({ credits }: Document, { price }: AccountBefore): boolean {
  return typeof credits === 'number' && credits < price;
}

function isFull(user: Document, { dailyLimit, triesLimit }: AccountBefore): boolean {
  const { used = {}, tries = {} } = quotaOf(user);
  return (
    Object.values(used).some((count) => count >= dailyLimit) ||
    Object.values(tries).some((count) => count >= triesLimit)
  );
}

interface Change {
  readonly before: Document | undefined;
  readonly after: Document;
  readonly atMs: number;
}

function noteHolds(book: Book, { before, after, atMs }: Change): void {
  const from = (before && quotaOf(before).holds) ?? {};
  const to = quotaOf(after).holds ?? {};
  for (const key of Object.keys(from)) if (!to[key]) book.takenUntilMs.set(key, atMs);
  for (const [key, hold] of Object.entries(to)) {
    if (hold === from[key]) continue;
    book.takenUntilMs.set(key, Infinity);
    if (hold?.st !== 'open' || from[key]?.st === 'open') continue;
    judgeOpening(book, { key, hold, atMs });
    if (typeof hold.day === 'string') judgeTries(book, { key, after, day: `d${hold.day}` });
  }
}

// By the openings themselves, whatever the account counts.
function judgeTries(
  { accounts, opened, findings }: Book,
  { key, after, day }: { readonly key: string; readonly after: Document; readonly day: string },
): void {
  const name = `${after._id} ${day}`;
  const count = (opened.get(name) ?? 0) + 1;
  opened.set(name, count);
  const { tries = {} } = quotaOf(after);
  const counted = tries[day] ?? 0;
  findings.demand(counted >= count, 'I11', () => `opened ${count} times on ${day}, and counted ${counted}`, key);
  const most = accounts.get(after._id)?.triesLimit ?? Infinity;
  findings.demand(count <= most, 'I11', () => `opened ${count} times on ${day}, at most ${most} are allowed`, key);
}

interface Opening {
  readonly key: string;
  readonly hold: Hold;
  readonly atMs: number;
}

function judgeOpening({ truth, findings }: Book, { key, hold, atMs }: Opening): void {
  const { day, at } = hold;
  if (typeof day === 'string' && typeof at === 'number') {
    const offMs = truth.without?.includes('wrong clocks') ? 0 : CLOCKS_MS;
    const isOfDay = [at - LONGEST_CALL_MS - offMs, at, at + offMs].some((moment) => isOn(day, moment));
    findings.demand(isOfDay, 'I11', () => `opened at ${new Date(at).toISOString()}, and counted on ${day}`, key);
  }
  if (!truth.without?.includes('lost refusals')) return;
  const isAsked = truth.answers.some(
    (answer) => answer.key === key && (answer.askedAtMs ?? Infinity) <= atMs && atMs <= answer.atMs,
  );
  findings.demand(isAsked, 'I11', () => 'opened after its person had been refused, and kept what it costs', key);
}

// By arithmetic of its own.
function isOn(day: string, atMs: number): boolean {
  const [year, month, date] = [day.slice(0, 4), day.slice(4, 6), day.slice(6)].map(Number);
  return Date.UTC(year ?? 0, (month ?? 0) - 1, date) / DAY_MS === Math.floor((atMs + BEIJING_MS) / DAY_MS);
}

// Refused for another payload, where there never was one.
function judgeMismatches({ answers }: Truth, { demand }: Findings): void {
  const wishes = new Map<string, Map<string, number>>();
  for (const { key, wish, askedAtMs = -Infinity } of answers) {
    const asked = wishes.get(key) ?? new Map<string, number>();
    wishes.set(key, asked.set(wish, Math.min(asked.get(wish) ?? Infinity, askedAtMs)));
  }
  for (const { key, wish, atMs, said } of answers) {
    if (said.kind !== 'error' || said.code !== 'IDEMPOTENCY_MISMATCH') continue;
    const others = [...(wishes.get(key) ?? [])].filter(([other]) => other !== wish);
    const isTrue = others.some(([, askedAtMs]) => askedAtMs <= atMs);
    demand(isTrue, 'I6', () => 'refused for another wish, which nobody had under its name', key);
  }
}
