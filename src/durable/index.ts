/** Write it, or keep it: attempts, breaker, tiers, letters. */
export {
  createDurableWriter,
  type DurableWriter,
  type DurableWriterDeps,
  type DurableWriterOptions,
  type FoundLetter,
  type StoreOutcome,
  type WriteOutcome,
  type WriteRequest,
} from './writer.ts';
export {
  createRetrier,
  type Budget,
  type FailedAttempt,
  type Retrier,
  type RetryOptions,
  type Tried,
} from './retrier.ts';
export { type Letter, type LetterState } from './letter.ts';
export { verified, walkPages, type Placement, type RedriveRequest, type WalkReport } from './redrive.ts';
export { type LowerTier } from './tiers.ts';
