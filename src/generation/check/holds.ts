import type { Reads } from '../../durable/index.ts';
import { openHoldsIn } from '../../once/index.ts';
import { addFinding, collections } from '../../records/index.ts';
import { is, MAX_PAGE } from '../../store/index.ts';
import type { WorksState } from './works-section.ts';

/** Recovery runs every five minutes: what it has not closed an hour after the lease, it cannot close. */
const STALE_AFTER_MS = 3_600_000;

/** One page of users with open calls: counts the holds of pictures, and finds those that nobody closes. Answers where to go on. */
export async function checkHolds(reads: Reads, state: WorksState, after: string | null): Promise<string | undefined> {
  const page = await reads.page(collections.users, {
    where: { 'quota.open': is.above(0) },
    after: after === null ? undefined : { id: after },
    limit: MAX_PAGE,
    fields: ['quota.holds'],
  });
  const staleFrom = state.tally.nowMs - STALE_AFTER_MS;
  const kind = { records: collections.works };
  for (const [recordId, { until }] of page.items.flatMap((user) => openHoldsIn(user, kind))) {
    state.holds.open += 1;
    // One without an end would stay for ever.
    if (Number.isFinite(until) && until > staleFrom) continue;
    state.holds.stale += 1;
    addFinding(state.tally.found, 'hold-stale', [recordId]);
  }
  return page.next?.id;
}
