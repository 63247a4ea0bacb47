import type { Collection } from './collection.ts';
import type { Fields, Stored } from './document.ts';
import { compileFilter, type Filter } from './filter.ts';
import { project } from './projection.ts';
import { sortDocuments } from './sort.ts';

export interface FindQuery {
  readonly condition: Fields;
  readonly order?: Fields | undefined;
  readonly offset: number;
  readonly limit: number;
  readonly projection?: Fields | undefined;
}

/** One page of what a query finds. */
export function find(collection: Collection, query: FindQuery): readonly Fields[] {
  const { order = {}, offset, limit } = query;
  const filter = compileFilter(query.condition);
  const { documents, isSorted } = collection.matching(filter, order);
  const hasOrder = Object.keys(order).length > 0;
  // Without an order the first documents are as good as any, so the walk can end early.
  const mayEnd = isSorted || (!hasOrder && !filter.distanceM);
  const found: Stored[] = [];
  for (const document of documents) {
    found.push(document);
    if (mayEnd && found.length === offset + limit) break;
  }
  const sorted = mayEnd ? found : hasOrder ? sortDocuments(found, order) : byDistance(found, filter);
  return project(sorted.slice(offset, offset + limit), query.projection);
}

function byDistance(found: readonly Stored[], { distanceM = () => 0 }: Filter): readonly Stored[] {
  const measured = found.map((document) => ({ document, distance: distanceM(document) }));
  return measured.sort((a, b) => a.distance - b.distance).map(({ document }) => document);
}

/** What a filter matches: all of it, or the first. */
export function select(collection: Collection, filter: Filter, multi: boolean): Stored[] {
  const found: Stored[] = [];
  for (const document of collection.matching(filter).documents) {
    found.push(document);
    if (!multi) break;
  }
  return found;
}
