import { DurableError, isDurableError, type Deadline } from '../core/index.ts';
import {
  is,
  isPageKey,
  type Document,
  type Filter,
  type Page,
  type PageKey,
  type PageRequest,
  type CallStore,
} from '../store/index.ts';
import { retried, type Retrier } from './retrier.ts';
import type { WalkPage } from './walk.ts';

export interface ReadDeps {
  readonly store: CallStore;
  readonly writer: { readonly retrier: Retrier };
}

/** What of a collection is walked. */
export interface Pages {
  readonly collection: string;
  readonly where: Filter;
  readonly limit: number;
  readonly fields?: readonly string[];
}

/**
 * Reads the pages of a walk with bounded retry; where there is no such collection, there are no such documents. One that
 * is larger than an answer may be stops no walk: its page says which it is.
 */
export function pagesOf(deps: ReadDeps, { collection, ...request }: Pages, deadline: Deadline) {
  return async (after: PageKey | undefined): Promise<WalkPage> => {
    try {
      return await readPage(deps, { collection, request: { ...request, after } }, deadline);
    } catch (error) {
      if (isDurableError(error, 'STORE_NOT_FOUND')) return { items: [] };
      if (isDurableError(error, 'STORE_TOO_LARGE')) return pagePast(error);
      throw error;
    }
  };
}

function pagePast(error: DurableError): WalkPage {
  const { tooLargeId, next } = error.details;
  if (typeof tooLargeId !== 'string' || !isPageKey(next)) throw error;
  return { items: [], tooLargeId, next };
}

/** One page with bounded retry. */
async function readPage(
  { store, writer }: ReadDeps,
  { collection, request }: { readonly collection: string; readonly request: PageRequest },
  deadline: Deadline,
): Promise<Page> {
  return retried(writer.retrier, { key: collection, deadline }, (call) => store.page(collection, request, call));
}

/** Ids in one request: with their quotes about 20 kB, … */
const BATCH = 500;
/** … and fewer where whole documents are wanted, which may be 10 kB each. */
const WHOLE_BATCH = 100;

/** The documents of these ids that exist, by id; one request for 500 of them, or for 100 whole ones. */
export async function readMany(
  deps: ReadDeps,
  what: { readonly collection: string; readonly ids: readonly string[]; readonly fields?: readonly string[] },
  deadline: Deadline,
): Promise<ReadonlyMap<string, Document>> {
  const { collection, ids, fields } = what;
  const found = new Map<string, Document>();
  const wanted = [...new Set(ids)];
  const batch = fields ? BATCH : WHOLE_BATCH;
  for (let start = 0; start < wanted.length; start += batch) {
    const part = wanted.slice(start, start + batch);
    const where = { _id: is.oneOf(part) };
    // One more than there can be, so that a full page is not taken for "there may be more".
    const read = pagesOf(deps, { collection, where, limit: part.length + 1, ...(fields ? { fields } : {}) }, deadline);
    for (let after: PageKey | undefined, isFirst = true; isFirst || after; isFirst = false) {
      const page = await read(after);
      // Left out, it would be taken for one that is not there.
      if (page.tooLargeId !== undefined) throw tooLarge(collection, page.tooLargeId);
      for (const document of page.items) found.set(document._id, document);
      after = page.next;
    }
  }
  return found;
}

function tooLarge(collection: string, tooLargeId: string): DurableError {
  return new DurableError('STORE_TOO_LARGE', `a document of "${collection}" is larger than an answer may be`, {
    details: { collection, tooLargeId },
  });
}
