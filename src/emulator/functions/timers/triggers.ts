import { findFunction, listFunctions } from '../definition.ts';
import type { DeclaredTrigger } from '../settings.ts';
import { nextAfter, parseCron, type Cron } from './cron.ts';

/** A timer as a function's settings declare it. */
export interface Trigger {
  readonly function: string;
  readonly name: string;
  /** The expression as written. */
  readonly config: string;
  /** When it fires, or one sentence why it never does. */
  readonly cron: Cron | string;
}

/** All timers that the functions below `dir` declare now. */
export function readTriggers(dir: string | undefined): readonly Trigger[] {
  return listFunctions(dir).flatMap((name) =>
    (findFunction(dir, name)?.triggers ?? []).map((declared, index) => ({
      function: name,
      ...declared,
      cron: check(declared, index),
    })),
  );
}

function check({ name, config }: DeclaredTrigger, index: number): Cron | string {
  if (index > 0) return 'a function has one timer, this is a further one';
  if (!/^[A-Za-z][A-Za-z0-9_-]{0,59}$/.test(name)) {
    return 'the name of a timer has at most 60 letters, digits, - and _, and begins with a letter';
  }
  return parseCron(config);
}

/** The first moment after `afterMs` at which it fires, if ever. */
export function nextOf({ cron }: Trigger, afterMs: number): number | undefined {
  return typeof cron === 'string' ? undefined : nextAfter(cron, afterMs);
}

/** The event that a timer of that moment sends. */
export function timerEvent(name: string, atMs: number): Readonly<Record<string, string>> {
  return { Type: 'Timer', TriggerName: name, Time: new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z'), Message: '' };
}
