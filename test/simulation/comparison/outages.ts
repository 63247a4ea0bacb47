import type { Assumptions, OutageKind } from './assumptions.ts';
import type { Chance } from './chance.ts';

/** A while in which something cannot be reached. */
export interface Outage {
  readonly kind: OutageKind;
  readonly fromMs: number;
  readonly toMs: number;
}

/** When what is down. */
export interface Outages {
  isDown(collection: string, atMs: number): boolean;
  /** Whether any outage falls into this time. */
  touches(fromMs: number, toMs: number): boolean;
}

/** The outages between two moments: exponential spans of both kinds, so that they take their share of the time. */
export function planOutages(
  chance: Chance,
  assumptions: Assumptions,
  [fromMs, toMs]: readonly [fromMs: number, toMs: number],
): Outages {
  const { outageShare, outageMeanMs } = assumptions;
  const outages: Outage[] = [];
  // None at all is an endless wait for the first.
  const calmMeanMs = outageShare > 0 ? (outageMeanMs * (1 - outageShare)) / outageShare : Infinity;
  let atMs = fromMs;
  for (let n = 0; ; n += 1) {
    const startMs = atMs + chance.spanMs(calmMeanMs, 'calm', n);
    if (!(startMs < toMs)) break;
    atMs = startMs + chance.spanMs(outageMeanMs, 'outage', n);
    outages.push({ kind: kindOf(chance.share('outage of', n), assumptions), fromMs: startMs, toMs: atMs });
  }
  return {
    isDown: (collection, nowMs) =>
      outages.some(
        (outage) =>
          outage.fromMs <= nowMs && nowMs < outage.toMs && (outage.kind === 'database' || outage.kind === collection),
      ),
    touches: (startMs, endMs) => outages.some((outage) => outage.fromMs < endMs && startMs < outage.toMs),
  };
}

function kindOf(share: number, { outageKinds }: Assumptions): OutageKind {
  let sum = 0;
  for (const [kind, part] of Object.entries(outageKinds) as [OutageKind, number][]) {
    sum += part;
    if (share < sum) return kind;
  }
  return 'database';
}
