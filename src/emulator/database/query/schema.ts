import { isFields, type Fields } from '../document.ts';
import { own, type Test } from '../paths.ts';
import { compareValues, isSame } from '../values.ts';
import { badFilter } from './operators.ts';
import { typeTest } from './types.ts';

type Keyword = (operand: unknown, schema: Fields) => Test;

/** `$jsonSchema`: MongoDB's dialect of draft 4, as far as filters use it; a keyword that is not known is refused. */
export function schemaTest(schema: unknown): Test {
  if (!isFields(schema)) throw badFilter('$jsonSchema must be an object');
  const tests = Object.entries(schema).map(([name, operand]) => {
    const keyword = Object.hasOwn(KEYWORDS, name) ? KEYWORDS[name] : undefined;
    if (keyword) return keyword(operand, schema);
    throw badFilter(`$jsonSchema keyword '${name}' is not currently supported`);
  });
  return (value) => tests.every((test) => test(value));
}

const anything: Keyword = () => () => true;

const KEYWORDS: Readonly<Record<string, Keyword>> = {
  title: anything,
  description: anything,
  exclusiveMinimum: anything,
  exclusiveMaximum: anything,
  bsonType: ofTypes,
  type: ofTypes,
  enum: (operand) => (value) => listOf('enum', operand).some((item) => isSame(item, value)),
  required: (operand) => ofObjects((value) => listOf('required', operand).every((name) => name in value)),
  properties: compileProperties,
  additionalProperties: compileAdditional,
  minProperties: (operand) => ofObjects((value) => Object.keys(value).length >= numberOf(operand)),
  maxProperties: (operand) => ofObjects((value) => Object.keys(value).length <= numberOf(operand)),
  minimum: (operand, { exclusiveMinimum }) =>
    ofNumbers((value) => compareValues(value, numberOf(operand)) >= (exclusiveMinimum === true ? 1 : 0)),
  maximum: (operand, { exclusiveMaximum }) =>
    ofNumbers((value) => compareValues(value, numberOf(operand)) <= (exclusiveMaximum === true ? -1 : 0)),
  multipleOf: (operand) => ofNumbers((value) => value % numberOf(operand) === 0),
  minLength: (operand) => ofTexts((value) => [...value].length >= numberOf(operand)),
  maxLength: (operand) => ofTexts((value) => [...value].length <= numberOf(operand)),
  pattern: (operand) => {
    const pattern = new RegExp(String(operand));
    return ofTexts((value) => pattern.test(value));
  },
  minItems: (operand) => ofLists((value) => value.length >= numberOf(operand)),
  maxItems: (operand) => ofLists((value) => value.length <= numberOf(operand)),
  uniqueItems: (operand) => (operand === true ? ofLists(isUnique) : () => true),
  items: (operand) => {
    const test = schemaTest(operand);
    return ofLists((value) => value.every((item) => test(item)));
  },
  allOf: (operand) => every(schemasOf('allOf', operand)),
  anyOf: (operand) => {
    const tests = schemasOf('anyOf', operand);
    return (value) => tests.some((test) => test(value));
  },
  oneOf: (operand) => {
    const tests = schemasOf('oneOf', operand);
    return (value) => tests.filter((test) => test(value)).length === 1;
  },
  not: (operand) => {
    const test = schemaTest(operand);
    return (value) => !test(value);
  },
};

/** JSON's words for types beside BSON's. */
const JSON_TYPES: Readonly<Record<string, string>> = { boolean: 'bool' };

function ofTypes(operand: unknown): Test {
  const tests = (Array.isArray(operand) ? operand : [operand]).map((type: unknown) =>
    typeTest(typeof type === 'string' ? (JSON_TYPES[type] ?? type) : type),
  );
  return (value) => value !== undefined && tests.some((test) => test(value));
}

function compileProperties(operand: unknown): Test {
  if (!isFields(operand)) throw badFilter("$jsonSchema keyword 'properties' must be an object");
  const tests = Object.entries(operand).map(([name, schema]) => ({ name, test: schemaTest(schema) }));
  return ofObjects((value) => tests.every(({ name, test }) => !Object.hasOwn(value, name) || test(own(value, name))));
}

function compileAdditional(operand: unknown, { properties }: Fields): Test {
  const test = typeof operand === 'boolean' ? () => operand : schemaTest(operand);
  const known = new Set(isFields(properties) ? Object.keys(properties) : []);
  return ofObjects((value) => Object.entries(value).every(([name, item]) => known.has(name) || test(item)));
}

function every(tests: readonly Test[]): Test {
  return (value) => tests.every((test) => test(value));
}

function isUnique(list: readonly unknown[]): boolean {
  const sorted = [...list].sort(compareValues);
  return sorted.every((item, place) => place === 0 || !isSame(item, sorted[place - 1]));
}

// A keyword says something of values of its own type only; all others pass.

function ofObjects(test: (value: Fields) => boolean): Test {
  return (value) => !isFields(value) || test(value);
}

function ofNumbers(test: (value: number) => boolean): Test {
  return (value) => typeof value !== 'number' || test(value);
}

function ofTexts(test: (value: string) => boolean): Test {
  return (value) => typeof value !== 'string' || test(value);
}

function ofLists(test: (value: readonly unknown[]) => boolean): Test {
  return (value) => !Array.isArray(value) || test(value);
}

function schemasOf(name: string, operand: unknown): Test[] {
  return listOf(name, operand).map(schemaTest);
}

function listOf(name: string, operand: unknown): string[] {
  if (Array.isArray(operand) && operand.length > 0) return operand as string[];
  throw badFilter(`$jsonSchema keyword '${name}' must be a nonempty array`);
}

function numberOf(operand: unknown): number {
  if (typeof operand === 'number') return operand;
  throw badFilter('a bound in a $jsonSchema must be a number');
}
