import { canonicalJson, DurableError } from '../core/index.ts';
import type { Letter } from '../durable/index.ts';
import { collections, isFinal, type Weights } from '../records/index.ts';
import type { Document } from '../store/index.ts';

export interface RetentionOptions {
  /** Days that a recovered letter is kept. @default 30 */
  readonly letterKeepDays?: number;
  /** Days that a report is kept. @default 180 */
  readonly reportKeepDays?: number;
  /** The newest reports, kept whatever their age. @default 10 */
  readonly reportKeepLast?: number;
  /**
   * By collection, the fields of a record that may rightly differ from its letter by now, e.g. an order's `state`.
   * @default none; of `works`, the copy of the picture
   */
  readonly mayChange?: Readonly<Record<string, readonly string[]>>;
}

export interface RetentionPolicy {
  readonly letterKeepMs: number;
  readonly reportKeepMs: number;
  readonly reportKeepLast: number;
  readonly mayChange: Readonly<Record<string, readonly string[]>>;
}

/** Why a letter that is old enough stays. */
export const RETENTION_FINDINGS = {
  'letter-unreadable': 'problem',
  'letter-copy-missing': 'problem',
  'letter-copy-differs': 'problem',
  'letter-file-differs': 'problem',
} as const satisfies Weights;

export type RetentionFinding = keyof typeof RETENTION_FINDINGS;

/** What becomes of a letter. */
export type RetentionVerdict = 'remove' | RetentionFinding;

const DAY_MS = 86_400_000;

/** The policy with its defaults; throws `CONFIG_INVALID` for one that would keep nothing. */
export function readPolicy(options: RetentionOptions): RetentionPolicy {
  const { letterKeepDays = 30, reportKeepDays = 180, reportKeepLast = 10, mayChange = {} } = options;
  for (const [name, value] of Object.entries({ letterKeepDays, reportKeepDays, reportKeepLast })) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new DurableError('CONFIG_INVALID', `${name} must be a whole number of at least 1`);
  }
  return {
    letterKeepMs: letterKeepDays * DAY_MS,
    reportKeepMs: reportKeepDays * DAY_MS,
    reportKeepLast,
    mayChange: { [collections.works]: ['asset'], ...mayChange },
  };
}

/** What recovery and deletion write beside a record's own fields, or onto its letter. */
const BESIDE = ['deletedAt', 'isRecovered', 'recoveredAt', 'redriveFailures', 'redriveError'];

/**
 * What becomes of a recovered letter that is old enough, seeing the record it speaks of; pure. It goes only where
 * nothing is lost with it: a `redriven` one where the final record says the same, a `superseded` one where there is a
 * final record.
 */
export function planRetention(letter: Letter, copy: Document | undefined, policy: RetentionPolicy): RetentionVerdict {
  if (!copy || !isSettled(letter.collection, copy)) return 'letter-copy-missing';
  // A letter of an unknown result says nothing more than that: the final record came later.
  if (letter.state === 'superseded' || letter.payload['status'] === 'unknown') return 'remove';
  const ignored = new Set([...BESIDE, ...(policy.mayChange[letter.collection] ?? [])]);
  const fields = Object.keys(letter.payload).filter((field) => !ignored.has(field));
  const isSame = fields.every((field) => canonicalJson(letter.payload[field]) === canonicalJson(copy[field]));
  return isSame ? 'remove' : 'letter-copy-differs';
}

/** Whether the record can be the last word: other collections than `works` may know no status. */
export function isSettled(collection: string, { status }: Document): boolean {
  return collection === collections.works ? isFinal(status) : status !== 'unknown';
}
