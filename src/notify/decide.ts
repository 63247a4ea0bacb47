import { asDurableError, type Deadline, type Log, type Random } from '../core/index.ts';
import type { Alert, AlertState } from './alert.ts';
import type { Book } from './book.ts';
import type { Memory } from './memory.ts';
import { planAlert, settled, type Plan } from './plan.ts';

export interface DecideParts {
  readonly book: Book | undefined;
  readonly memory: Memory;
  readonly log: Log;
  readonly random: Random;
  /** From when on an open condition is told once more. */
  readonly renotifyMs: number;
}

/** A condition that this instance has to tell now, and nobody else. */
export interface Claimed {
  readonly alert: Alert;
  readonly state: AlertState;
  /** No other instance knows of it. */
  readonly isBlind: boolean;
  /** Remembers whether a group took it; where none did, the next run tries again. */
  settle(sent: boolean): Promise<void>;
}

interface Moment {
  readonly nowMs: number;
  readonly deadline: Deadline;
}

/** Alerts of one run that are looked at side by side. */
const CONCURRENCY = 16;

/** Of what earlier runs could not tell, so many are told with a run's own. */
const MOST_RETOLD = 20;

/**
 * Counts what has been told and claims what has not, also what an earlier run of any function saw and could not tell:
 * one read for all keys, one conditional write for each that is
 * open or ends, none for what is well. A claim is taken before the message and settled after it, so that a message is
 * lost to no killed instance, and repeated only by an instance that was killed between the two.
 */
export async function decide(
  parts: DecideParts,
  alerts: readonly Alert[],
  moment: Moment,
): Promise<readonly Claimed[]> {
  const keys = alerts.map(({ key }) => key);
  const stored = await parts.book?.read(keys, moment.deadline).catch((error: unknown) => noteBlind(parts, error));
  const all = [...alerts.map((alert) => ({ alert })), ...untoldAmong(stored, keys, moment.nowMs)];
  const claimed: (Claimed | undefined)[] = [];
  for (let at = 0; at < all.length; at += CONCURRENCY) {
    const some = all.slice(at, at + CONCURRENCY);
    claimed.push(...(await Promise.all(some.map((one) => decideOne(parts, { ...one, stored, ...moment })))));
  }
  return claimed.filter((one) => one !== undefined);
}

function untoldAmong(stored: One['stored'], keys: readonly string[], nowMs: number) {
  const own = new Set(keys);
  const left = [...(stored?.values() ?? [])].flatMap(({ key, state, untold, claimedUntilMs }) =>
    untold && state === 'open' && claimedUntilMs <= nowMs && !own.has(key) ? [{ key, ...untold }] : [],
  );
  return left.slice(0, MOST_RETOLD).map((alert) => ({ alert, isRetold: true }));
}

interface One extends Moment {
  readonly alert: Alert;
  /** Seen by an earlier run, and not by this one. @default false */
  readonly isRetold?: boolean;
  /** Undefined where it could not be read. */
  readonly stored: ReadonlyMap<string, AlertState> | undefined;
}

async function decideOne(parts: DecideParts, one: One): Promise<Claimed | undefined> {
  const { alert, stored, nowMs, isRetold = false } = one;
  const before = stored?.get(alert.key);
  const own = parts.memory.get(alert.key);
  // What this instance told during an outage goes on in the store, unless another instance has it there.
  const known = before?.state === 'open' ? before : (own ?? before);
  const plan = planAlert(alert, { nowMs, known, seq: before?.seq ?? 0, token: parts.random.token(), isRetold });
  if (plan.kind === 'quiet') return undefined;
  if (!parts.book || !stored) return decideBlind(parts, { alert, plan, nowMs });
  try {
    return await decideStored(parts, parts.book, { ...one, plan, before });
  } catch (error) {
    noteBlind(parts, error);
    return decideBlind(parts, { alert, plan, nowMs });
  }
}

type Active = Exclude<Plan, { kind: 'quiet' }>;

async function decideStored(
  parts: DecideParts,
  book: Book,
  {
    alert,
    plan,
    before,
    nowMs,
    deadline,
    isRetold = false,
  }: One & { readonly plan: Active; readonly before: AlertState | undefined },
): Promise<Claimed | undefined> {
  const { next } = plan;
  if (plan.kind === 'count' && before?.state === 'open') {
    await book.count(next, deadline);
    parts.memory.forget(alert.key);
    return undefined;
  }
  const state = { ...next, seq: (before?.seq ?? 0) + 1 };
  const isOurs = await book.claim(before, state, deadline);
  parts.memory.forget(alert.key);
  // Another instance was faster: it tells, we count.
  if (!isOurs && !isRetold && alert.severity !== 'resolved') await book.count(next, deadline);
  if (!isOurs || plan.kind === 'count') return undefined;
  return {
    alert,
    state,
    isBlind: false,
    async settle(sent) {
      const after = settled(state, alert, { sent, nextAtMs: nowMs + parts.renotifyMs });
      await book.settle(after, deadline).catch((error: unknown) => {
        // The claim runs out by itself; then it is told once more.
        parts.log.write('warn', 'notify.unsettled', { key: alert.key, code: asDurableError(error).code });
      });
    },
  };
}

function decideBlind(
  { memory, renotifyMs }: DecideParts,
  { alert, plan, nowMs }: { readonly alert: Alert; readonly plan: Active; readonly nowMs: number },
): Claimed | undefined {
  const unclaimed = { ...plan.next, claimedUntilMs: 0 };
  memory.put(unclaimed);
  if (plan.kind === 'count' || !memory.mayTell(nowMs)) return undefined;
  const settle = async (sent: boolean): Promise<void> =>
    memory.put(settled(unclaimed, alert, { sent, nextAtMs: nowMs + renotifyMs }));
  return { alert, state: plan.next, isBlind: true, settle };
}

function noteBlind({ log }: DecideParts, error: unknown): undefined {
  log.write('warn', 'notify.blind', { code: asDurableError(error).code });
  return undefined;
}
