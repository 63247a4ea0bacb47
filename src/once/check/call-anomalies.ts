import type { Weights } from '../../records/index.ts';
import type { Document } from '../../store/index.ts';

/** Everything that section `calls` can find, worst first. */
export const CALL_FINDINGS = {
  'record-missing': 'problem',
  'call-malformed': 'problem',
  'status-strange': 'problem',
  'created-in-future': 'problem',
  'user-missing': 'problem',
  'user-unknown': 'problem',
  'open-count-wrong': 'problem',
  'hold-stale': 'problem',
  'unknown-overdue': 'problem',
  'unknown-waiting': 'note',
  'record-of-others': 'note',
} as const satisfies Weights;

export type CallFinding = keyof typeof CALL_FINDINGS;

/** The fields that are read of each record: those that the protocol stands on, and nothing of what was bought. */
export const CALL_FIELDS = [
  ...['userId', 'status', 'createdAt', 'finishedAt', 'errorCode', 'attempt', 'hash', 'token'],
] as const;

const HOUR_MS = 3_600_000;
/** Clocks of two machines may differ by so much. */
const SKEW_MS = 60_000;
/** After 24 hours without evidence recovery ends an unknown record; one hour for it to run late. */
const UNKNOWN_OVERDUE_MS = 25 * HOUR_MS;

export interface Moments {
  /** As of when the whole check judges. */
  readonly nowMs: number;
  /** When this record was read: a long walk meets records that are younger than itself. */
  readonly readAtMs: number;
}

/** What is wrong with one record, as far as the record itself tells; pure. */
export function anomaliesOf(record: Document, { nowMs, readAtMs }: Moments): readonly CallFinding[] {
  // A collection may hold what was written otherwise, of which nothing can be expected.
  if (typeof record['hash'] !== 'string' && record['token'] === undefined) return ['record-of-others'];
  const { status, userId } = record;
  const createdAtMs = momentOf(record['createdAt']);
  const isKnown = status === 'completed' || status === 'failed' || status === 'unknown';
  return [
    ...(isWellFormed(record) ? [] : (['call-malformed'] as const)),
    ...(isKnown ? [] : (['status-strange'] as const)),
    ...(isText(userId) ? [] : (['user-missing'] as const)),
    ...(createdAtMs !== undefined && createdAtMs > readAtMs + SKEW_MS ? (['created-in-future'] as const) : []),
    ...(status === 'unknown' ? [unknownOf(nowMs - (createdAtMs ?? -Infinity))] : []),
  ];
}

function unknownOf(ageMs: number): CallFinding {
  return ageMs > UNKNOWN_OVERDUE_MS ? 'unknown-overdue' : 'unknown-waiting';
}

function isWellFormed({ status, createdAt, finishedAt, errorCode, attempt, hash, token }: Document): boolean {
  const isFinished = momentOf(finishedAt) !== undefined;
  return (
    momentOf(createdAt) !== undefined &&
    (status === 'completed' || status === 'failed' ? isFinished : true) &&
    (status === 'failed' ? isText(errorCode) : true) &&
    Number.isInteger(attempt) &&
    isText(hash) &&
    isText(token)
  );
}

function momentOf(value: unknown): number | undefined {
  const atMs = value instanceof Date ? value.getTime() : Number.NaN;
  return Number.isNaN(atMs) ? undefined : atMs;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
