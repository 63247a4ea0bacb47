import { isFields, type Fields } from '../document.ts';
import { expressionTest } from '../expressions.ts';
import { geoTest, nearTest } from '../geo/index.ts';
import { pathOf, someAt, type Path, type Test } from '../paths.ts';
import { badFilter, bits, comparison, equals, hasSize, isIn, matches, modulo } from './operators.ts';
import { schemaTest } from './schema.ts';
import { typeTest } from './types.ts';

/** What one operator asks: of whatever a document has at a path, or of one value by itself (an element of a list). */
interface Question {
  at(document: unknown, path: Path): boolean;
  of: Test;
}

type Operator = (operand: unknown) => Question;

/**
 * Compiles a MongoDB filter into a test of documents. An operator that is unknown, or given what it cannot take, is
 * refused here.
 */
export function compileCondition(condition: Fields): Test {
  const tests = Object.entries(condition).map(([name, operand]) => compilePart(name, operand));
  const [only] = tests;
  if (tests.length === 1 && only !== undefined) return only;
  return (document) => tests.every((test) => test(document));
}

function compilePart(name: string, operand: unknown): Test {
  if (!name.startsWith('$')) return compileField(name, operand);
  const compile = Object.hasOwn(TOP_LEVEL, name) ? TOP_LEVEL[name] : undefined;
  if (compile) return compile(operand);
  if (name === '$where') throw badFilter("$where operator requires 'scriptEnabled' option to be true.");
  throw badFilter(`unknown top level operator: ${name}`);
}

const TOP_LEVEL: Readonly<Record<string, (operand: unknown) => Test>> = {
  $and(operand) {
    const tests = alternatives('$and', operand);
    return (document) => tests.every((test) => test(document));
  },
  $or(operand) {
    const tests = alternatives('$or', operand);
    return (document) => tests.some((test) => test(document));
  },
  $nor(operand) {
    const tests = alternatives('$nor', operand);
    return (document) => !tests.some((test) => test(document));
  },
  $jsonSchema: schemaTest,
  $expr: expressionTest,
  $comment: () => () => true,
};

function alternatives(name: string, operand: unknown): Test[] {
  if (Array.isArray(operand) && operand.length > 0 && operand.every(isFields)) return operand.map(compileCondition);
  throw badFilter(`${name} must be a nonempty array of conditions`);
}

/** What a filter says of one field: a value, a pattern, or operators. */
export function compileField(dotted: string, operand: unknown): Test {
  const path = pathOf(dotted);
  const questions = compileOperand(operand);
  const [only] = questions;
  if (questions.length === 1 && only !== undefined) return (document) => only.at(document, path);
  return (document) => questions.every((question) => question.at(document, path));
}

/** What `$pull` says of the elements of a list. */
export function compileElement(operand: unknown): Test {
  if (!isFields(operand)) return operand instanceof RegExp ? matches(operand) : equals(operand);
  if (isOperators(operand)) return compileValue(operand);
  const test = compileCondition(operand);
  return (value) => isFields(value) && test(value);
}

function compileValue(operators: Fields): Test {
  const questions = compileOperand(operators);
  return (value) => questions.every((question) => question.of(value));
}

function compileOperand(operand: unknown): Question[] {
  if (operand instanceof RegExp) return [each(matches(operand))];
  if (!isFields(operand) || !isOperators(operand)) return [each(equals(operand))];
  const { $regex: pattern, $options: options, ...others } = operand;
  const questions = Object.entries(others).map(([name, value]) => compileOperator(name, value));
  if ('$options' in operand && !('$regex' in operand)) throw badFilter('$options needs a $regex');
  if ('$regex' in operand) questions.push(each(matches(asPattern(pattern, options))));
  return questions;
}

/** Whether a mapping is made of operators, rather than being a value to compare with. */
export function isOperators(value: Fields): boolean {
  const [first] = Object.keys(value);
  return first !== undefined && first.startsWith('$');
}

function asPattern(pattern: unknown, options: unknown): RegExp {
  if (typeof pattern !== 'string' && !(pattern instanceof RegExp)) throw badFilter('$regex has to be a string');
  try {
    return new RegExp(pattern, typeof options === 'string' ? options : undefined);
  } catch (error) {
    throw badFilter(error instanceof Error ? error.message : 'invalid regular expression');
  }
}

