import type { Reads } from '../../durable/index.ts';
import { addFinding, collections } from '../../records/index.ts';
import { is, MAX_PAGE, valueAt, type Document } from '../../store/index.ts';
import type { WorksState } from './works-section.ts';

/** Recovery runs every five minutes: what it has not closed an hour after the lease, it cannot close. */
const STALE_AFTER_MS = 3_600_000;

/** One page of users with open calls: counts their holds, and finds those that nobody closes. Answers where to go on. */
export async function checkHolds(reads: Reads, state: WorksState, after: string | null): Promise<string | undefined> {
  const page = await reads.page(collections.users, {
    where: { 'quota.open': is.above(0) },
    after: after === null ? undefined : { id: after },
    limit: MAX_PAGE,
    fields: ['quota.holds'],
  });
  const staleFrom = state.tally.nowMs - STALE_AFTER_MS;
  for (const [recordId, until] of page.items.flatMap(openHolds)) {
    state.holds.open += 1;
    // One without an end would stay for ever.
    if (typeof until === 'number' && until > staleFrom) continue;
    state.holds.stale += 1;
    addFinding(state.tally.found, 'hold-stale', [recordId]);
  }
  return page.next?.id;
}

function openHolds(user: Document): readonly (readonly [recordId: string, until: unknown])[] {
  const holds = valueAt(user, 'quota.holds');
  if (typeof holds !== 'object' || holds === null) return [];
  return Object.entries(holds).flatMap(([id, hold]) =>
    valueAt(hold, 'st') === 'open' ? [[id, valueAt(hold, 'until')] as const] : [],
  );
}
