import { valueAt } from './document.ts';
import { assertPath, isScalar, type Filter } from './filter.ts';
import { invalid } from './invalid.ts';
import { MAX_PAGE, type Document, type PageKey, type PageRequest, type TwinsRequest } from './store.ts';

/** A page request with its defaults filled in and every part of it proven literal. */
export interface PagePlan {
  readonly where: Filter;
  readonly orderBy: string;
  readonly direction: 'asc' | 'desc';
  readonly after: PageKey | undefined;
  readonly limit: number;
  /** With `_id` and the ordering field, which the key of the next page is made of. */
  readonly fields: readonly string[] | undefined;
}

/** The plan of a page request. Throws `INPUT_INVALID` before anything is sent for a limit, path or key that is none. */
export function readPageRequest(request: PageRequest): PagePlan {
  const { where = {}, orderBy = '_id', direction = 'asc', after, limit, fields } = request;
  if (!Number.isInteger(limit) || limit < 1) throw invalid('a page has at least 1 document', { limit });
  assertPath(orderBy);
  fields?.forEach(assertPath);
  if (after) assertKey(after);
  const wanted = fields && [...new Set(['_id', orderBy, ...fields])];
  return { where, orderBy, direction, after, limit: Math.min(limit, MAX_PAGE), fields: wanted };
}

/** Where the page after this document starts. */
export function pageKeyOf(document: Document, orderBy: string): PageKey {
  const value = orderBy === '_id' ? undefined : valueAt(document, orderBy);
  return isScalar(value) && typeof value !== 'boolean' ? { id: document._id, value } : { id: document._id };
}

/** Throws `INPUT_INVALID` before anything is sent unless twins are asked for by at least one plain path. */
export function assertTwins({ by }: TwinsRequest): void {
  if (by.length === 0) throw invalid('twins agree in at least 1 field', { fields: 0 });
  by.forEach(assertPath);
}

function assertKey({ id, value }: PageKey): void {
  if (typeof id === 'string' && (value === undefined || isScalar(value))) return;
  throw invalid('a page starts after an id and a literal value', { id: typeof id, value: typeof value });
}

/** Whether a value from outside says where a walk goes on. */
export function isPageKey(value: unknown): value is PageKey {
  if (typeof value !== 'object' || value === null) return false;
  const { id, value: at } = value as { readonly id?: unknown; readonly value?: unknown };
  const isLiteral = ['undefined', 'string', 'number'].includes(typeof at) || at instanceof Date;
  return typeof id === 'string' && isLiteral;
}
