import { isDurableError, type Clock, type Deadline, type Log, type Random } from '../../core/index.ts';
import { collections, type CheckSection } from '../../records/index.ts';
import { is, MAX_PAGE, type Page, type PageRequest, type Store } from '../../store/index.ts';
import { createRetriedReads } from '../retried-reads.ts';
import { createRetrier, type Retrier } from '../retrier.ts';
import {
  concludeBackup,
  countLetter,
  countMissing,
  countWaiting,
  emptyTally,
  LETTER_FIELDS,
  type BackupTally,
} from './backup-tally.ts';
import { isCanary } from './canary.ts';
import { createLetterReader, type LetterReader, type LetterReaderDeps } from './letter-reader.ts';

export interface BackupSectionDeps extends LetterReaderDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The dead-letter collection. @default 'emergency_backup' */
  readonly deadLetters?: string;
}

interface Parts {
  readonly store: Store;
  readonly retrier: Retrier;
  readonly reader: LetterReader;
  readonly deadLetters: string;
}

/** Whole letters are read, records and all. */
const WHOLE_PAGE = 100;
/** With less than this left, no further page is begun. */
const LAST_START_MS = 1_000;

/**
 * Section `backup`: the dead letters by state, reason and age, and which of them recovery has to bring home.
 * All are walked in pages of 1,000 without their records; the waiting ones once more, in pages of 100, since only
 * their records are worth verifying. A missing collection is a finding; reads that fail after three attempts reject.
 */
export function createBackupSection(deps: BackupSectionDeps): CheckSection {
  const { store, deadLetters = collections.emergencyBackup } = deps;
  const parts: Parts = { store, retrier: createRetrier(deps), reader: createLetterReader(deps), deadLetters };
  return {
    name: 'backup',
    begin: () => emptyTally(deps.clock.now()),
    async advance(before, deadline) {
      const tally = structuredClone(before) as BackupTally;
      do take(parts, tally, await readPage(parts, tally, deadline));
      while (tally.walk !== 'over' && deadline.remainingMs() >= LAST_START_MS);
      return { state: tally, finished: tally.walk === 'over' };
    },
    conclude: (state) => concludeBackup(state as BackupTally),
  };
}

async function readPage(parts: Parts, tally: BackupTally, deadline: Deadline): Promise<Page | 'missing'> {
  const { store, retrier, deadLetters } = parts;
  try {
    return await createRetriedReads(store, retrier, { deadline }).page(deadLetters, requestFor(tally));
  } catch (error) {
    if (isDurableError(error, 'STORE_NOT_FOUND')) return 'missing';
    throw error;
  }
}

function requestFor({ walk, after }: BackupTally): PageRequest {
  const from = after === null ? {} : { after: { id: after } };
  if (walk === 'all') return { ...from, limit: MAX_PAGE, fields: LETTER_FIELDS };
  return { ...from, where: { state: is.absentOr(is.oneOf(['waiting'])) }, limit: WHOLE_PAGE };
}

function take({ reader, deadLetters }: Parts, tally: BackupTally, page: Page | 'missing'): void {
  if (page === 'missing') {
    countMissing(tally, deadLetters);
    tally.walk = 'over';
    return;
  }
  for (const letter of page.items) {
    if (isCanary(letter._id)) continue;
    if (tally.walk === 'all') countLetter(tally, letter);
    else countWaiting(tally, letter, reader.judge(letter));
  }
  tally.after = page.next?.id ?? null;
  if (!page.next) tally.walk = tally.walk === 'all' && tally.byState.waiting > 0 ? 'waiting' : 'over';
}
