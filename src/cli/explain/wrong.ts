import { anomaliesOf } from '../../generation/index.ts';
import { findingText } from '../../integrity/index.ts';
import { isFinal, isText, type Work } from '../../records/index.ts';
import type { Document } from '../../store/index.ts';
import type { Words } from '../doctor/line.ts';
import { natureOf } from './amounts.ts';
import type { Evidence } from './evidence.ts';

/** What the check finds in a record that nothing mends by itself. */
const FOR_A_PERSON: ReadonlySet<string> = new Set([
  ...['work-malformed', 'status-strange', 'user-missing', 'created-in-future'],
  ...['completed-without-picture', 'picture-lost'],
]);

/** What a person must look at in the record of a costly call; pure. */
export function wrongIn(evidence: Evidence, work: Work, nowMs: number): readonly Words[] {
  const document: Document = { ...work };
  const { status, userId } = document;
  const isPicture = natureOf(evidence) === 'picture';
  const ofCalls = isFinal(status) || status === 'unknown' ? [] : ['status-strange'];
  const kinds = isPicture ? anomaliesOf(document, { nowMs, readAtMs: nowMs }) : ofCalls;
  const { account, accounts } = evidence;
  const isOwnerGone = account.ok && account.value === undefined && isText(userId);
  return [
    ...kinds.filter((kind) => FOR_A_PERSON.has(kind)).map((kind) => isWrong(kind)),
    // Where the accounts of another call are, the person who asks has to say.
    ...(isOwnerGone ? [isWrong('user-unknown', isPicture ? undefined : accounts)] : []),
  ];
}

function isWrong(kind: string, accounts?: string): Words {
  const hint = accounts
    ? { zh: `（账户不在 ${accounts} 时加 --accounts）`, en: ` (--accounts where those are not ${accounts})` }
    : { zh: '', en: '' };
  return {
    zh: `${findingText(kind, '1', 'zh')}，需要人工核对${hint.zh}`,
    en: `${findingText(kind, '1', 'en')}; a person must look at it${hint.en}`,
  };
}
