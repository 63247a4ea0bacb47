import { Lazy } from 'mingo/lazy';
import * as engine from 'mingo/operators/pipeline';
import type { Options } from 'mingo/types';
import { requestFailed } from '../cloud-error.ts';
import { isFields, type Fields, type Stored } from './document.ts';
import { isReached, nearestM, nearOf, type Near } from './geo/index.ts';
import { group, unwind } from './grouping.ts';
import { compileCondition } from './query/index.ts';
import { sortDocuments } from './sort.ts';

type Input = ReturnType<typeof Lazy>;
type Stage = (documents: Input, operand: unknown, options: Options) => Input;

// Stages that write have no place behind a read action, as on the platform.
const { $merge: _merge, $out: _out, ...reading } = engine;

/** The engine's, but with MongoDB's order and matching. */
const own: Readonly<Record<string, Stage>> = {
  $match: (documents, operand) => documents.filter(compileCondition(fieldsOf('$match', operand))),
  $sort: (documents, operand) =>
    documents.transform((list) => Lazy(sortDocuments(list as Stored[], fieldsOf('$sort', operand)))),
  $count: (documents, operand) => documents.transform((list) => Lazy(countOf(list, operand))),
  $group: (documents, operand, options) =>
    documents.transform((list) => Lazy(group(list as Fields[], fieldsOf('$group', operand), options))),
  $sortByCount(documents, operand, options) {
    const counted = { _id: operand, count: { $sum: 1 } };
    return documents.transform((list) => Lazy(sortDocuments(group(list as Fields[], counted, options), { count: -1 })));
  },
  $unwind: (documents, operand) => documents.transform((list) => Lazy(unwind(list as Fields[], operand))),
  $geoNear: (documents, operand) => {
    const search = readSearch(fieldsOf('$geoNear', operand));
    return documents.transform((list) => Lazy(findNear(list as Stored[], search)));
  },
};

export const stages = { ...reading, ...own };

function fieldsOf(name: string, operand: unknown): Fields {
  if (isFields(operand)) return operand;
  throw refused(`the ${name} specification must be an object`);
}

/** MongoDB answers nothing for no documents. */
function countOf(documents: readonly unknown[], name: unknown): Fields[] {
  if (typeof name !== 'string' || name === '' || name.startsWith('$') || name.includes('.')) {
    throw refused('the count field must be a non-empty string that neither starts with $ nor contains a dot');
  }
  return documents.length === 0 ? [] : [{ [name]: documents.length }];
}

interface Search {
  readonly near: Near;
  readonly condition: Fields;
  readonly distanceField: string;
  readonly locationField: string | undefined;
  readonly multiplier: number;
  readonly path: string | undefined;
  readonly limit: number;
}

function readSearch(operand: Fields): Search {
  const { near, distanceField, query = {}, key, includeLocs, distanceMultiplier = 1, num, limit = num } = operand;
  if (typeof distanceField !== 'string') throw refused("$geoNear requires that the 'distanceField' option is a String");
  if (!isFields(query)) throw refused('$geoNear needs an object as its query');
  if (typeof distanceMultiplier !== 'number') throw refused('$geoNear needs a number as its distanceMultiplier');
  return {
    near: nearOf(near, operand['minDistance'], operand['maxDistance']),
    condition: query,
    distanceField,
    locationField: typeof includeLocs === 'string' ? includeLocs : undefined,
    multiplier: distanceMultiplier,
    path: typeof key === 'string' ? key : undefined,
    limit: typeof limit === 'number' ? limit : Infinity,
  };
}

function findNear(documents: readonly Stored[], search: Search): Fields[] {
  const { near, multiplier, limit } = search;
  const matches = compileCondition(search.condition);
  const path = search.path ?? locationPath(documents, near);
  const found: { document: Stored; distance: number }[] = [];
  for (const document of documents) {
    const distance = matches(document) ? nearestM(document, path, near) : undefined;
    if (distance !== undefined && isReached(distance, near)) found.push({ document, distance });
  }
  found.sort((a, b) => a.distance - b.distance);
  return found.slice(0, limit).map(({ document, distance }) => ({
    ...document,
    ...nested(search.distanceField, distance * multiplier),
    ...(search.locationField === undefined ? {} : nested(search.locationField, document[path])),
  }));
}

/** Without a `key` MongoDB takes the only field with an index for places; here, the only one that holds places. */
function locationPath(documents: readonly Stored[], near: Near): string {
  const names = new Set<string>();
  for (const document of documents) {
    for (const name of Object.keys(document)) if (nearestM(document, name, near) !== undefined) names.add(name);
  }
  if (names.size > 1)
    throw refused(`there is more than one field with places (${[...names].join(', ')}); name one with key`);
  return [...names][0] ?? '';
}

function nested(path: string, value: unknown): Fields {
  return path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as Fields;
}

function refused(message: string): Error {
  return requestFailed(`[FailedOperation] ${message}`);
}
