import * as updateOperators from 'mingo/operators/update';
import { update, type Modifier } from 'mingo/updater';
import { cloneDeep } from 'mingo/util';
import { CloudError, writeFailed } from '../cloud-error.ts';
import { assertFieldNames, isFields, type Fields, type Stored } from './document.ts';
import { ENGINE_OPTIONS } from './operators.ts';
import { encodeText } from './ejson.ts';
import { assertTargets } from './update-targets.ts';

/** An update that has been checked as far as possible without a document. */
export interface Update {
  readonly modifier: Fields;
  /** Fields that count only when the update inserts. */
  readonly onInsert: Fields;
}

/** Checks the operators of an update; refuses unknown ones, empty ones and paths that conflict. */
export function compileUpdate(modifier: Fields): Update {
  const { $setOnInsert: onInsert = {}, ...rest } = modifier;
  const operators = Object.entries(modifier);
  if (operators.length === 0)
    throw writeFailed("'$set' is empty. You must specify a field like so: {$set: {<field>: ...}}");
  const paths: string[] = [];
  for (const [name, fields] of operators) {
    if (name !== '$setOnInsert' && !Object.hasOwn(updateOperators, name)) {
      throw writeFailed(`Unknown modifier: ${name}. Expected a valid update modifier`);
    }
    if (!isFields(fields)) throw writeFailed(`Modifiers operate on fields but we found another type under ${name}`);
    paths.push(...Object.keys(fields), ...renameTargets(name, fields));
  }
  assertNoConflict(paths);
  return { modifier: rest, onInsert: isFields(onInsert) ? onInsert : {} };
}

/**
 * The document that an update makes of `current`, or undefined when it changes nothing.
 * `current` stays as it is, so a refusal in the middle of several operators leaves nothing half done.
 */
export function planUpdate(current: Stored, { modifier }: Update, condition: Fields): Stored | undefined {
  assertTargets(current, modifier);
  const next = cloneDeep<Stored>(current);
  applyOperators(next, modifier, condition);
  if (next._id !== current._id) {
    throw writeFailed(`Performing an update on the path '_id' would modify the immutable field '_id'`);
  }
  for (const value of Object.values(next)) assertFieldNames(value);
  return encodeText(next) === encodeText(current) ? undefined : next;
}

function applyOperators(document: Stored, modifier: Fields, condition: Fields): void {
  const operators = effective(document, modifier);
  const positional = Object.values(operators).some((fields) => Object.keys(fields).some((path) => path.includes('.$')));
  if (Object.keys(operators).length === 0) return;
  try {
    // The condition is needed for `list.$` alone; the document has been matched already.
    update(document, operators as Modifier<Stored>, [], positional ? condition : {}, {
      cloneMode: 'deep',
      queryOptions: ENGINE_OPTIONS,
    });
  } catch (error) {
    if (error instanceof CloudError) throw error;
    throw writeFailed(error instanceof Error ? error.message : String(error));
  }
}

/** MongoDB accepts operators without fields, and a `$set` of the `_id` to what it is; the engine does not. */
function effective(document: Stored, modifier: Fields): Record<string, Fields> {
  const operators: Record<string, Fields> = {};
  for (const [name, fields] of Object.entries(modifier)) {
    if (!isFields(fields)) continue;
    const { _id: id, ...others } = fields;
    const kept = name === '$set' && id === document._id ? others : fields;
    if (Object.keys(kept).length > 0) operators[name] = kept;
  }
  return operators;
}

function renameTargets(name: string, fields: Fields): string[] {
  if (name !== '$rename') return [];
  return Object.values(fields).map((target) => {
    if (typeof target === 'string' && target !== '') return target;
    throw writeFailed("The 'to' field for $rename must be a string");
  });
}

function assertNoConflict(paths: readonly string[]): void {
  const taken = new Set<string>();
  for (const path of [...paths].sort()) {
    if (path === '' || path.startsWith('.') || path.endsWith('.') || path.includes('..')) {
      throw writeFailed(`The update path '${path}' contains an empty field name, which is not allowed.`);
    }
    const parents = path.split('.').map((_, index, parts) => parts.slice(0, index + 1).join('.'));
    const clash = parents.find((parent) => taken.has(parent));
    if (clash !== undefined) throw writeFailed(`Updating the path '${path}' would create a conflict at '${clash}'`);
    taken.add(path);
  }
}
