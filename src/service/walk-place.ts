import type { PhaseCheckpoint, WalkReport } from '../durable/index.ts';
import { isPageKey, type PageKey } from '../store/index.ts';
import type { WalkOutcome } from './alert-plan.ts';

/**
 * Where a walk stopped, as the job table keeps it. `isClean`: it was walked from its beginning to here, and nothing
 * failed. Without that a walk which needs two runs would never be seen to be well, and its alert never resolved.
 */
export type Place<C> = C & { readonly isClean: boolean };

/** Reads a stored place by what reads its checkpoint; of one that does not say, nothing is known. */
export function readPlace<C extends object>(read: (stored: unknown) => C | undefined) {
  return (stored: unknown): Place<C> | undefined => {
    const checkpoint = read(stored);
    return checkpoint && { ...checkpoint, isClean: (stored as { readonly isClean?: unknown }).isClean === true };
  };
}

/** A stored place in a walk by ids; undefined for what is none. */
export const readIdPlace = readPlace<PageKey>((stored) => (isPageKey(stored) ? { id: stored.id } : undefined));

/** One run's part of a walk, and where the next one goes on. */
export interface Slice {
  readonly told: WalkOutcome;
  readonly checkpoint?: Place<PageKey>;
}

/** A part that went on from a clean place is as good as a whole walk; pure. */
export function sliceOf(walk: WalkReport, from: Pick<Place<object>, 'isClean'> | undefined): Slice {
  const isResumed = from?.isClean === false;
  const isClean = !isResumed && walk.failed.length === 0;
  const { checkpoint } = walk;
  return { told: { ...walk, isResumed }, ...(checkpoint ? { checkpoint: { ...checkpoint, isClean } } : {}) };
}

interface PhasesReport<C> {
  readonly phases: Readonly<Partial<Record<string, WalkReport>>>;
  readonly checkpoint?: C;
}

export interface PhasesSlice<C> {
  readonly walks: Readonly<Partial<Record<string, WalkOutcome>>>;
  readonly checkpoint: Place<C> | undefined;
}

/** As `sliceOf`, for a walk in phases: only the one that a checkpoint stands in is gone on with; pure. */
export function slicePhases<C extends PhaseCheckpoint<string>>(
  { phases, checkpoint }: PhasesReport<C>,
  from: Place<C> | undefined,
): PhasesSlice<C> {
  const slices = Object.entries(phases).flatMap(([phase, walk]): [string, Slice][] => {
    const isGoneOnWith = from?.phase === phase && from.after !== undefined;
    return walk ? [[phase, sliceOf(walk, isGoneOnWith ? from : undefined)]] : [];
  });
  const stopped = slices.find(([phase]) => phase === checkpoint?.phase)?.[1];
  return {
    walks: Object.fromEntries(slices.map(([phase, { told }]) => [phase, told])),
    checkpoint: checkpoint && { ...checkpoint, isClean: stopped?.checkpoint?.isClean ?? false },
  };
}
