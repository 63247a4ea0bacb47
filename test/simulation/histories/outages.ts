import type { Draws } from './draws.ts';
import type { Place, Profile } from './profile.ts';

/** How a place that is down shows it. */
export type Outage = 'refused' | 'reset' | 'garbage' | 'hang';

interface Window {
  readonly fromMs: number;
  readonly toMs: number;
  readonly place: Place;
  readonly shows: Outage;
}

/** Windows of time in which a place is down: they depend on the seed alone. */
export interface Outages {
  /** How this place is down at this moment, if it is. */
  at(nowMs: number, place: string): Outage | undefined;
  readonly windows: readonly Window[];
}

const MOST_WINDOWS = 40;

export function drawOutages(
  profile: Pick<Profile, 'outageShare' | 'outageMs' | 'outagePlaces'>,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  draws: Draws,
): Outages {
  const { outageShare, outageMs, outagePlaces } = profile;
  const windows: Window[] = [];
  const meanGapMs = (outageMs * (1 - outageShare)) / Math.max(outageShare, 0.001);
  let atMs = fromMs;
  while (outageShare > 0 && atMs < toMs && windows.length < MOST_WINDOWS) {
    atMs += draws.exponential(meanGapMs);
    const end = atMs + draws.exponential(outageMs);
    const shows = draws.pick(['refused', 'reset', 'garbage', 'hang'] as const);
    windows.push({ fromMs: atMs, toMs: end, place: draws.pick(outagePlaces), shows });
    atMs = end;
  }
  return {
    windows,
    at: (nowMs, place) => windows.find((window) => isIn(window, nowMs) && covers(window.place, place))?.shows,
  };
}

const isIn = ({ fromMs, toMs }: Window, nowMs: number): boolean => nowMs >= fromMs && nowMs < toMs;

function covers(down: Place, place: string): boolean {
  if (down === 'everything' || down === place) return true;
  if (down === 'records') return place === 'works' || place === 'emergency_backup';
  return down === 'database' && place !== 'storage';
}
