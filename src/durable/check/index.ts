/** What room `durable` tells of itself: two sections of the integrity check, and how its letters are read. */
export { createBackupSection, type BackupSectionDeps } from './backup-section.ts';
export { isCanary } from './canary.ts';
export { createLetterReader, type LetterReader } from './letter-reader.ts';
export { createTiersSection, type TiersSectionDeps } from './tiers-section.ts';
