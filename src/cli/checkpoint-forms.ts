/** What the checkpoint file of each command holds: it was written by an earlier version, or by hand. */
import * as z from 'zod/mini';
import { retentionPhases } from '../integrity/index.ts';
import { recoverPhases } from '../once/index.ts';

const pageKey = z.object({ id: z.string(), value: z.exactOptional(z.union([z.string(), z.number(), z.date()])) });

const walkOf = <const Phases extends readonly string[]>(phases: Phases) =>
  z.object({ phase: z.enum(phases), after: z.exactOptional(pageKey) });

export const recoverCheckpoint = walkOf(recoverPhases);
export const pruneCheckpoint = walkOf(retentionPhases);
export const repairCheckpoint = pageKey;
/** A check knows its own state, and begins anew from one that it cannot use. */
export const checkState = z.looseObject({ sections: z.array(z.unknown()) });
