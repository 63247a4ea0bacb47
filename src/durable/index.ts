/** Write it, or keep it: attempts, breaker, tiers, letters. */
export {
  createDurableWriter,
  createRecordWriter,
  withLetters,
  type DurableWriter,
  type DurableWriterDeps,
  type DurableWriterOptions,
  type RecordWriter,
  type StoreOutcome,
  type WriteOutcome,
  type WriteRequest,
} from './writer.ts';
export {
  createRetrier,
  retried,
  type Budget,
  type FailedAttempt,
  type Retrier,
  type RetryOptions,
  type Tried,
} from './retrier.ts';
export { type FoundLetter, type LetterQuery, type SeenLetter } from './find-letter.ts';
export { unsigned, type Letter, type ReadLetter } from './letter.ts';
export {
  KEY_PATIENCE_MS,
  redrive,
  type Judge,
  type Judgement,
  type Placement,
  type RedriveRequest,
} from './redrive.ts';
export { oversize } from './document-size.ts';
export { requeueLetters } from './requeue.ts';
export { lettersAmong, removeLetterFile } from './letters-among.ts';
export { pagesOf, readMany } from './read-many.ts';
export { walkPages, WIDTH, WIDTH_BESIDE_READING, type WalkReport } from './walk.ts';
export { readPhaseCheckpoint, type PhaseCheckpoint } from './walk-phases.ts';
export { type LowerTier } from './tiers.ts';
export { createLogLetters, type LogLetters } from './log-letters.ts';
export { createRetriedReads, type Reads } from './retried-reads.ts';
export { createBackupSection, createLetterReader, createTiersSection, isCanary } from './check/index.ts';
export type { BackupSectionDeps, LetterReader, TiersSectionDeps } from './check/index.ts';
