import type { Clock } from '../../../core/index.ts';
import type { InvokeAnswer } from '../answer.ts';
import { nextOf, readTriggers, timerEvent, type Trigger } from './triggers.ts';

/** How timers run. */
export interface TimersOptions {
  /** Whether every moment is delivered twice at once: the platform promises at least once, never only once. */
  readonly duplicates?: boolean;
}

interface TimersParts extends TimersOptions {
  readonly dir: string | undefined;
  readonly clock: Clock;
  /** Calls a function as the platform does, without a user. */
  readonly call: (name: string, event: unknown) => Promise<InvokeAnswer>;
  /** Receives one line about a run that failed or will not happen: nobody else waits for it. */
  readonly onTrouble: (name: string, what: string) => void;
}

/** A timer for people to see. */
export interface TimerReport {
  readonly function: string;
  readonly trigger: string;
  readonly config: string;
  /** ISO moment at which it fires next; null where it never does, or timers are off. */
  readonly next: string | null;
  /** Why it never fires. */
  readonly error?: string;
}

/** The timers of the functions. */
export interface Timers {
  /** From now on they fire by themselves. */
  start(): void;
  list(): readonly TimerReport[];
  /** Runs the function once as its timer would now, and answers as it does; undefined when it declares no timer. */
  runNow(name: string): Promise<InvokeAnswer> | undefined;
  stop(): void;
}

const HOUR_MS = 3_600_000;

/** Settings are read anew this often, so that a timer that was added or changed while nothing was due counts. */
const RESCAN_MS = 5000;

/** A run that failed is run again twice, a minute apart; one that found no place, every minute for six hours. */
const RERUN_MS = 60_000;
const MAX_RUNS = 3;
const MAX_THROTTLED_RUNS = 360;

/** Runs of one function that may wait or be under way; what comes on top is dropped and said. */
const MAX_UNDER_WAY = 16;

/**
 * Timers that fire at least once for every moment of their expression (UTC+8) that passes while the local cloud runs.
 * Where the machine slept through several moments of one timer it fires once, for the last. Overlapping runs happen.
 */
export function createTimers(parts: TimersParts): Timers {
  const { dir, clock } = parts;
  const runs = createRuns(parts);
  let isOn = false;
  let cursorMs = clock.now();
  let cancel = (): void => undefined;
  const wake = (): void => {
    const nowMs = clock.now();
    const triggers = readTriggers(dir);
    for (const trigger of triggers) {
      const dueMs = lastDue(trigger, cursorMs, nowMs);
      if (dueMs !== undefined) runs.fire(trigger, dueMs);
    }
    cursorMs = nowMs;
    const waits = triggers.map((trigger) => (nextOf(trigger, nowMs) ?? Infinity) - nowMs);
    cancel = clock.after(Math.min(RESCAN_MS, ...waits), wake);
  };
  return {
    start() {
      isOn = true;
      cursorMs = clock.now();
      wake();
    },
    list: () => readTriggers(dir).map((trigger) => report(trigger, isOn ? nextOf(trigger, clock.now()) : undefined)),
    runNow(name) {
      const trigger = readTriggers(dir).find((one) => one.function === name);
      return trigger && parts.call(name, timerEvent(trigger.name, clock.now()));
    },
    stop() {
      isOn = false;
      cancel();
      runs.stop();
    },
  };
}

/** The last moment after `afterMs`, up to `untilMs`, at which it fires. */
function lastDue(trigger: Trigger, afterMs: number, untilMs: number): number | undefined {
  const first = nextOf(trigger, afterMs);
  if (first === undefined || first > untilMs) return undefined;
  // A machine that slept for days need not count every second of them.
  const late = nextOf(trigger, Math.max(afterMs, untilMs - HOUR_MS)) ?? Infinity;
  let due = late <= untilMs ? late : first;
  for (let next = nextOf(trigger, due); next !== undefined && next <= untilMs; next = nextOf(trigger, due)) due = next;
  return due;
}

function report({ function: name, name: trigger, config, cron }: Trigger, nextMs: number | undefined): TimerReport {
  const next = nextMs === undefined ? null : new Date(nextMs).toISOString();
  return { function: name, trigger, config, next, ...(typeof cron === 'string' ? { error: cron } : {}) };
}

interface Runs {
  fire(trigger: Trigger, atMs: number): void;
  stop(): void;
}

function createRuns({ clock, call, onTrouble, duplicates = false }: TimersParts): Runs {
  const underWay = new Map<string, number>();
  const waiting = new Set<() => void>();
  let isOpen = true;
  const later = (next: () => void): void => {
    const cancel = clock.after(RERUN_MS, () => {
      waiting.delete(cancel);
      next();
    });
    waiting.add(cancel);
  };
  const run = async ({ function: name, name: trigger }: Trigger, atMs: number): Promise<void> => {
    const counts = { failed: 0, throttled: 0 };
    for (;;) {
      const end = await outcomeOf(call(name, timerEvent(trigger, atMs)));
      if (end.kind === 'done' || !isOpen) return;
      counts[end.kind] += 1;
      const isLast = counts.failed >= MAX_RUNS || counts.throttled >= MAX_THROTTLED_RUNS;
      const again = isLast ? undefined : new Promise<void>((resolve) => later(resolve));
      onTrouble(name, `its timer's run failed (${end.message}); ${isLast ? 'it was the last' : 'again in a minute'}`);
      if (again === undefined) return;
      await again;
    }
  };
  const deliver = (trigger: Trigger, atMs: number): void => {
    const name = trigger.function;
    const count = underWay.get(name) ?? 0;
    if (count >= MAX_UNDER_WAY) return onTrouble(name, `${count} runs of its timer are under way, one is dropped`);
    underWay.set(name, count + 1);
    void run(trigger, atMs).finally(() => underWay.set(name, (underWay.get(name) ?? 1) - 1));
  };
  return {
    fire(trigger, atMs) {
      deliver(trigger, atMs);
      if (duplicates) deliver(trigger, atMs);
    },
    stop() {
      isOpen = false;
      for (const cancel of waiting) cancel();
      waiting.clear();
    },
  };
}

type End = { readonly kind: 'done' } | { readonly kind: 'failed' | 'throttled'; readonly message: string };

/** A broken connection is a failed run: whatever it did, nobody knows that it ended well. */
async function outcomeOf(call: Promise<InvokeAnswer>): Promise<End> {
  try {
    const answer = await call;
    // A result that is too large for a mini program goes nowhere here.
    if (!('errCode' in answer) || answer.errCode === -604001) return { kind: 'done' };
    return { kind: isThrottled(answer) ? 'throttled' : 'failed', message: answer.errMsg };
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}

function isThrottled({ errCode, errMsg }: { readonly errCode: number; readonly errMsg: string }): boolean {
  return errCode === -501004 || errMsg.includes('EXCEED_RATELIMIT');
}
