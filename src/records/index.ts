/** What is stored and what travels. */
export { collections, SCHEMA_VERSION } from './collections.ts';
export { isFinal, type Asset, type Work, type WorkStatus } from './work.ts';
export { readAccount, type Account, type UserType } from './user.ts';
export {
  parseGenerate,
  parseHistory,
  parseWorkId,
  type GenerateInput,
  type HistoryInput,
  type WorkInput,
} from './input.ts';
export type { CheckSection, Finding, IntegrityReport, Section, SectionStatus } from './report.ts';
