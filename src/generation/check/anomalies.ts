import { isInFuture, isText, momentOf, unknownOf, type Moments, type Weights } from '../../records/index.ts';
import { valueAt, type Document } from '../../store/index.ts';

/** Everything that section `works` can find, worst first. */
export const WORK_FINDINGS = {
  'work-malformed': 'problem',
  'status-strange': 'problem',
  'completed-without-picture': 'problem',
  'created-in-future': 'problem',
  'user-missing': 'problem',
  'user-unknown': 'problem',
  'intent-twice': 'problem',
  'hold-stale': 'problem',
  'unknown-overdue': 'problem',
  'picture-lost': 'problem',
  'picture-not-copied': 'problem',
  'file-missing': 'problem',
  'unknown-waiting': 'note',
  'picture-pending': 'note',
  'picture-of-older-record': 'note',
} as const satisfies Weights;

export type WorkFinding = keyof typeof WORK_FINDINGS;

/** The fields that are read of each record: never a prompt, and as few as the answer needs. */
export const WORK_FIELDS = [
  ...['userId', 'status', 'createdAt', 'finishedAt', 'errorCode', 'imageUrl', 'asset.state', 'asset.fileId'],
  ...['day', 'price', 'attempt', 'schemaVersion', 'isRecovered', 'deletedAt', 'saveAttempts', 'saveMs'],
] as const;

const HOUR_MS = 3_600_000;
/** Pictures are copied within minutes; providers' addresses live at least an hour. */
const PENDING_OVERDUE_MS = HOUR_MS;

/** What is wrong with one record, as far as the record itself tells; pure. */
export function anomaliesOf(work: Document, moments: Moments): readonly WorkFinding[] {
  const { status } = work;
  const isKnownStatus = status === 'completed' || status === 'failed' || status === 'unknown';
  const createdAtMs = momentOf(work['createdAt']);
  const ageMs = createdAtMs === undefined ? undefined : moments.nowMs - createdAtMs;
  return [
    ...(isWellFormed(work) ? [] : (['work-malformed'] as const)),
    ...(isKnownStatus ? [] : (['status-strange'] as const)),
    ...(isText(work['userId']) ? [] : (['user-missing'] as const)),
    ...(isInFuture(createdAtMs, moments) ? (['created-in-future'] as const) : []),
    ...(status === 'completed' ? pictureOf(work, ageMs) : []),
    ...(status === 'unknown' ? [unknownOf(ageMs)] : []),
  ];
}

function pictureOf(work: Document, ageMs = Infinity): readonly WorkFinding[] {
  if (fileIdOf(work) !== undefined) return [];
  if (!isText(work['imageUrl'])) return ['completed-without-picture'];
  switch (valueAt(work, 'asset.state')) {
    case undefined:
      return ['picture-of-older-record'];
    case 'lost':
      return ['picture-lost'];
    default:
      return [ageMs > PENDING_OVERDUE_MS ? 'picture-not-copied' : 'picture-pending'];
  }
}

/** The file that holds the record's picture, or undefined. */
export function fileIdOf(work: Document): string | undefined {
  const fileId = valueAt(work, 'asset.fileId');
  return isText(fileId) ? fileId : undefined;
}

// Records older than this library have no `schemaVersion`, and little that can be expected of them.
function isWellFormed(work: Document): boolean {
  if (momentOf(work['createdAt']) === undefined) return false;
  const { schemaVersion: version, status } = work;
  if (version === undefined) return true;
  if (!Number.isInteger(version) || Number(version) < 1) return false;
  const isFinished = momentOf(work['finishedAt']) !== undefined;
  return (
    (status === 'completed' || status === 'failed' ? isFinished : true) &&
    (status === 'failed' ? isText(work['errorCode']) : true) &&
    typeof work['price'] === 'number' &&
    /^\d{8}$/.test(String(work['day'])) &&
    Number.isInteger(work['attempt']) &&
    ['copied', 'pending', 'lost', undefined].includes(valueAt(work, 'asset.state') as string | undefined) &&
    (valueAt(work, 'asset.state') !== 'copied' || fileIdOf(work) !== undefined)
  );
}
