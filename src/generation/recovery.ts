import type { Deadline } from '../core/index.ts';
import type { WalkReport } from '../durable/index.ts';
import { createRecovery, type OnceOptions, type RecoverCheckpoint, type RecoverReport } from '../once/index.ts';
import type { PageKey } from '../store/index.ts';
import { recopyPictures } from './asset/index.ts';
import { kindOf, type GenerationDeps } from './generation.ts';

/** Where a run stopped; the pictures come after everything that is about money. */
export type GenerationCheckpoint = RecoverCheckpoint | { readonly phase: 'pictures'; readonly after: PageKey };

export interface GenerationRecoverRequest {
  readonly deadline: Deadline;
  /** Where an earlier run stopped. */
  readonly from?: GenerationCheckpoint | undefined;
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
  const calls = createRecovery(deps, kindOf(deps), options);
  return {
    async recover({ deadline, from }) {
      const isPictures = from?.phase === 'pictures';
      const { phases, checkpoint } = isPictures ? { phases: {} } : await calls.recover({ deadline, from });
      if (checkpoint) return { phases, checkpoint };
      const pictures = await recopyPictures(deps, { deadline, after: isPictures ? from.after : undefined });
      const stopped = pictures.checkpoint;
      return {
        phases: { ...phases, pictures },
        ...(stopped ? { checkpoint: { phase: 'pictures', after: stopped } } : {}),
      };
    },
  };
}
