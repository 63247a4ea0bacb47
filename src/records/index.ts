/** What is stored and what travels. */
export { collections, SCHEMA_VERSION } from './collections.ts';
export { neededIndexes, type NeededIndex } from './indexes.ts';
export { isFinal, type Asset, type CopyRetry, type Work, type WorkStatus } from './work.ts';
export { readAccount, type Account, type UserType } from './user.ts';
export { parseGenerate, type GenerateInput } from './generate-input.ts';
export { parseHistory, parseWorkId, type HistoryInput, type WorkInput } from './gallery-input.ts';
export { addFinding, concludeFindings, statusOf, type FoundSoFar, type Weights } from './findings.ts';
export { isInFuture, isText, momentOf, unknownOf, type Moments } from './judging.ts';
export type { CheckSection, Finding, IntegrityReport, Section, SectionStatus } from './report.ts';
