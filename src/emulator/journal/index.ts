/** What makes a change survive the death of the process. */
export type { Change, Entry } from './entry.ts';
export { lockFolder } from './folder-lock.ts';
export { openJournal, type Journal } from './journal.ts';
export type { Recovery } from './recovery.ts';
