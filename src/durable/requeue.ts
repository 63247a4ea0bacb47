import type { Deadline } from '../core/index.ts';
import type { PageKey, Store } from '../store/index.ts';
import { LAST_START_MS } from './walk.ts';

export interface RequeueRequest {
  /** The dead-letter collection. */
  readonly deadLetters: string;
  /** Only this one. @default all that are quarantined */
  readonly letterId?: string | undefined;
  readonly deadline: Deadline;
}

/** Letters in one statement. */
const PAGE = 100;

/**
 * Puts quarantined letters back among those that wait, as if they had never failed: for a person who has mended what
 * kept them from being read or stored. Answers how many; `isWhole` is false where the deadline came first, and the next
 * run puts back the rest.
 */
export async function requeueLetters(
  store: Store,
  { deadLetters, letterId, deadline }: RequeueRequest,
): Promise<{ readonly count: number; readonly isWhole: boolean }> {
  const where = { state: 'quarantined', ...(letterId === undefined ? {} : { _id: letterId }) };
  const change = { set: { state: 'waiting' }, unset: ['redriveFailures', 'redriveFailedAt', 'redriveError'] };
  let count = 0;
  let after: PageKey | undefined;
  do {
    if (deadline.remainingMs() < LAST_START_MS) return { count, isWhole: false };
    const page = await store.page(deadLetters, { where, after, limit: PAGE, fields: ['_id'] }, { deadline });
    const ids = page.items.map(({ _id }) => _id);
    if (ids.length > 0) {
      const targets = { ids, where: { state: 'quarantined' } };
      count += await store.updateMany(deadLetters, targets, change, { deadline });
    }
    after = page.next;
  } while (after);
  return { count, isWhole: true };
}
