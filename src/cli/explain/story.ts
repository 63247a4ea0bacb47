import type { Words } from '../doctor/line.ts';
import type { Work } from '../../records/index.ts';
import { natureOf, takenBy } from './amounts.ts';
import type { Evidence, SeenLetter } from './evidence.ts';
import { lettersIn } from './next.ts';

/** One thing that happened, as far as it left a trace. */
export interface Event {
  readonly atMs: number;
  readonly said: Words;
}

/** What happened to the record, oldest first; pure. Nothing of its content is told. */
export function planStory(evidence: Evidence): readonly Event[] {
  const events = [
    ...fromHold(evidence),
    ...fromWork(evidence),
    ...lettersIn(evidence).flatMap((each) => fromLetter(each, evidence)),
  ];
  return events.filter(({ atMs }) => Number.isFinite(atMs)).sort((a, b) => a.atMs - b.atMs);
}

function event(at: unknown, zh: string, en: string): readonly Event[] {
  const atMs = at instanceof Date ? at.getTime() : at;
  return typeof atMs === 'number' ? [{ atMs, said: { zh, en } }] : [];
}

function fromHold(evidence: Evidence): readonly Event[] {
  const { hold, work } = evidence;
  const nature = natureOf(evidence);
  if (hold && hold.st !== 'void') {
    const { zh, en } = takenBy(hold, nature);
    if (nature !== 'picture') return event(hold.at, `开始：预占 ${zh}`, `opened: ${en} taken`);
    const day = typeof hold.day === 'string' ? hold.day : '?';
    return event(hold.at, `开始：预占 ${zh}，计入 ${day} 的用量`, `opened: ${en} taken, a use of ${day}`);
  }
  // What a plain write says of itself is its team's business.
  if (nature === 'write') return [];
  const stored = work.ok ? work.value : undefined;
  return event(stored?.createdAt, '开始', 'opened');
}

function fromWork(evidence: Evidence): readonly Event[] {
  const { work, records } = evidence;
  const stored = work.ok ? work.value : undefined;
  if (!stored) return [];
  const nature = natureOf(evidence);
  const { recoveredAt, deletedAt, attempts } = stored as {
    recoveredAt?: unknown;
    deletedAt?: unknown;
    attempts?: unknown;
  };
  const losing = Array.isArray(attempts) ? (attempts as readonly { atMs?: unknown }[]) : [];
  return [
    ...(nature === 'write' ? [] : ended(stored)),
    ...event(recoveredAt, `由恢复写入 ${records}`, `written to ${records} by recovery`),
    ...losing.flatMap(({ atMs }) =>
      event(atMs, '另一个结果晚到，作为证据保留在记录中', 'another result came late and is kept as evidence'),
    ),
    ...(nature === 'picture'
      ? event(deletedAt, '用户删除了作品（记录保留）', 'the person deleted it (the record stays)')
      : event(deletedAt, '被标为已删除（记录保留）', 'it was marked as deleted (the record stays)')),
  ];
}

// Records older than this library know no attempt.
function ended({ status, attempt, finishedAt, errorCode }: Work): readonly Event[] {
  const result = `${typeof status === 'string' ? status : '?'}${errorCode ? ` ${errorCode}` : ''}`;
  if (!Number.isInteger(attempt)) return event(finishedAt, `结果：${result}`, `ended: ${result}`);
  return event(finishedAt, `第 ${attempt} 次尝试：${result}`, `attempt ${attempt}: ${result}`);
}

function fromLetter({ letter, tier, state, recoveredAt }: SeenLetter, { records }: Evidence): readonly Event[] {
  const placed = {
    redriven: [`放回 ${records}`, 'brought home'],
    superseded: ['已有最终记录，不再需要', 'a final record was first'],
  }[state];
  return [
    ...(letter ? kept(letter, tier) : []),
    ...(placed ? event(recoveredAt, `备份记录：${placed[0]}`, `letter: ${placed[1]}`) : []),
  ];
}

function kept(
  { timestamp, retryCount, attempts, attempt }: NonNullable<SeenLetter['letter']>,
  tier: string,
): readonly Event[] {
  // An older letter knows no attempt, nor why the record could not be written.
  const last: unknown = Array.isArray(attempts) ? attempts.at(-1) : undefined;
  const { code } = (last ?? {}) as { readonly code?: unknown };
  const tries = Number.isInteger(retryCount) ? retryCount : '?';
  const isTold = typeof code === 'string' && code !== '';
  const why = { zh: isTold ? `${code}，` : '', en: isTold ? `${code}, ` : '' };
  const of = attempt > 0 ? { zh: `第 ${attempt} 次尝试的记录`, en: `the record of attempt ${attempt}` } : UNCOUNTED;
  return event(
    timestamp,
    `${of.zh}写入失败（${why.zh}尝试 ${tries} 次），保存到 ${tier}`,
    `${of.en} could not be written (${why.en}${tries} tries) and was kept in ${tier}`,
  );
}

const UNCOUNTED = { zh: '记录', en: 'the record' };
