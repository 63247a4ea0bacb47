import { writeFailed } from '../cloud-error.ts';
import { isFields, typeName, type Fields, type Stored } from './document.ts';
import { encodeText } from './ejson.ts';

/**
 * Refuses an update whose targets have the wrong type, as MongoDB does. The query engine would skip such a
 * target silently, and a program tested against it would learn of the error from the real database.
 */
export function assertTargets(document: Stored, modifier: Fields): void {
  for (const [operator, fields] of Object.entries(modifier)) {
    if (!isFields(fields)) continue;
    for (const [path, argument] of Object.entries(fields)) {
      // Positional segments stand for elements that only the update itself finds.
      if (path.includes('$')) continue;
      assertTarget(document, { operator, path, argument });
    }
  }
}

interface Target {
  readonly operator: string;
  readonly path: string;
  readonly argument: unknown;
}

const CREATING = new Set(['$set', '$inc', '$mul', '$min', '$max', '$push', '$addToSet', '$currentDate', '$bit']);
const NUMERIC = new Set(['$inc', '$mul']);
const LISTS = new Set(['$push', '$addToSet', '$pop', '$pull', '$pullAll']);

function assertTarget(document: Stored, target: Target): void {
  const value = locate(document, target);
  if (NUMERIC.has(target.operator)) assertNumeric(document, target, value);
  if (LISTS.has(target.operator) && value !== undefined && !Array.isArray(value)) {
    throw writeFailed(notAList(document, target, value));
  }
}

function assertNumeric(document: Stored, { operator, path, argument }: Target, value: unknown): void {
  if (typeof argument !== 'number') {
    const verb = operator === '$inc' ? 'increment' : 'multiply';
    throw writeFailed(`Cannot ${verb} with non-numeric argument: {${path}: ${encodeText(argument)}}`);
  }
  if (value === undefined || typeof value === 'number') return;
  throw writeFailed(
    `Cannot apply ${operator} to a value of non-numeric type. {_id: ${encodeText(document._id)}} ` +
      `has the field '${lastOf(path)}' of non-numeric type ${typeName(value)}`,
  );
}

/** The value at the target's path; refuses a path that leads through a scalar where the operator would create it. */
function locate(document: Stored, { operator, path }: Target): unknown {
  let value: unknown = document;
  let name = '';
  for (const segment of path.split('.')) {
    if (value === undefined) return undefined;
    if (!canHold(value, segment)) {
      if (!CREATING.has(operator)) return undefined;
      throw writeFailed(`Cannot create field '${segment}' in element {${name}: ${encodeText(value)}}`);
    }
    value = (value as Fields)[segment];
    name = segment;
  }
  return value;
}

function canHold(value: unknown, segment: string): boolean {
  return Array.isArray(value) ? /^\d+$/.test(segment) : isFields(value);
}

function notAList(document: Stored, { operator, path }: Target, value: unknown): string {
  const type = typeName(value);
  if (operator === '$push') {
    return `The field '${path}' must be an array but is of type ${type} in document {_id: ${encodeText(document._id)}}`;
  }
  if (operator === '$addToSet') {
    return `Cannot apply $addToSet to non-array field. Field named '${lastOf(path)}' has non-array type ${type}`;
  }
  if (operator === '$pop') return `Path '${path}' contains an element of non-array type '${type}'`;
  return `Cannot apply ${operator} to a non-array value`;
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}
