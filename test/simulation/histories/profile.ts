/** What kind of world a seed is: which troubles there are, and how often. Most have some kinds and not the others. */
import { createDraws, type Draws } from './draws.ts';
import { drawKind } from './kinds.ts';
import type { Spared } from './truth.ts';

/** What can happen to one statement on its way. */
export const TROUBLES = [
  'refused', // the connection was refused: it was certainly never sent
  'lost', // the request never arrived, and nobody knows
  'answer-lost', // it took effect, and the answer never came
  'garbage', // 503, HTML or half an answer; it took effect or not
  'late', // it takes effect long after the caller has given up
  'hang', // no answer at all; it took effect or not
  'throttled',
  'stale', // a read that shows what stood a moment ago
  'cut', // of a file, the first half arrived
] as const;
export type Trouble = (typeof TROUBLES)[number];

/** What can happen to a running function. */
export const BLOWS = ['kill', 'freeze', 'clock'] as const;
export type Blow = (typeof BLOWS)[number];

export const PLACES = ['works', 'emergency_backup', 'users', 'database', 'storage', 'everything'] as const;
/** `records`: whatever may hold one, but no file. */
export type Place = (typeof PLACES)[number] | 'records';

export interface Profile {
  /** The platform ends a function after so long. */
  readonly timeoutMs: number;
  readonly maxAttempts: number;
  readonly latencyMs: { readonly median: number; readonly sigma: number };
  /** Per statement. */
  readonly troubles: Readonly<Record<Trouble, number>>;
  /** Per run of a function. */
  readonly blows: Readonly<Record<Blow, number>>;
  /** Share of the time in which some place is down. */
  readonly outageShare: number;
  /** Mean length of an outage. */
  readonly outageMs: number;
  readonly outagePlaces: readonly Place[];
  /** How often a run gets an instance that is there already. */
  readonly warmth: number;
  /** How far instances' clocks are off at most. */
  readonly skewMs: number;
  /** Of the lines of log, so many never reach the log service. */
  readonly logLoss: number;
  /** Whether the deployment has a key. */
  readonly isSealed: boolean;
  // What follows is special to worlds of some kind, see `kinds.ts`.
  /** Its name. */
  readonly kind?: string;
  /** Calls are spread over so long. @default drawn */
  readonly spanMs?: number;
  /** Of orders at the image service, so many end without a clear answer, besides the usual ones. */
  readonly unclear?: number;
  /** Of runs, so many whose first change of an account arrives long after it was given up. */
  readonly lateOpenings?: number;
  /** At the first statement of which kinds a run of a function is struck. @default any */
  readonly struckAt?: Readonly<Record<string, readonly string[]>>;
  /** How long one that is frozen stays so. @default from a second to a day */
  readonly freezesMs?: readonly number[];
  /** Whether people have records and letters from before this library. */
  readonly isOlder?: boolean;
  /** Whether everybody who is registered may make hundreds of pictures a day. @default they are as drawn */
  readonly areRich?: boolean;
  /** Calls, instead of those that were asked for. */
  readonly calls?: number;
  /** Letters that somebody forges while people are there. */
  readonly forgeries?: number;
  readonly timers?: Partial<Timers>;
  readonly habits?: Partial<Habits>;
}

/** How often timers fire, and what they run then. */
export interface Timers {
  readonly periodMs: number;
  /** Short ones stop at checkpoints. */
  readonly timeoutsMs: readonly number[];
  readonly recover: number;
  readonly repair: number;
  readonly prune: number;
}

/** What people do. */
export interface Habits {
  /** So many names for requests there are. */
  readonly names: number;
  /** How often a name stands for the same wish. */
  readonly sameWish: number;
  /** How often somebody asks again for what is there already. */
  readonly returns: number;
  /** … and for what is not where it belongs yet. */
  readonly looksAgain: number;
  /** How often somebody deletes what was made. */
  readonly removes: number;
  /** How often somebody who was told that it is unknown wants to pay again, … */
  readonly retries: number;
  /** … and without having been told. */
  readonly unasked: number;
  /** Waits before asking again, … */
  readonly waitsMs: readonly number[];
  /** … which differ by so much of themselves at most. */
  readonly jitter: number;
}

const MINUTE_MS = 60_000;
const RATES = [0.005, 0.02, 0.08, 0.25];
/** Of runs that are struck. */
const BLOW_RATES = [0.02, 0.1, 0.3];

export function drawProfile(seed: number): Profile {
  const draws = createDraws(seed, 'profile');
  // One in eight is calm: what must work undisturbed is looked at, too.
  const isCalm = draws.chance(0.125);
  const rate = (): number => (!isCalm && draws.chance(0.4) ? draws.pick(RATES) : 0);
  const blowRate = (): number => (!isCalm && draws.chance(0.5) ? draws.pick(BLOW_RATES) : 0);
  const each = <T extends string>(names: readonly T[], drawn: () => number) =>
    Object.fromEntries(names.map((name) => [name, drawn()])) as Record<T, number>;
  const profile: Profile = {
    timeoutMs: draws.pick([3_000, 20_000, 60_000]),
    maxAttempts: draws.pick([1, 2, 3, 3]),
    latencyMs: { median: draws.pick([2, 20, 20, 120]), sigma: 0.6 },
    troubles: each(TROUBLES, rate),
    blows: each(BLOWS, blowRate),
    outageShare: isCalm ? 0 : draws.pick([0, 0.02, 0.1, 0.4, 0.4]),
    outageMs: draws.pick([2_000, 10_000, 10_000, MINUTE_MS, 10 * MINUTE_MS]),
    outagePlaces: someOf(draws, PLACES),
    warmth: draws.pick([0.5, 0.9]),
    skewMs: !isCalm && draws.chance(0.3) ? 5 * MINUTE_MS : 0,
    logLoss: draws.pick([0, 0.05]),
    isSealed: draws.chance(0.6),
  };
  const drawn = draws.chance(0.1) ? { ...profile, ...BLINKING } : profile;
  return { ...drawn, ...drawKind(seed, drawn) };
}

/** What a world certainly does without. */
export function sparedIn(profile: Profile): readonly Spared[] {
  const { troubles, blows, skewMs, outageShare, outagePlaces, timeoutMs, lateOpenings = 0 } = profile;
  const isCalm = [...Object.values(troubles), ...Object.values(blows)].every((rate) => rate === 0);
  const areFilesSafe =
    outageShare === 0 || !outagePlaces.some((place) => place === 'storage' || place === 'everything');
  return [
    ...(skewMs === 0 && blows.clock === 0 ? (['wrong clocks'] as const) : []),
    ...(isCalm && areFilesSafe && timeoutMs >= LONG_ENOUGH_MS ? (['lost files'] as const) : []),
    ...(isCalm && outageShare === 0 && lateOpenings > 0 ? (['lost refusals'] as const) : []),
  ];
}

/** A function of less may be out of time when it has paid. */
const LONG_ENOUGH_MS = 20_000;

/** A database that is gone for seconds again and again: what storage kept is asked for while its lease still runs. */
const BLINKING = {
  timeoutMs: 60_000,
  maxAttempts: 1,
  troubles: Object.fromEntries(TROUBLES.map((name) => [name, 0])) as Profile['troubles'],
  outageShare: 0.3,
  outageMs: 8_000,
  outagePlaces: ['database'],
} as const;

function someOf<T>(draws: Draws, items: readonly T[]): readonly T[] {
  const some = items.filter(() => draws.chance(0.4));
  return some.length > 0 ? some : [draws.pick(items)];
}
