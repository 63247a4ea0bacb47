/** What came of one history, as the checker says, with what only real processes can get wrong. */
import { judge, type Verdict, type Violation } from '../simulation/histories/checker.ts';
import type { Document } from '../../src/store/index.ts';
import { keyOf } from './clients.ts';
import type { Evidence } from './evidence.ts';
import type { Played } from './play.ts';

export interface Judged extends Omit<Verdict, 'violations'> {
  readonly violations: readonly Violation[];
  /** Accounts whose counters, credits or daily use are not what records say. */
  readonly wrongCounters: number;
}

export function judgeHistory(
  evidence: Evidence,
  { clients, complaints }: Pick<Played, 'clients' | 'complaints'>,
): Judged {
  const verdict = judge(evidence.truth, evidence.stored, evidence.log, { keyOf: requestOf });
  const odd = [
    ...clients.oddities.map((words): Violation => ({ invariant: 'I9', words })),
    ...complaints.map((words): Violation => ({ invariant: 'I12', words })),
  ];
  const counted = verdict.violations.filter(({ invariant }) => invariant === 'I10');
  return {
    ...verdict,
    violations: [...verdict.violations, ...wrongPictures(evidence), ...odd],
    wrongCounters: new Set(counted.map(({ recordId }) => recordId)).size,
  };
}

// By what was asked for, and not by its name: a copy under another name is a second record of its request.
function requestOf({ _id, openid, requestId }: Document): string {
  return typeof openid === 'string' && typeof requestId === 'string' && requestId !== ''
    ? keyOf(openid, requestId)
    : _id;
}

/** Records that show another picture than was painted for them; what each address shows is told by its bytes. */
function wrongPictures({ stored, painted }: Evidence): readonly Violation[] {
  return stored.works
    .filter(({ _id: id, status, imageUrl }) => status === 'completed' && !painted.get(id)?.has(String(imageUrl)))
    .map(({ _id: recordId }) => ({ invariant: 'I7', words: 'shows a picture that was not painted for it', recordId }));
}
