import { asDurableError, type Code, type Deadline } from '../../core/index.ts';
import type { WalkReport } from '../../durable/index.ts';
import { collections, type Asset, type Work } from '../../records/index.ts';
import { is, type Document, type PageKey, type PageRequest, type Store } from '../../store/index.ts';
import { copyPicture, type AssetDeps } from './copy-picture.ts';

export interface RecopyDeps extends AssetDeps {
  readonly store: Store;
}

/** Pictures at once: each may take 20 MB of memory. */
const AT_ONCE = 4;
/** Enough to fetch and store the pictures at hand. */
const COPY_MS = 20_000;

/**
 * Copies the pictures that could not be copied when they were made: those that are due, the nearest to the end of
 * their address first. The record's `imageUrl` never changes: readers prefer the copy. A picture that cannot be
 * copied is put off, so it never stands before the others, and is `lost` when its address has died.
 *
 * The report's checkpoint says no more than that some are left: a next run begins with what is most urgent then.
 */
export async function recopyPictures(deps: RecopyDeps, deadline: Deadline): Promise<WalkReport> {
  const failed: { id: string; code: Code }[] = [];
  const counts = { done: 0, skipped: 0 };
  // A picture takes longer than a record: none is begun that could not be finished.
  const startBy = deadline.minus(Math.min(COPY_MS, deadline.remainingMs() / 2));
  const nowMs = deps.clock.now();
  let after: PageKey | undefined;
  do {
    if (startBy.remainingMs() <= 0) return { ...counts, failed, checkpoint: { id: '' } };
    const { items, next } = await deps.store.page(collections.works, dueAt(nowMs, after), { deadline });
    const visit = async (document: Document): Promise<void> => {
      try {
        counts[(await recopy(deps, document, deadline)) ? 'done' : 'skipped'] += 1;
      } catch (error) {
        failed.push({ id: document._id, code: asDurableError(error).code });
      }
    };
    await Promise.all(items.map(visit));
    after = next;
  } while (after);
  return { ...counts, failed };
}

// Wants an index on `asset.state`, `asset.retry.expiresAtMs`: what it walks is the few that are pending.
function dueAt(nowMs: number, after: PageKey | undefined): PageRequest {
  const where = { 'asset.state': 'pending', 'asset.retry.nextAtMs': is.absentOr(is.atMost(nowMs)) };
  return { where, orderBy: 'asset.retry.expiresAtMs', after, limit: AT_ONCE };
}

async function recopy(deps: RecopyDeps, document: Document, deadline: Deadline): Promise<boolean> {
  const { _id: id, attempt, asset } = document as unknown as Work;
  if (!asset || asset.sourceUrl === null) return false;
  const { sourceUrl, retry } = asset;
  const expiresAtMs = retry?.expiresAtMs ?? deps.clock.now();
  const request = { picture: { url: sourceUrl }, id, attempt, deadline, expiresAtMs, earlier: retry };
  const tried = await copyPicture(deps, request);
  // What another run has copied or given up meanwhile stays so.
  const target = { id, where: { 'asset.state': 'pending' } };
  await deps.store.update(collections.works, target, { set: { asset: asPlain(tried) } }, { deadline });
  return tried.state === 'copied';
}

function asPlain(asset: Asset): Record<keyof Asset, string> {
  return asset as unknown as Record<keyof Asset, string>;
}
