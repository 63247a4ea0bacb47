/**
 * Worlds of a special kind, one in five: each is rich in a trouble that the others rarely have. What is drawn here is
 * drawn from a stream of its own, so that a further kind moves nothing in the worlds of no kind.
 */
import { createDraws, type Draws } from './draws.ts';
import type { Profile } from './profile.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Nothing goes wrong here but what the kind adds. */
function untroubled({ troubles, blows }: Profile) {
  return { troubles: none(troubles), blows: none(blows), outageShare: 0, skewMs: 0 };
}

function none<T extends string>(rates: Readonly<Record<T, number>>): Record<T, number> {
  return Object.fromEntries(Object.keys(rates).map((name) => [name, 0])) as Record<T, number>;
}

type Kind = (profile: Profile, draws: Draws) => Partial<Profile>;

/** Each with its share of all worlds. */
const KINDS: readonly (readonly [name: string, share: number, kind: Kind])[] = [
  ['coming again', 0.03, comingAgain],
  ['unclear service', 0.04, unclearService],
  ['late openings', 0.03, lateOpenings],
  ['repairing', 0.04, repairing],
  ['forging', 0.03, forging],
  ['ending leases', 0.03, endingLeases],
  ['older records', 0.02, olderRecords],
  ['backlog', 0.005, backlog],
];

export const KIND_NAMES: readonly string[] = KINDS.map(([name]) => name);

/** What is special about the world of this seed; nothing about most. */
export function drawKind(seed: number, profile: Profile): Partial<Profile> {
  const draws = createDraws(seed, 'kind');
  let left = draws.next();
  for (const [name, share, kind] of KINDS) {
    if (left < share) return { kind: name, ...kind(profile, draws) };
    left -= share;
  }
  return {};
}

/** Days in which holds are pruned, and people come again for what they had then, or want something else by its name. */
function comingAgain({ troubles }: Profile): Partial<Profile> {
  return {
    spanMs: 6 * 24 * HOUR_MS,
    troubles: { ...troubles, late: Math.max(troubles.late, 0.02) },
    timers: { periodMs: 6 * HOUR_MS, repair: 0.4, prune: 1 },
    habits: {
      names: 8,
      sameWish: 0.7,
      returns: 0.5,
      waitsMs: [2 * SECOND_MS, 3 * HOUR_MS, 60 * HOUR_MS, 80 * HOUR_MS],
    },
  };
}

/** An image service that often says nothing clear, people who pay again, and records that often only storage takes. */
function unclearService(profile: Profile, draws: Draws): Partial<Profile> {
  return {
    ...untroubled(profile),
    timeoutMs: 20 * SECOND_MS,
    maxAttempts: draws.pick([1, 2]),
    calls: 30,
    unclear: 0.5,
    outageShare: 0.5,
    outageMs: 4 * SECOND_MS,
    outagePlaces: ['records'],
    spanMs: 4 * MINUTE_MS,
    habits: { retries: 0.95, unasked: 0.2, jitter: 0.2, waitsMs: [2 * SECOND_MS, 27 * SECOND_MS, 27 * SECOND_MS] },
  };
}

/** Nothing goes wrong but that openings arrive long after they were given up, also when their tombstones are pruned. */
function lateOpenings(profile: Profile): Partial<Profile> {
  return {
    ...untroubled(profile),
    timeoutMs: 20 * SECOND_MS,
    maxAttempts: 1,
    lateOpenings: 0.4,
    spanMs: 30 * MINUTE_MS,
    timers: { periodMs: 3 * MINUTE_MS, recover: 0.5, repair: 0.1, prune: 0.5 },
  };
}

/** Counters repaired all the time, by functions that are frozen in the middle of it, beside calls that are not closed. */
function repairing(profile: Profile): Partial<Profile> {
  return {
    ...untroubled(profile),
    blows: { kill: 0.2, freeze: 0.7, clock: 0 },
    freezesMs: [5 * SECOND_MS, 10 * SECOND_MS, 15 * SECOND_MS],
    struckAt: { generateImage: ['insert works'], repair: ['group works'] },
    timeoutMs: 20 * SECOND_MS,
    spanMs: 4 * MINUTE_MS,
    timers: { periodMs: 8 * SECOND_MS, timeoutsMs: [MINUTE_MS], recover: 0.1, repair: 1, prune: 0 },
  };
}

/** Records that wait as letters, which somebody copies with another content, under a deployment's key or without. */
function forging(): Partial<Profile> {
  return {
    forgeries: 8,
    outageShare: 0.5,
    outageMs: MINUTE_MS,
    outagePlaces: ['works'],
    spanMs: 30 * MINUTE_MS,
    habits: { removes: 0.4 },
  };
}

/** Timers that fire all the time, and people who come again just when their lease ends. */
function endingLeases({ timeoutMs }: Profile): Partial<Profile> {
  const leaseMs = timeoutMs + 850;
  return {
    skewMs: 0,
    spanMs: MINUTE_MS,
    timers: { periodMs: 2 * SECOND_MS, recover: 0.7, repair: 0.1, prune: 0.1 },
    habits: { waitsMs: [200, leaseMs], jitter: 0.05, retries: 0.9, unasked: 0.3 },
  };
}

/** People who have records and letters from before this library. */
function olderRecords(): Partial<Profile> {
  return { isOlder: true };
}

/** A hundred letters and more, or open calls whose records only storage took: for hours nothing else is there. */
function backlog(profile: Profile, draws: Draws): Partial<Profile> {
  return {
    ...untroubled(profile),
    calls: 250,
    areRich: true,
    blows: { kill: 0.1, freeze: 0, clock: 0 },
    timeoutMs: 20 * SECOND_MS,
    spanMs: 10 * HOUR_MS,
    outageShare: 0.9,
    outageMs: 6 * HOUR_MS,
    outagePlaces: [draws.pick(['works', 'records'])],
    timers: { periodMs: 2 * HOUR_MS },
    habits: { names: 2_000, returns: 0, looksAgain: 0.05 },
  };
}
