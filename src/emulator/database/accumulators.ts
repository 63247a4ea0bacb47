import * as engine from 'mingo/operators/accumulator';
import type { Any, Options } from 'mingo/types';
import { compareValues, isSame } from './values.ts';

type Accumulator = (documents: Any[], operand: Any, options: Options) => Any;

/** MongoDB's order and sameness: NaN counts, and documents whose fields stand in another order are not the same. */
const own: Readonly<Record<string, Accumulator>> = {
  $min: (documents, operand, options) => best(documents, operand, options, -1),
  $max: (documents, operand, options) => best(documents, operand, options, 1),
  $sum: (documents, operand, options) =>
    typeof operand === 'number' ? documents.length * operand : sum(numbersOf(documents, operand, options)),
  $avg(documents, operand, options) {
    const numbers = numbersOf(documents, operand, options);
    return numbers.length === 0 ? null : sum(numbers) / numbers.length;
  },
  $addToSet(documents, operand, options) {
    const sorted = [...valuesOf(documents, operand, options)].sort(compareValues);
    return sorted.filter((value, place) => place === 0 || !isSame(value, sorted[place - 1]));
  },
};

export const accumulator = { ...engine, ...own };

function best(documents: Any[], operand: Any, options: Options, direction: 1 | -1): unknown {
  let found: unknown = null;
  for (const value of valuesOf(documents, operand, options)) {
    if (value === null || value === undefined) continue;
    if (found === null || compareValues(value, found) * direction > 0) found = value;
  }
  return found;
}

function numbersOf(documents: Any[], operand: Any, options: Options): readonly number[] {
  return valuesOf(documents, operand, options).filter((value) => typeof value === 'number');
}

function valuesOf(documents: Any[], operand: Any, options: Options): readonly unknown[] {
  return engine.$push(documents, operand, options);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
