import { asDurableError, type Deadline } from '../core/index.ts';
import { readPhaseCheckpoint, type PhaseCheckpoint, type WalkReport } from '../durable/index.ts';
import type { PageKey } from '../store/index.ts';
import type { Kind } from './kind.ts';
import type { OnceDeps, OnceOptions, RecoveryParts } from './parts.ts';
import { recoverHolds } from './recover-holds.ts';
import { recoverLetters } from './recover-letters.ts';
import { recoverUnknown } from './recover-unknown.ts';

/** Open holds first (they may free credits), then unexplained records, then letters that nobody asked for. */
export const recoverPhases = ['holds', 'unknown', 'letters'] as const;
export type RecoverPhase = (typeof recoverPhases)[number];

export type RecoverCheckpoint = PhaseCheckpoint<RecoverPhase>;

/** A stored value as a checkpoint of recovery; undefined for what is none. */
export const readRecoverCheckpoint = (stored: unknown): RecoverCheckpoint | undefined =>
  readPhaseCheckpoint(stored, recoverPhases);

export interface RecoverRequest {
  readonly deadline: Deadline;
  /** Where an earlier run stopped. */
  readonly from?: RecoverCheckpoint | undefined;
  /** Other collections whose letters are brought home; letters for any further one are left. @default none */
  readonly also?: readonly string[] | undefined;
}

export interface RecoverReport {
  /** What each phase did; phases not reached are absent. */
  readonly phases: Readonly<Partial<Record<RecoverPhase, WalkReport>>>;
  /** Present when the deadline came first. */
  readonly checkpoint?: RecoverCheckpoint;
}

/** Recovery of one kind of costly call; apart from `createOnce`, since the function that calls does not recover. */
export interface Recovery {
  /**
   * Finishes every call that nobody is running any more, and brings dead letters home, record by record, 16 at a
   * time: one that cannot be finished never stops the others. May run at any time, any number of times, also twice
   * at once.
   */
  recover(request: RecoverRequest): Promise<RecoverReport>;
}

/** The recovery of one kind of costly call. */
export function createRecovery(deps: OnceDeps, kind: Kind, options: OnceOptions = {}): Recovery {
  const parts: RecoveryParts = { ...deps, kind, options };
  return { recover: (request) => recover(parts, request) };
}

async function recover(parts: RecoveryParts, request: RecoverRequest): Promise<RecoverReport> {
  const { deadline, from } = request;
  const walks: Record<RecoverPhase, (after: PageKey | undefined) => Promise<WalkReport>> = {
    holds: (after) => recoverHolds(parts, deadline, after),
    unknown: (after) => recoverUnknown(parts, deadline, after),
    letters: (after) => recoverLetters(parts, request, after),
  };
  const phases: Partial<Record<RecoverPhase, WalkReport>> = {};
  for (const phase of recoverPhases.slice(recoverPhases.indexOf(from?.phase ?? 'holds'))) {
    const report = await walks[phase](phase === from?.phase ? from.after : undefined).catch(failedPhase);
    phases[phase] = report;
    if (report.checkpoint) return { phases, checkpoint: { phase, after: report.checkpoint } };
  }
  return { phases };
}

// A phase that cannot read its pages is reported, and the others run all the same.
function failedPhase(error: unknown): WalkReport {
  return { done: 0, skipped: 0, failed: [{ id: '', code: asDurableError(error).code }] };
}
