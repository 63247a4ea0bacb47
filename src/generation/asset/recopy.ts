import type { Deadline } from '../../core/index.ts';
import { walkPages, type WalkReport } from '../../durable/index.ts';
import { collections, type Asset, type Work } from '../../records/index.ts';
import { is, type Document, type PageKey, type Store } from '../../store/index.ts';
import { copyPicture, type AssetDeps } from './copy-picture.ts';

export interface RecopyDeps extends AssetDeps {
  readonly store: Store;
}

const PAGE = 100;
/** Enough to fetch and store the picture at hand. */
const COPY_MS = 20_000;

/**
 * Copies the pictures that could not be copied when they were made, before the service's addresses expire. The
 * record's `imageUrl` never changes: readers prefer the copy. What was refused for good is not tried again.
 */
export async function recopyPictures(
  deps: RecopyDeps,
  { deadline, after }: { readonly deadline: Deadline; readonly after?: PageKey | undefined },
): Promise<WalkReport> {
  const where = { 'asset.state': 'pending', 'asset.error': is.not('ASSET_REFUSED') };
  return walkPages({
    // A picture takes longer than a record: none is begun that could not be finished.
    deadline: deadline.minus(Math.min(COPY_MS, deadline.remainingMs() / 2)),
    after,
    read: (from) => deps.store.page(collections.works, { where, after: from, limit: PAGE }, { deadline }),
    visit: (work) => recopy(deps, work, deadline),
  });
}

async function recopy(deps: RecopyDeps, document: Document, deadline: Deadline): Promise<boolean> {
  const { _id: id, attempt, asset } = document as unknown as Work;
  if (!asset || asset.sourceUrl === null) return false;
  const copied = await copyPicture(deps, { picture: { url: asset.sourceUrl }, id, attempt, deadline });
  // Refused is written too, so that it is not asked for ever; a failure is simply tried again.
  if (copied.state === 'pending' && copied.error !== 'ASSET_REFUSED') return false;
  const target = { id, where: { 'asset.state': 'pending' } };
  await deps.store.update(collections.works, target, { set: { asset: asPlain(copied) } }, { deadline });
  return copied.state === 'copied';
}

function asPlain(asset: Asset): Record<keyof Asset, string> {
  return asset as unknown as Record<keyof Asset, string>;
}
