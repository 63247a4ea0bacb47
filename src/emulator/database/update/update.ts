import { cloneDeep } from 'mingo/util';
import { writeFailed } from '../../cloud-error.ts';
import { assertFieldNames, isFields, type Fields, type Stored } from '../document.ts';
import { encodeText } from '../ejson.ts';
import { isSame } from '../values.ts';
import { pathOf, type Path } from '../paths.ts';
import { CREATING, OPERATORS } from './operators.ts';
import { clear, concretePaths, locate, valueOf, write, type Target } from './targets.ts';

/** One operator at one path. */
interface Change {
  readonly operator: string;
  readonly dotted: string;
  readonly path: Path;
  readonly argument: unknown;
}

/** An update that has been checked as far as possible without a document. */
export interface Update {
  readonly changes: readonly Change[];
  /** Changes that count only when the update inserts. */
  readonly onInsert: readonly Change[];
}

/** What an update is told beside the document. */
export interface Circumstances {
  /** The filter that found the document, for `list.$`. */
  readonly condition: Fields;
  readonly nowMs: number;
}

/** Checks the operators of an update; refuses unknown ones, empty ones and paths that conflict. */
export function compileUpdate(modifier: Fields): Update {
  const operators = Object.entries(modifier);
  if (operators.length === 0)
    throw writeFailed("'$set' is empty. You must specify a field like so: {$set: {<field>: ...}}");
  const all = operators.flatMap(([operator, fields]) => readChanges(operator, fields));
  assertNoConflict(
    all.flatMap(({ operator, dotted, argument }) => (operator === '$rename' ? [dotted, argument as string] : dotted)),
  );
  // As MongoDB: new fields come in the order of their names, not of the operators.
  const sorted = all.sort((a, b) => (a.dotted < b.dotted ? -1 : 1));
  return {
    changes: sorted.filter(({ operator }) => operator !== '$setOnInsert'),
    onInsert: sorted
      .filter(({ operator }) => operator === '$setOnInsert')
      .map((change) => ({ ...change, operator: '$set' })),
  };
}

function readChanges(operator: string, fields: unknown): Change[] {
  if (operator !== '$setOnInsert' && operator !== '$rename' && !Object.hasOwn(OPERATORS, operator)) {
    throw writeFailed(`Unknown modifier: ${operator}. Expected a valid update modifier`);
  }
  if (!isFields(fields)) throw writeFailed(`Modifiers operate on fields but we found another type under ${operator}`);
  return Object.entries(fields).map(([dotted, argument]) => {
    if (operator === '$rename' && (typeof argument !== 'string' || argument === '')) {
      throw writeFailed("The 'to' field for $rename must be a string");
    }
    return { operator, dotted, path: pathOf(dotted), argument };
  });
}

/**
 * The document that an update makes of `current`, or undefined when it changes nothing.
 * `current` stays as it is, so a refusal in the middle of several operators leaves nothing half done.
 */
export function planUpdate(
  current: Stored,
  { changes }: Pick<Update, 'changes'>,
  circumstances: Circumstances,
): Stored | undefined {
  const next = cloneDeep<Stored>(current);
  for (const change of changes) {
    if (change.operator === '$rename') rename(next, change);
    else apply(next, change, circumstances);
  }
  if (!isSame(next._id, current._id)) {
    throw writeFailed(`Performing an update on the path '_id' would modify the immutable field '_id'`);
  }
  for (const value of Object.values(next)) assertFieldNames(value);
  return encodeText(next) === encodeText(current) ? undefined : next;
}

function apply(document: Stored, change: Change, { condition, nowMs }: Circumstances): void {
  const { operator, argument } = change;
  for (const path of concretePaths(document, change.path, condition)) {
    const target = locate(document, path, CREATING.has(operator));
    if (target === undefined) continue;
    const place = { operator, path: path.join('.'), name: target.name, id: document._id, nowMs };
    put(target, OPERATORS[operator]?.(valueOf(target), argument, place));
  }
}

function put(target: Target, value: unknown): void {
  if (value === undefined) clear(target);
  else write(target, value);
}

function rename(document: Stored, { path, argument, dotted }: Change): void {
  const source = locate(document, path, false);
  const value = source && valueOf(source);
  if (source === undefined || value === undefined) return;
  const goal = locate(document, pathOf(String(argument)), true);
  if (goal === undefined || Array.isArray(source.holder) || Array.isArray(goal.holder)) {
    throw writeFailed(`The source and the destination field of $rename cannot be an array element: '${dotted}'`);
  }
  clear(source);
  write(goal, value);
}

function assertNoConflict(paths: readonly string[]): void {
  const taken = new Set<string>();
  for (const dotted of [...paths].sort()) {
    const path = pathOf(dotted);
    assertParts(dotted, path);
    const parents = path.map((_, index) => path.slice(0, index + 1).join('.'));
    const clash = parents.find((parent) => taken.has(parent));
    if (clash !== undefined) throw writeFailed(`Updating the path '${dotted}' would create a conflict at '${clash}'`);
    taken.add(dotted);
  }
}

function assertParts(dotted: string, path: Path): void {
  if (path.includes('')) {
    throw writeFailed(`The update path '${dotted}' contains an empty field name, which is not allowed.`);
  }
  const strange = path.find((part, place) => part.startsWith('$') && !(place > 0 && /^\$(\[.*\])?$/.test(part)));
  if (strange !== undefined) {
    throw writeFailed(`The dollar ($) prefixed field '${strange}' in '${dotted}' is not valid for storage.`);
  }
  // Assigning it would change the prototype of an object instead of storing a field.
  if (path.includes('__proto__')) throw writeFailed('a field named __proto__ is not supported by the local cloud');
}
