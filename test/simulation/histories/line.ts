/**
 * Between a running function and everything outside it: each statement meets the fate that the seed has for it. The
 * fate depends on the run, the statement's kind and its number of that kind in the run, so that another algorithm on the
 * same seed meets the same troubles.
 */
import { DurableError, type Code } from '../../../src/core/index.ts';
import type { CallOptions } from '../../../src/store/index.ts';
import type { Chronicle } from './chronicle.ts';
import { createDraws, type Draws } from './draws.ts';
import type { Machine } from './machine.ts';
import type { Outages } from './outages.ts';
import { TROUBLES, type Blow, type Profile, type Trouble } from './profile.ts';
import type { SimClock } from './sim-clock.ts';

/** One run of a function. */
export interface Run {
  readonly id: number;
  readonly name: string;
  readonly machine: Machine;
  /** Statements of each kind so far, and of all. */
  readonly counters: Map<string, number>;
  statements: number;
  /** What befalls it; undefined when it is over, or nothing does. */
  blow: PlannedBlow | undefined;
}

/** What befalls a run at one of its statements. */
export interface PlannedBlow {
  readonly blow: Blow;
  /** Its number in the run, or its kind, of which it is the first. */
  readonly at: number | string;
  readonly isAfter: boolean;
  readonly forMs: number;
}

/** One statement on its way. */
export interface Step {
  readonly place: string;
  readonly op: string;
  readonly call?: CallOptions | undefined;
  /** What a read answers that is served by somebody who is behind; absent for what is no read. */
  readonly stale?: ((draws: Draws) => Promise<unknown>) | undefined;
  /** What arrives of a file that is cut; absent for what is no file. */
  readonly cut?: (() => Promise<unknown>) | undefined;
}

export interface Conditions {
  readonly seed: number;
  readonly clock: SimClock;
  readonly profile: Profile;
  readonly outages: Outages;
  readonly chronicle: Chronicle;
  /** From then on nothing goes wrong any more. */
  isHealed: boolean;
  /** The last of what is late, or frozen, is there by then. */
  pendingUntilMs: number;
}

/** The first of a call is its opening. */
const OPENING = 'update users';
const DEFAULT_LIMIT_MS = 1_500;
const LATE_MS = [2_000, 30_000, 90_000, 600_000, 26 * 3_600_000, 60 * 3_600_000];
/** An order that is on its way is not on its way for hours. */
const LATE_ORDER_MS = [2_000, 30_000];

/** How a statement goes: when it takes effect, and what is seen of it when. */
interface Fate {
  readonly name: Trouble | 'ok' | 'down';
  readonly arrivesAfterMs?: number;
  readonly effect?: (() => Promise<unknown>) | undefined;
  readonly answersAfterMs?: number;
  readonly error?: Code;
}

/** Sends one statement of the run that is on this machine. */
export function send<T>(conditions: Conditions, run: Run, step: Step, effect: () => Promise<T>): Promise<T> {
  const { machine } = run;
  if (machine.isDead) return new Promise(() => undefined);
  const limitMs = Math.min(step.call?.timeoutMs ?? DEFAULT_LIMIT_MS, step.call?.deadline?.remainingMs() ?? Infinity);
  if (limitMs <= 0) return Promise.reject(new DurableError('DEADLINE_PASSED', 'no time was left; it was not sent'));
  const kind = `${step.op} ${step.place}`;
  const blow = conditions.isHealed ? undefined : blowHere(run, kind);
  run.statements += 1;
  if (blow) conditions.chronicle.see(`${blow.blow} ${blow.isAfter ? 'after' : 'before'} ${kind}`);
  if (blow?.blow === 'kill') conditions.chronicle.see(`killed at: ${kind}`);
  if (blow && !blow.isAfter) strike(conditions, machine, blow);
  return new Promise<unknown>((resolve, reject) => {
    const go = (): void => {
      const transit: Transit = { conditions, run, step, kind, limitMs, blow, resolve, reject };
      transmit(transit, fateOf(transit, effect));
    };
    machine.enter(go);
  }) as Promise<T>;
}

function blowHere({ blow, statements, counters }: Run, kind: string): PlannedBlow | undefined {
  return blow?.at === statements || (blow?.at === kind && !counters.has(kind)) ? blow : undefined;
}

function strike(conditions: Conditions, machine: Machine, { blow, forMs }: PlannedBlow): void {
  const { chronicle, clock } = conditions;
  if (blow === 'freeze') conditions.pendingUntilMs = Math.max(conditions.pendingUntilMs, clock.now() + forMs);
  chronicle.tell(`machine ${machine.number}`, () => (blow === 'kill' ? 'killed' : `${blow}, ${Math.round(forMs)} ms`));
  if (blow === 'kill') machine.kill();
  else if (blow === 'freeze') machine.freeze(forMs);
  else machine.setClock(forMs);
}

