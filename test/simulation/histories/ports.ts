import type { Blobs, Document, Page, PageRequest, Store } from '../../../src/store/index.ts';
import type { Chronicle } from './chronicle.ts';
import type { Draws } from './draws.ts';
import type { Ledger } from './ledger.ts';
import { send, type Conditions, type Run, type Step } from './line.ts';
import { storeThrough, type Statement } from '../../support/store-through.ts';

/** Which run is on the machine now; what an earlier one left running is counted with it. */
export type RunOf = () => Run;

/** A read served by somebody who is behind shows what stood at most so long ago. */
const MOST_STALE_MS = 1_000;

/** The database as a function reaches it. */
export function faultyStore({ store }: Ledger, conditions: Conditions, runOf: RunOf): Store {
  const { chronicle, clock } = conditions;
  const behind = (draws: Draws): number => clock.now() - draws.between(0, MOST_STALE_MS);
  const staleOf = ({ op, collection: place, body }: Statement): Step['stale'] => {
    if (op === 'get') {
      return async (draws) => earlier(chronicle, { place, id: body as string, atMs: behind(draws) });
    }
    // Of whole documents only: what a projection left out is not known of an earlier version.
    const request = op === 'page' ? (body as PageRequest) : undefined;
    if (!request || request.fields) return undefined;
    return async (draws) => earlierPage(chronicle, await store.page(place, request), { place, atMs: behind(draws) });
  };
  return storeThrough(store, (statement, effect) => {
    const { op, collection: place, call } = statement;
    return send(conditions, runOf(), { op, place, call, stale: staleOf(statement) }, effect);
  });
}

function earlier(
  { commits }: Chronicle,
  { place, id, atMs }: { readonly place: string; readonly id: string; readonly atMs: number },
): Document | undefined {
  for (let at = commits.length - 1; at >= 0; at -= 1) {
    const commit = commits[at];
    if (commit?.id === id && commit.place === place && commit.atMs <= atMs) return commit.after;
  }
  return undefined;
}

// Those that were not there yet are missing; those that matched then and do not now stay unseen.
function earlierPage(
  chronicle: Chronicle,
  page: Page,
  { place, atMs }: { readonly place: string; readonly atMs: number },
): Page {
  return { ...page, items: page.items.flatMap(({ _id: id }) => earlier(chronicle, { place, id, atMs }) ?? []) };
}

/** The files as a function reaches them. */
export function faultyBlobs({ blobs }: Ledger, conditions: Conditions, runOf: RunOf): Blobs {
  const pass = <T>(step: Omit<Step, 'place'>, effect: () => Promise<T>): Promise<T> =>
    send(conditions, runOf(), { ...step, place: 'storage' }, effect);
  return {
    put: (name, bytes, call) => {
      // What is whole is replaced as a whole: an upload that breaks off leaves what was there before.
      const cut = async (): Promise<unknown> => {
        const isThere = (await blobs.exists([await blobs.fileId(name)])).size > 0;
        return isThere ? undefined : blobs.put(name, bytes.subarray(0, bytes.length >> 1));
      };
      return pass({ op: 'put', call, cut }, () => blobs.put(name, bytes));
    },
    get: (fileId, call) => pass({ op: 'get', call }, () => blobs.get(fileId)),
    exists: (fileIds, call) => pass({ op: 'exists', call }, () => blobs.exists(fileIds)),
    temporaryUrls: (fileIds, call) => pass({ op: 'urls', call }, () => blobs.temporaryUrls(fileIds)),
    remove: (fileIds, call) => {
      const cut = (): Promise<unknown> => blobs.remove(fileIds.slice(0, fileIds.length >> 1));
      return pass({ op: 'remove', call, cut }, () => blobs.remove(fileIds));
    },
    // An id is made from the name, without a trip.
    fileId: (name) => blobs.fileId(name),
  };
}
