import { asDurableError, type Deadline } from '../core/index.ts';
import type { WalkReport } from '../durable/index.ts';
import { createRecovery, type OnceOptions, type RecoverCheckpoint, type RecoverReport } from '../once/index.ts';
import { recopyPictures } from './asset/index.ts';
import { kindOf, type GenerationDeps } from './generation.ts';
import { pictureTasks } from './tasks.ts';

/**
 * Where a run stopped. The pictures keep no place of their own, since each run begins with the most urgent one: a run
 * that had time for everything but all of them begins anew.
 */
export type GenerationCheckpoint = RecoverCheckpoint;

const BEGINNING: GenerationCheckpoint = { phase: 'holds' };
/** What is kept of every run, so that pictures never starve behind calls that cannot be finished. */
const PICTURES_SHARE = 0.25;

export interface GenerationRecoverRequest {
  readonly deadline: Deadline;
  /** Where an earlier run stopped. */
  readonly from?: GenerationCheckpoint | undefined;
  /** Other collections written with `write`, whose letters are brought home too. @default none */
  readonly also?: readonly string[] | undefined;
}

export interface GenerationRecoverReport {
  readonly phases: RecoverReport['phases'] & { readonly pictures?: WalkReport };
  /** Present when the deadline came first. */
  readonly checkpoint?: GenerationCheckpoint;
}

/** Recovery of generations; for the function that a timer calls. */
export interface GenerationRecovery {
  /** Finishes open calls, brings letters home, then copies the pictures that are still at the image service only. */
  recover(request: GenerationRecoverRequest): Promise<GenerationRecoverReport>;
}

/** Recovery over the same ports as the generations. */
export function createGenerationRecovery(deps: GenerationDeps, options: OnceOptions = {}): GenerationRecovery {
  const calls = createRecovery(
    deps,
    kindOf(deps, async () => pictureTasks),
    options,
  );
  return {
    async recover({ deadline, from, also }) {
      const callsBy = deadline.minus(deadline.remainingMs() * PICTURES_SHARE);
      const report = await calls.recover({ deadline: callsBy, from, also });
      const pictures = await recopyPictures(deps, deadline).catch(failedPhase);
      const checkpoint = report.checkpoint ?? (pictures.checkpoint ? BEGINNING : undefined);
      return { phases: { ...report.phases, pictures }, ...(checkpoint ? { checkpoint } : {}) };
    },
  };
}

// A phase that cannot read its pages is reported; what the others did stands.
function failedPhase(error: unknown): WalkReport {
  return { done: 0, skipped: 0, failed: [{ id: '', code: asDurableError(error).code }] };
}
