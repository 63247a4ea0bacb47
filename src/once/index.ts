/** One costly call: open, pay, record, close, replay; and how recovery finishes what is open. */
export { createOnce, createOnceApart, type LoadEarlier, type Once } from './once.ts';
export { answerEarlier } from './earlier.ts';
export { holdIn, openHoldsIn, type Amounts, type Hold, type HoldState, type Terms } from './hold.ts';
export type { Basis, Key, Kind, OnceAnswer, OnceRequest, PayContext, Payment, SavedIn } from './kind.ts';
export { createPlainKind, type PlainKindOptions } from './plain-kind.ts';
export type { CallDeps, OnceDeps, OnceOptions } from './parts.ts';
export { createCallsSection, type CallsSectionDeps } from './check/index.ts';
export { createHoldPruning, type HoldPruning, type PruneRequest } from './prune.ts';
export {
  createRecovery,
  readRecoverCheckpoint,
  recoverPhases,
  type RecoverCheckpoint,
  type RecoverReport,
  type RecoverRequest,
  type Recovery,
} from './recover.ts';
