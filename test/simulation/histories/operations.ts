/** What runs by timers: recovery, the repair of counters, the pruning of holds; late, twice at once, and killed. */
import { sleep } from '../../../src/core/index.ts';
import { createDraws } from './draws.ts';
import type { Conditions } from './line.ts';
import type { Outcome, Platform } from './platform.ts';
import type { Timers } from './profile.ts';
import type { Booted } from './system.ts';

export interface Operations {
  /** Functions that nothing disturbed, and that the platform had to end all the same. */
  readonly overdue: readonly string[];
  /** The timers fire for so long. */
  tick(spanMs: number): Promise<void>;
  recover(): Promise<void>;
  repair(): Promise<void>;
  prune(): Promise<void>;
  readLog(): Promise<void>;
}

/** A run of maintenance that is struck is struck at one of so many statements. */
const STEPS = 30;
const LONG_MS = 60_000;
const MOST_TICKS = 6;
const TIMERS = { timeoutsMs: [3_000, 20_000, LONG_MS], recover: 1, repair: 0.4, prune: 0.3 };
/** Of recoveries, so many are begun twice at once. */
const TWICE = 0.2;

export function createOperations(conditions: Conditions, platform: Platform, sealed: readonly string[]): Operations {
  const { clock, seed, profile } = conditions;
  const timers: Omit<Timers, 'periodMs'> & Partial<Timers> = { ...TIMERS, ...profile.timers };
  const draws = createDraws(seed, 'operations');
  const overdue: string[] = [];
  let checkpoint: unknown;

  const run = async <T>(
    functionName: string,
    work: (booted: Booted, deadline: Parameters<NonNullable<Booted['recover']>>[0]) => Promise<T> | undefined,
  ): Promise<Outcome<T | undefined>> => {
    const timeoutMs = conditions.isHealed ? LONG_MS : draws.pick(timers.timeoutsMs);
    const request = { functionName, name: functionName, timeoutMs, steps: STEPS };
    const outcome = await platform.run(request, async (booted, deadline) => work(booted, deadline));
    if ('nothing' in outcome && outcome.nothing === 'overdue') overdue.push(functionName);
    return outcome;
  };
  const recover = async (): Promise<void> => {
    const from = checkpoint;
    const outcome = await run('recover', (booted, deadline) => booted.recover?.(deadline, from));
    if ('answer' in outcome) checkpoint = outcome.answer;
    if (checkpoint !== undefined) conditions.chronicle.see('recovery: stopped at a checkpoint');
    // With all the time in the world it goes on at once.
    if (conditions.isHealed && checkpoint !== undefined) await recover();
  };
  const repair = async (): Promise<void> => void (await run('repair', (booted, deadline) => booted.repair?.(deadline)));
  const prune = async (): Promise<void> => void (await run('prune', (booted, deadline) => booted.prune?.(deadline)));
  const readLog = async (): Promise<void> => {
    if (sealed.length === 0) return;
    conditions.chronicle.see('log: read back');
    await run('readLog', (booted, deadline) => booted.readLog?.([...sealed], deadline));
  };

  return {
    overdue,
    recover,
    repair,
    prune,
    readLog,
    async tick(spanMs) {
      const usualMs = Math.max(draws.between(300_000, 600_000), spanMs / MOST_TICKS);
      const { periodMs = usualMs } = timers;
      const running: Promise<void>[] = [];
      for (let atMs = periodMs * draws.next(); atMs < spanMs; atMs += periodMs) {
        // What always runs is not drawn for.
        const jobs = timers.recover === 1 || draws.chance(timers.recover) ? [recover] : [];
        if (draws.chance(TWICE)) jobs.push(recover);
        if (draws.chance(timers.repair)) jobs.push(repair);
        if (draws.chance(timers.prune)) jobs.push(prune);
        for (const job of jobs) running.push(sleep(clock, atMs + draws.between(0, 500)).then(job));
      }
      await Promise.all(running);
    },
  };
}
