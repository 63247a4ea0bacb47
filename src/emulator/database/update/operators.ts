import { writeFailed } from '../../cloud-error.ts';
import { isFields, typeName, type Id } from '../document.ts';
import { encodeText } from '../ejson.ts';
import { compareValues } from '../values.ts';
import { addToSet, pop, pull, pullAll, push } from './lists.ts';

/** Where an operator is at work, for its complaints, and when. */
export interface Place {
  readonly operator: string;
  readonly path: string;
  /** The last part of the path. */
  readonly name: string;
  readonly id: Id;
  readonly nowMs: number;
}

/** What an operator makes of a value; undefined stands for a field that is not there, before and after. */
export type Operator = (old: unknown, argument: unknown, place: Place) => unknown;

/** MongoDB's update operators that change the value at one path. A wrong type is refused, never skipped. */
export const OPERATORS: Readonly<Record<string, Operator>> = {
  $set: (_old, argument) => argument,
  $unset: () => undefined,
  $inc: (old, argument, place) => {
    const by = amount(argument, place, 'increment');
    return numeric(old, place) + by;
  },
  $mul: (old, argument, place) => {
    const by = amount(argument, place, 'multiply');
    return numeric(old, place) * by;
  },
  $min: (old, argument) => (old === undefined || compareValues(argument, old) < 0 ? argument : old),
  $max: (old, argument) => (old === undefined || compareValues(argument, old) > 0 ? argument : old),
  $currentDate: (_old, argument, { nowMs }) => {
    const isDate = typeof argument === 'boolean' || (isFields(argument) && argument['$type'] === 'date');
    if (isDate) return new Date(nowMs);
    throw writeFailed('the local cloud offers $currentDate as true or { $type: "date" }');
  },
  $bit: combineBits,
  $push: push,
  $addToSet: addToSet,
  $pop: pop,
  $pull: pull,
  $pullAll: pullAll,
};

/** Operators that make what is missing on the way to their path. */
export const CREATING: ReadonlySet<string> = new Set([
  ...['$set', '$inc', '$mul', '$min', '$max', '$currentDate', '$bit', '$push', '$addToSet'],
]);

function amount(argument: unknown, { path }: Place, verb: string): number {
  if (typeof argument === 'number') return argument;
  throw writeFailed(`Cannot ${verb} with non-numeric argument: {${path}: ${encodeText(argument)}}`);
}

/** A missing field counts as 0; null is no number. */
function numeric(old: unknown, { operator, id, name }: Place): number {
  if (old === undefined) return 0;
  if (typeof old === 'number') return old;
  throw writeFailed(
    `Cannot apply ${operator} to a value of non-numeric type. {_id: ${encodeText(id)}} ` +
      `has the field '${name}' of non-numeric type ${typeName(old)}`,
  );
}

const BITS: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
};

function combineBits(old: unknown, argument: unknown, { name }: Place): unknown {
  const entries = isFields(argument) ? Object.entries(argument) : [];
  if (entries.length === 0) throw writeFailed('The $bit modifier is not valid: it takes {and|or|xor: integer}');
  return entries.reduce(
    (value, [operation, operand]) => {
      const combine = Object.hasOwn(BITS, operation) ? BITS[operation] : undefined;
      if (!combine || !Number.isInteger(operand)) throw writeFailed(`The $bit modifier does not offer ${operation}`);
      if (!Number.isInteger(value)) throw writeFailed(`Cannot apply $bit to a value of non-integral type: '${name}'`);
      return Number(combine(BigInt(value as number), BigInt(operand as number)));
    },
    old === undefined ? 0 : old,
  );
}
