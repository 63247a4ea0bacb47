import { writeFailed } from '../../cloud-error.ts';
import { isFields, typeName, type Fields } from '../document.ts';
import { encodeText } from '../ejson.ts';
import { compileElement } from '../query/index.ts';
import { sortDocuments } from '../sort.ts';
import { compareValues, isSame } from '../values.ts';
import type { Operator, Place } from './operators.ts';

/** `$push`: at the end, or at a position; then in order; then cut to length. */
export const push: Operator = (old, argument, place) => {
  const { items, position, order, slice } = readPush(argument);
  const list = [...listOf(old === undefined ? [] : old, place, notPushable)];
  list.splice(position ?? list.length, 0, ...items);
  const sorted = order === undefined ? list : sortList(list, order);
  if (slice === undefined) return sorted;
  return slice < 0 ? sorted.slice(slice) : sorted.slice(0, slice);
};

const CLAUSES = new Set(['$each', '$position', '$sort', '$slice']);

interface Push {
  readonly items: readonly unknown[];
  readonly position?: number | undefined;
  readonly order?: unknown;
  readonly slice?: number | undefined;
}

function readPush(argument: unknown): Push {
  if (!isFields(argument) || !('$each' in argument)) return { items: [argument] };
  const strange = Object.keys(argument).find((name) => !CLAUSES.has(name));
  if (strange !== undefined) throw writeFailed(`Unrecognized clause in $push: ${strange}`);
  const { $position, $sort, $slice } = argument;
  return {
    items: eachOf('$push', argument),
    position: integer('$position', $position),
    order: $sort,
    slice: integer('$slice', $slice),
  };
}

function integer(name: string, value: unknown): number | undefined {
  if (value === undefined || Number.isInteger(value)) return value as number | undefined;
  throw writeFailed(`The value for ${name} must be an integer value but was given type: ${typeName(value)}`);
}

function eachOf(operator: string, { $each }: Fields): readonly unknown[] {
  if (Array.isArray($each)) return $each;
  throw writeFailed(`The argument to $each in ${operator} must be an array but it was of type ${typeName($each)}`);
}

function sortList(list: unknown[], order: unknown): unknown[] {
  if (order === 1 || order === -1) return list.sort((a, b) => compareValues(a, b) * order);
  if (isFields(order)) return sortDocuments(list, order);
  throw writeFailed(
    'The $sort is invalid: use 1/-1 to sort the whole element, or {field:1/-1} to sort embedded fields',
  );
}

/** `$addToSet`: what the list does not have yet. */
export const addToSet: Operator = (old, argument, place) => {
  const items = isFields(argument) && '$each' in argument ? eachOf('$addToSet', argument) : [argument];
  const list = [...listOf(old === undefined ? [] : old, place, notAddable)];
  for (const item of items) if (!list.some((other) => isSame(other, item))) list.push(item);
  return list;
};

/** `$pop`: the last element, or the first. */
export const pop: Operator = (old, argument, place) => {
  if (argument !== 1 && argument !== -1) throw writeFailed(`$pop expects 1 or -1, found: ${encodeText(argument)}`);
  if (old === undefined) return undefined;
  const list = listOf(old, place, notPoppable);
  return argument === 1 ? list.slice(0, -1) : list.slice(1);
};

/** `$pull`: the elements without those that are equal or pass a condition. */
export const pull: Operator = (old, argument, place) => {
  const test = compileElement(argument);
  return old === undefined ? undefined : listOf(old, place, notPullable).filter((item) => !test(item));
};

/** `$pullAll`: the elements without those that are listed. */
export const pullAll: Operator = (old, argument, place) => {
  if (!Array.isArray(argument))
    throw writeFailed(`$pullAll requires an array argument but was given a ${typeName(argument)}`);
  if (old === undefined) return undefined;
  return listOf(old, place, notPullable).filter((item) => !argument.some((other) => isSame(item, other)));
};

type Complaint = (place: Place, type: string) => string;

function listOf(value: unknown, place: Place, complaint: Complaint): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw writeFailed(complaint(place, typeName(value)));
}

const notPushable: Complaint = ({ path, id }, type) =>
  `The field '${path}' must be an array but is of type ${type} in document {_id: ${encodeText(id)}}`;

const notAddable: Complaint = ({ name }, type) =>
  `Cannot apply $addToSet to non-array field. Field named '${name}' has non-array type ${type}`;

const notPoppable: Complaint = ({ path }, type) => `Path '${path}' contains an element of non-array type '${type}'`;

const notPullable: Complaint = ({ operator }) => `Cannot apply ${operator} to a non-array value`;
