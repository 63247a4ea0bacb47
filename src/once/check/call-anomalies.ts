import { isInFuture, isText, momentOf, unknownOf, type Moments, type Weights } from '../../records/index.ts';
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
  'hold-expired': 'problem',
  'unknown-overdue': 'problem',
  'unknown-waiting': 'note',
  'record-of-others': 'note',
} as const satisfies Weights;

export type CallFinding = keyof typeof CALL_FINDINGS;

/** The fields that are read of each record: those that the protocol stands on, and nothing of what was bought. */
export const CALL_FIELDS = [
  ...['userId', 'status', 'createdAt', 'finishedAt', 'errorCode', 'attempt', 'hash', 'token'],
] as const;

/** What is wrong with one record, as far as the record itself tells; pure. */
export function anomaliesOf(record: Document, moments: Moments): readonly CallFinding[] {
  // A collection may hold what was written otherwise, of which nothing can be expected.
  if (typeof record['hash'] !== 'string' && record['token'] === undefined) return ['record-of-others'];
  const { status, userId } = record;
  const createdAtMs = momentOf(record['createdAt']);
  const isKnown = status === 'completed' || status === 'failed' || status === 'unknown';
  return [
    ...(isWellFormed(record) ? [] : (['call-malformed'] as const)),
    ...(isKnown ? [] : (['status-strange'] as const)),
    ...(isText(userId) ? [] : (['user-missing'] as const)),
    ...(isInFuture(createdAtMs, moments) ? (['created-in-future'] as const) : []),
    ...(status === 'unknown' ? [unknownOf(moments.nowMs - (createdAtMs ?? -Infinity))] : []),
  ];
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
