import type { Words } from '../doctor/line.ts';
import type { Evidence, SeenLetter } from './evidence.ts';
import { lettersIn } from './next.ts';

/** One thing that happened, as far as it left a trace. */
export interface Event {
  readonly atMs: number;
  readonly said: Words;
}

/** What happened to the record, oldest first; pure. Nothing of its content is told. */
export function planStory(evidence: Evidence): readonly Event[] {
  const events = [...fromHold(evidence), ...fromWork(evidence), ...lettersIn(evidence).flatMap(fromLetter)];
  return events.filter(({ atMs }) => Number.isFinite(atMs)).sort((a, b) => a.atMs - b.atMs);
}

function event(at: unknown, zh: string, en: string): readonly Event[] {
  const atMs = at instanceof Date ? at.getTime() : at;
  return typeof atMs === 'number' ? [{ atMs, said: { zh, en } }] : [];
}

function fromHold({ hold, work }: Evidence): readonly Event[] {
  if (hold && hold.st !== 'void') {
    const { price, day } = hold;
    return event(
      hold.at,
      `开始：预占 ${price} 积分，计入 ${day} 的用量`,
      `opened: ${price} credits taken, a use of ${day}`,
    );
  }
  const stored = work.ok ? work.value : undefined;
  return event(stored?.createdAt, '开始', 'opened');
}

function fromWork({ work }: Evidence): readonly Event[] {
  const stored = work.ok ? work.value : undefined;
  if (!stored) return [];
  const { status, attempt, finishedAt, errorCode } = stored;
  const { recoveredAt, deletedAt, attempts } = stored as {
    recoveredAt?: unknown;
    deletedAt?: unknown;
    attempts?: unknown;
  };
  const why = errorCode ? ` ${errorCode}` : '';
  const losing = Array.isArray(attempts) ? (attempts as readonly { atMs?: unknown }[]) : [];
  return [
    ...event(
      finishedAt,
      `${Number.isInteger(attempt) ? `第 ${attempt} 次尝试` : '结果'}：${status}${why}`,
      `${Number.isInteger(attempt) ? `attempt ${attempt}` : 'result'}: ${status}${why}`,
    ),
    ...event(recoveredAt, '由恢复写入 works', 'written to works by recovery'),
    ...losing.flatMap(({ atMs }) =>
      event(atMs, '另一个结果晚到，作为证据保留在记录中', 'another result came late and is kept as evidence'),
    ),
    ...event(deletedAt, '用户删除了作品（记录保留）', 'the person deleted it (the record stays)'),
  ];
}

function fromLetter({ letter, tier, state, recoveredAt }: SeenLetter): readonly Event[] {
  const placed = {
    redriven: ['放回 works', 'brought home'],
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
  const code = attempts?.at(-1)?.code ?? '';
  return event(
    timestamp,
    `第 ${attempt} 次尝试的记录写入失败（${code}，尝试 ${retryCount} 次），保存到 ${tier}`,
    `the record of attempt ${attempt} could not be written (${code}, ${retryCount} tries) and was kept in ${tier}`,
  );
}