function compileOperator(name: string, operand: unknown): Question {
  const operator = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
  if (operator) return operator(operand);
  throw badFilter(`unknown query operator ${name}`);
}

const OPERATORS: Readonly<Record<string, Operator>> = {
  $eq: (operand) => each(equals(operand)),
  $ne: (operand) => not(each(equals(operand))),
  $in: (operand) => each(isIn(operand)),
  $nin: (operand) => not(each(isIn(operand))),
  $gt: (operand) => each(comparison(operand, (difference) => difference > 0)),
  $gte: (operand) => each(comparison(operand, (difference) => difference >= 0)),
  $lt: (operand) => each(comparison(operand, (difference) => difference < 0)),
  $lte: (operand) => each(comparison(operand, (difference) => difference <= 0)),
  $exists(operand) {
    const isThere = each((value) => value !== undefined);
    return operand === false || operand === 0 || operand === null ? not(isThere) : isThere;
  },
  $type(operand) {
    const tests = (Array.isArray(operand) ? operand : [operand]).map(typeTest);
    return each((value) => tests.some((test) => test(value)));
  },
  $mod: (operand) => each(modulo(operand)),
  $size: (operand) => whole(hasSize(operand)),
  $all: compileAll,
  $elemMatch: (operand) => whole(elementTest(operand)),
  $not: compileNot,
  $near: (operand) => each(nearTest(operand)),
  $nearSphere: (operand) => each(nearTest(operand)),
  $geoWithin: (operand) => each(geoTest('$geoWithin', operand)),
  $geoIntersects: (operand) => each(geoTest('$geoIntersects', operand)),
  $bitsAllSet: (operand) => each(bits(operand, (set, mask) => set === mask)),
  $bitsAllClear: (operand) => each(bits(operand, (set) => set === 0n)),
  $bitsAnySet: (operand) => each(bits(operand, (set) => set !== 0n)),
  $bitsAnyClear: (operand) => each(bits(operand, (set, mask) => set !== mask)),
};

function each(test: Test): Question {
  return { at: (document, path) => someAt(document, path, test), of: test };
}

function whole(test: Test): Question {
  return { at: (document, path) => someAt(document, path, test, 'whole'), of: test };
}

function not(question: Question): Question {
  return { at: (document, path) => !question.at(document, path), of: (value) => !question.of(value) };
}

function allOf(questions: readonly Question[]): Question {
  return {
    at: (document, path) => questions.every((question) => question.at(document, path)),
    of: (value) => questions.every((question) => question.of(value)),
  };
}

function compileNot(operand: unknown): Question {
  if (operand instanceof RegExp || (isFields(operand) && isOperators(operand)))
    return not(allOf(compileOperand(operand)));
  throw badFilter('$not needs a regex or a document');
}

/** `$all` is an equality for each value, so that a scalar can match it too; nothing matches an empty one. */
function compileAll(operand: unknown): Question {
  if (!Array.isArray(operand)) throw badFilter('$all needs an array');
  if (operand.length === 0) return each(() => false);
  return allOf(
    operand.map((item: unknown) => {
      if (item instanceof RegExp) return each(matches(item));
      return isFields(item) && '$elemMatch' in item ? whole(elementTest(item['$elemMatch'])) : each(equals(item));
    }),
  );
}

const OF_DOCUMENTS = new Set(['$and', '$or', '$nor', '$where', '$expr']);

/** By operators, one value passes all of them; by a condition, only a document or a list can pass. */
function elementTest(operand: unknown): Test {
  if (!isFields(operand)) throw badFilter('$elemMatch needs an Object');
  const [first = ''] = Object.keys(operand);
  const isCondition = !isOperators(operand) || OF_DOCUMENTS.has(first);
  const test = isCondition ? compileCondition(operand) : compileValue(operand);
  const passes: Test = isCondition ? (item) => (isFields(item) || Array.isArray(item)) && test(item) : test;
  return (value) => Array.isArray(value) && value.some(passes);
}
