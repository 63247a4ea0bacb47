import { asDurableError, type Deadline } from '../core/index.ts';
import type { Alert, NotifierDeps } from './alert.ts';
import { createBook } from './book.ts';
import type { Channel } from './channel.ts';
import { decide, type Claimed, type DecideParts } from './decide.ts';
import { createMemory, type Memory } from './memory.ts';
import { composeMessage } from './message.ts';
import { sendTo, type SendParts, type Target } from './send.ts';
import { createSlots } from './slots.ts';
import type { Language } from './texts.ts';

/** What became of the alerts, by key. */
export interface NotifyReport {
  /** Told to at least one group. */
  readonly sent: readonly string[];
  /** Nothing new to say: well, told already, told by another instance, or there is no robot. */
  readonly suppressed: readonly string[];
  /** No group took it; the next run tries again, whatever it sees itself. */
  readonly failed: readonly string[];
}

/** Tells groups what is wrong. */
export interface Notifier {
  /**
   * Tells what is new, what got worse, what is still open after `renotifyMs`, and what ended; all of it as one
   * message a robot. At least once and, among instances that reach the database, once. Never rejects, starts nothing
   * after the deadline; costs one read when all is well.
   */
  notify(alerts: readonly Alert[], deadline: Deadline): Promise<NotifyReport>;
}

export interface NotifierOptions {
  /** @default 'zh' */
  readonly language?: Language;
  /** Which deployment speaks; stands in the title. @default none */
  readonly name?: string | undefined;
  /** From when on an open condition is told once more. @default 21_600_000, 6 hours */
  readonly renotifyMs?: number;
  /** While the database does not answer: at most one message per instance in this time. @default 3_600_000 */
  readonly blindIntervalMs?: number;
}

interface Parts extends DecideParts, SendParts {
  readonly memory: Memory;
  readonly targets: readonly Target[];
  readonly options: NotifierOptions;
}

const RENOTIFY_MS = 6 * 3_600_000;
const BLIND_INTERVAL_MS = 3_600_000;
const MAX_ALERTS = 100;
/** Too little for a read, a message and a write. */
const MIN_MS = 1_000;
/** What is left for remembering, once the robots have answered. */
const SETTLE_MS = 500;

/** A notifier over these robots; make it once an instance, it remembers what an outage keeps from the store. */
export function createNotifier(
  deps: NotifierDeps & { readonly channels: readonly Channel[] },
  options: NotifierOptions = {},
): Notifier {
  const parts: Parts = {
    ...deps,
    options,
    memory: createMemory(),
    book: deps.store && createBook(deps.store),
    slots: createSlots(deps),
    language: options.language ?? 'zh',
    renotifyMs: options.renotifyMs ?? RENOTIFY_MS,
    targets: deps.channels.map((channel, index) => ({
      channel,
      name: `${channel.kind}-${index + 1}`,
      id: deps.hash.sha256(`${channel.kind}:${channel.token}`).slice(0, 32),
    })),
  };
  return { notify: (alerts, deadline) => notify(parts, alerts, deadline) };
}

async function notify(parts: Parts, alerts: readonly Alert[], deadline: Deadline): Promise<NotifyReport> {
  const distinct = merged(parts, alerts);
  const keys = distinct.map(({ key }) => key);
  for (const { key, severity } of distinct) {
    if (severity !== 'resolved')
      parts.log.write(severity === 'fault' ? 'error' : 'warn', 'notify.raised', { key, severity });
  }
  if (keys.length === 0 || parts.targets.length === 0) return { sent: [], suppressed: keys, failed: [] };
  if (deadline.remainingMs() < MIN_MS) return { sent: [], suppressed: [], failed: keys };
  try {
    return await tell(parts, distinct.slice(0, MAX_ALERTS), keys, deadline);
  } catch (error) {
    parts.log.write('error', 'notify.failed', { code: asDurableError(error).code });
    return { sent: [], suppressed: [], failed: keys };
  }
}

async function tell(
  parts: Parts,
  alerts: readonly Alert[],
  keys: readonly string[],
  deadline: Deadline,
): Promise<NotifyReport> {
  const nowMs = parts.clock.now();
  const claimed = await decide(parts, alerts, { nowMs, deadline });
  const told = new Set(claimed.map(({ alert }) => alert.key));
  const isSent = claimed.length > 0 && (await sendAll(parts, claimed, deadline.minus(SETTLE_MS)));
  if (isSent && claimed.some(({ isBlind }) => isBlind)) {
    parts.memory.restUntil(nowMs + (parts.options.blindIntervalMs ?? BLIND_INTERVAL_MS));
  }
  for (let at = 0; at < claimed.length; at += 16) {
    await Promise.all(claimed.slice(at, at + 16).map((one) => one.settle(isSent)));
  }
  const looked = new Set(alerts.map(({ key }) => key));
  return {
    sent: isSent ? [...told] : [],
    suppressed: keys.filter((key) => looked.has(key) && !told.has(key)),
    failed: [...(isSent ? [] : told), ...keys.filter((key) => !looked.has(key))],
  };
}

async function sendAll(parts: Parts, claimed: readonly Claimed[], deadline: Deadline): Promise<boolean> {
  const message = composeMessage(claimed, {
    language: parts.language,
    name: parts.options.name,
    nowMs: parts.clock.now(),
    isBlind: claimed.some(({ isBlind }) => isBlind),
  });
  const taken = await Promise.all(parts.targets.map((target) => sendTo(parts, target, message, deadline)));
  return taken.includes(true);
}

const WEIGHT = { resolved: 0, warning: 1, fault: 2 } as const;
const KEY = /^[\w.:-]{1,100}$/;

// One alert a key, the worst: a condition that is seen anywhere has not ended.
function merged({ hash }: Parts, alerts: readonly Alert[]): readonly Alert[] {
  const byKey = new Map<string, Alert>();
  for (const alert of alerts) {
    const key = KEY.test(alert.key) ? alert.key : `x_${hash.sha256(alert.key).slice(0, 32)}`;
    const other = byKey.get(key);
    if (!other || WEIGHT[alert.severity] > WEIGHT[other.severity]) byKey.set(key, { ...alert, key });
  }
  return [...byKey.values()];
}
