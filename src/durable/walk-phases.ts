import { isPageKey, type PageKey } from '../store/index.ts';

/** Where a walk in phases stopped. */
export interface PhaseCheckpoint<Phase extends string> {
  readonly phase: Phase;
  readonly after?: PageKey;
}

/** A stored value as such a checkpoint; undefined for what is none: the walk then begins anew. */
export function readPhaseCheckpoint<Phase extends string>(
  stored: unknown,
  phases: readonly Phase[],
): PhaseCheckpoint<Phase> | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined;
  const { phase, after } = stored as { readonly phase?: unknown; readonly after?: unknown };
  const known = phases.find((name) => name === phase);
  if (known === undefined || !(after === undefined || isPageKey(after))) return undefined;
  return { phase: known, ...(after === undefined ? {} : { after }) };
}