interface Transit {
  readonly conditions: Conditions;
  readonly run: Run;
  readonly step: Step;
  /** Of what kind it is: what it does, and where. */
  readonly kind: string;
  readonly limitMs: number;
  readonly blow: PlannedBlow | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

function transmit(transit: Transit, fate: Fate): void {
  const { conditions, run, kind, limitMs, reject } = transit;
  const { clock, chronicle } = conditions;
  const { arrivesAfterMs, answersAfterMs = Infinity, error } = fate;
  if (fate.name !== 'ok') chronicle.see(fate.name);
  chronicle.tell(run.name, () => `${kind}${fate.name === 'ok' ? '' : `: ${fate.name}`}`);
  const isInTime = answersAfterMs <= limitMs;
  const isAnswered = isInTime && error === undefined && answersAfterMs === arrivesAfterMs;
  if (arrivesAfterMs !== undefined) {
    conditions.pendingUntilMs = Math.max(conditions.pendingUntilMs, clock.now() + arrivesAfterMs);
    clock.after(arrivesAfterMs, () => void arrive(transit, fate, isAnswered));
  }
  noteBreaker(transit, isAnswered);
  if (isAnswered) return;
  const { machine } = run;
  const fail = (): void =>
    machine.enter(() =>
      reject(new DurableError(isInTime && error ? error : 'STORE_UNCERTAIN', `${fate.name}, simulated`)),
    );
  clock.after(isInTime ? answersAfterMs : limitMs, fail);
}

// A breaker that is open lets a probe through, and no other statement.
function noteBreaker({ conditions, run, step }: Transit, isAnswered: boolean): void {
  const { knownDown } = run.machine;
  if (!knownDown.has(step.place)) return;
  conditions.chronicle.see('breaker: half-open');
  conditions.chronicle.see(isAnswered ? 'breaker: closed' : 'breaker: open again');
  if (isAnswered) knownDown.delete(step.place);
}

async function arrive(
  { conditions, run, blow, resolve, reject }: Transit,
  fate: Fate,
  isAnswered: boolean,
): Promise<void> {
  const { machine } = run;
  let answer: () => void;
  try {
    const value = await fate.effect?.();
    answer = () => resolve(value);
  } catch (error) {
    answer = () => reject(error);
  }
  if (blow?.isAfter && run.blow && !machine.isDead) strike(conditions, machine, blow);
  if (isAnswered) machine.enter(answer);
}

function fateOf({ conditions, run, step, kind, limitMs }: Transit, effect: () => Promise<unknown>): Fate {
  const { seed, profile, outages, clock, isHealed } = conditions;
  const count = (run.counters.get(kind) ?? 0) + 1;
  run.counters.set(kind, count);
  const draws = createDraws(seed, run.id, kind, count);
  const afterMs = draws.logNormal(profile.latencyMs.median, profile.latencyMs.sigma);
  const fine: Fate = { name: 'ok', arrivesAfterMs: afterMs, answersAfterMs: afterMs, effect };
  if (isHealed) return fine;
  const down = outages.at(clock.now(), step.place);
  if (down === 'hang') return { name: 'down' };
  if (down)
    return {
      name: 'down',
      answersAfterMs: afterMs,
      error: down === 'refused' ? 'STORE_UNAVAILABLE' : 'STORE_UNCERTAIN',
    };
  const { lateOpenings } = profile;
  const isLate = kind === OPENING && count === 1 && lateOpenings !== undefined && draws.chance(lateOpenings);
  const trouble = isLate ? 'late' : drawTrouble(profile, step, draws);
  return trouble ? troubled({ trouble, afterMs, limitMs, step, draws }, effect) : fine;
}

function drawTrouble({ troubles }: Profile, step: Step, draws: Draws): Trouble | undefined {
  for (const trouble of TROUBLES) {
    if (troubles[trouble] === 0 || !draws.chance(troubles[trouble])) continue;
    if (trouble === 'stale' ? step.stale : trouble === 'cut' ? step.cut : true) return trouble;
  }
  return undefined;
}

interface Trial {
  readonly trouble: Trouble;
  readonly afterMs: number;
  readonly limitMs: number;
  readonly step: Step;
  readonly draws: Draws;
}

function troubled({ trouble, afterMs, limitMs, step, draws }: Trial, effect: () => Promise<unknown>): Fate {
  const unseen: Fate = { name: trouble, answersAfterMs: afterMs, error: 'STORE_UNCERTAIN' };
  switch (trouble) {
    case 'refused':
      return { ...unseen, error: 'STORE_UNAVAILABLE' };
    case 'throttled':
      return { ...unseen, error: 'STORE_THROTTLED' };
    case 'lost':
      return unseen;
    case 'answer-lost':
      return { ...unseen, arrivesAfterMs: afterMs, effect };
    case 'garbage':
      return draws.chance(0.5) ? { ...unseen, arrivesAfterMs: afterMs, effect } : unseen;
    case 'late':
      return { ...unseen, arrivesAfterMs: afterMs + lateness(step, draws), effect };
    case 'hang':
      return draws.chance(0.5) ? { name: trouble, arrivesAfterMs: afterMs, effect } : { name: trouble };
    case 'stale':
      return {
        name: trouble,
        arrivesAfterMs: afterMs,
        answersAfterMs: afterMs,
        effect: () => step.stale?.(draws) as Promise<unknown>,
      };
    case 'cut':
      return { ...unseen, arrivesAfterMs: Math.min(afterMs, limitMs), effect: step.cut };
  }
}

function lateness({ place }: Step, draws: Draws): number {
  return draws.pick(place === 'provider' ? LATE_ORDER_MS : LATE_MS) * draws.between(0.5, 1.5);
}
