/** What makes a change survive the death of the process. */
export { machineDisk, type Disk } from './disk.ts';
export type { Capture, Change, Entry } from './entry.ts';
export { lockFolder } from './folder-lock.ts';
export { openJournal, type Durability, type Journal } from './journal.ts';
export type { Recovery } from './recovery.ts';
export type { Rewritten } from './rewriting.ts';
