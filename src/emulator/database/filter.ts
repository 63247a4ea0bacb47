import { isFields, isId, type Fields, type Id, type Stored } from './document.ts';
import { nearestM, nearIn } from './geo/index.ts';
import { refusing } from './operators.ts';
import { compileCondition } from './query/index.ts';

/** A compiled filter. */
export interface Filter {
  readonly condition: Fields;
  /** When the filter names the `_id`s it can match, these; so that no collection is walked for them. */
  readonly ids: readonly Id[] | undefined;
  matches(document: Stored): boolean;
  /** When the filter looks near a place, how far a document is from it, in metres; the nearest comes first. */
  readonly distanceM?: (document: Stored) => number;
}

/** Compiles a MongoDB filter; an unknown operator is refused here, before any document is looked at. */
export function compileFilter(condition: Fields): Filter {
  const ids = namedIds(condition);
  if (Object.keys(condition).length === 0) return { condition, ids, matches: () => true };
  const test = refusing(() => compileCondition(condition));
  return { condition, ids, matches: (document) => refusing(() => test(document)), ...ordering(condition) };
}

function ordering(condition: Fields): Pick<Filter, 'distanceM'> {
  const search = nearIn(condition);
  if (search === undefined) return {};
  return { distanceM: (document) => nearestM(document, search.path, search.near) ?? Infinity };
}

/** The `_id`s that a filter names by equality or `$in`, also inside `$and`. */
export function namedIds(condition: Fields): readonly Id[] | undefined {
  const own = idsOf(condition['_id']);
  if (own !== undefined) return own;
  const all = condition['$and'];
  if (!Array.isArray(all)) return undefined;
  for (const part of all) {
    const ids = isFields(part) ? namedIds(part) : undefined;
    if (ids !== undefined) return ids;
  }
  return undefined;
}

function idsOf(value: unknown): readonly Id[] | undefined {
  if (isId(value)) return [value];
  if (!isFields(value)) return undefined;
  if (isId(value['$eq'])) return [value['$eq']];
  const list: unknown = value['$in'];
  return Array.isArray(list) && list.every(isId) ? [...new Set(list)] : undefined;
}
