import { collections, type Section } from '../../records/index.ts';
import type { Store } from '../../store/index.ts';
import type { KindOptions } from '../options.ts';
import { progressBar } from '../progress-bar.ts';

/** How far the section under way is, as one line. */
export type Seen = (underWay: Pick<Section, 'name' | 'figures'> | undefined) => Promise<string>;

const COUNT_MS = 2_000;

/** Counts each collection once, when its section is first seen under way; where that fails, the line has no bar. */
export function createSeen(store: Pick<Store, 'count'>, { records }: KindOptions): Seen {
  const walked: Readonly<Record<string, { readonly collection: string; readonly figure: string }>> = {
    works: { collection: collections.works, figure: 'total' },
    calls: { collection: records, figure: 'total' },
    backup: { collection: collections.emergencyBackup, figure: 'count' },
    users: { collection: collections.users, figure: 'users' },
  };
  const totals = new Map<string, Promise<number>>();
  const totalOf = (collection: string): Promise<number> => {
    const known = totals.get(collection) ?? store.count(collection, {}, { timeoutMs: COUNT_MS }).catch(() => 0);
    totals.set(collection, known);
    return known;
  };
  return async (underWay) => {
    if (!underWay) return '';
    const { name, figures } = underWay;
    const walk = Object.hasOwn(walked, name) ? walked[name] : undefined;
    const done = walk ? figures[walk.figure] : undefined;
    const total = walk ? await totalOf(walk.collection) : 0;
    return typeof done === 'number' && total > 0 ? `${name}  ${progressBar(done, total)}` : name;
  };
}
