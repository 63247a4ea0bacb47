/** A call whose id an earlier one has used: what it left is answered, finished first where it must be. */
import type { Deadline } from '../core/index.ts';
import { withLetters } from '../durable/index.ts';
import { isFinal } from '../records/index.ts';
import type { Document } from '../store/index.ts';
import { replay, unreadableRecord, type Course } from './course.ts';
import type { Hold } from './hold.ts';
import type { OnceAnswer } from './kind.ts';
import type { Opened } from './open.ts';
import { inProgress, type CallParts, type Parts } from './parts.ts';
import { reopen } from './reopen.ts';
import { resolve } from './resolve.ts';

/** What the call found under its id. */
interface Found {
  readonly account: Document;
  readonly hold: Hold;
  readonly record: Document | undefined;
  /** Whether there may be a record all the same. */
  readonly isUnreadable: boolean;
  /** Pays and records, after a person's explicit retry. */
  perform(reopened: { readonly opened: Opened; readonly seen: undefined }): Promise<OnceAnswer>;
}

/** Answers what an earlier call with this id left; or makes the call, where a person asked for that. */
export async function answerEarlier(parts: CallParts, course: Course, found: Found): Promise<OnceAnswer> {
  const { account, hold, record, isUnreadable } = found;
  const { id } = course.request;
  const whole: Parts = { ...parts, writer: withLetters(parts.writer) };
  const kept = await keptElsewhere(whole, { account, id, hold }, course.deadline);
  if (kept) return kept;
  if (hold.st === 'open' && parts.clock.now() < hold.until) {
    if (record) return { outcome: 'unknown', record };
    throw inProgress(id);
  }
  if (isUnreadable) throw unreadableRecord(id);
  return takeUp(whole, course, found);
}

// A second call while the record sits in a lower tier: it is answered from there. Not for an open hold whose
// lease is over, since then only `works` may speak.
async function keptElsewhere(
  parts: Parts,
  { account, id, hold }: { account: Document; id: string; hold: Hold },
  deadline: Deadline,
): Promise<OnceAnswer | undefined> {
  if (hold.st === 'void' || (hold.st === 'open' && parts.clock.now() >= hold.until)) return undefined;
  const query = { recordId: id, attempt: hold.attempt, token: hold.token, isHeld: true };
  const found = await parts.writer.findLetter(query, deadline).catch(() => undefined);
  const record = found?.letter.payload;
  return found && isFinal(record?.['status']) ? replay(found.letter.payload, found.tier, account) : undefined;
}

// An earlier call is over but its record is not final: finish it as recovery would, then answer.
async function takeUp(parts: Parts, course: Course, { account, hold, perform }: Found): Promise<OnceAnswer> {
  const { request, until, deadline } = course;
  const key = { id: request.id, accountId: account._id };
  const record = await resolve(parts, key, deadline);
  if (record && isFinal(record['status'])) return replay(record, 'works', account);
  if (!request.retryUnknown || record?.['status'] !== 'unknown' || hold.st !== 'open') {
    return { outcome: 'unknown', record };
  }
  const again = request.again?.(account);
  const reopened = await reopen(parts, { request, again, key, account, old: hold, record, until, deadline });
  if ('final' in reopened) return replay(reopened.final, 'works', account);
  return perform({ opened: reopened.opened, seen: undefined });
}
