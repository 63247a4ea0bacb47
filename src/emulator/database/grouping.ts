import { evalExpr } from 'mingo/core';
import type { Options } from 'mingo/types';
import { requestFailed } from '../cloud-error.ts';
import { isFields, type Fields } from './document.ts';
import { encodeText } from './ejson.ts';
import { own, pathOf, type Path } from './paths.ts';

/** `$group`: documents of the same `_id`, which are the same in MongoDB's sense; groups in the order they appear. */
export function group(documents: readonly Fields[], operand: Fields, options: Options): Fields[] {
  if (!('_id' in operand)) throw refused('a group specification must include an _id');
  const { _id: idExpression, ...fields } = operand;
  const groups = new Map<unknown, { id: unknown; members: Fields[] }>();
  for (const document of documents) {
    const id: unknown = evalExpr(document, idExpression, options) ?? null;
    const key = keyOf(id);
    const group = groups.get(key) ?? { id, members: [] };
    group.members.push(document);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ id, members }) => {
    const values = Object.entries(fields).map(([name, expression]) => [name, evalExpr(members, expression, options)]);
    return { _id: id, ...(Object.fromEntries(values) as Fields) };
  });
}

/** Numbers and texts are their own keys; all else is told apart by its text, which keeps the order of fields. */
function keyOf(id: unknown): unknown {
  return typeof id === 'object' && id !== null
    ? `${typeof id}${encodeText(id)}`
    : typeof id === 'string'
      ? `:${id}`
      : id;
}

/** `$unwind`: a document for each element; what is no list counts as one element, null and nothing as none. */
export function* unwind(documents: Iterable<Fields>, operand: unknown): Generator<Fields> {
  const {
    path: dotted,
    includeArrayIndex,
    preserveNullAndEmptyArrays,
  } = isFields(operand) ? operand : { path: operand };
  if (typeof dotted !== 'string' || !/^\$./.test(dotted)) throw refused('$unwind needs a path that starts with $');
  const path = pathOf(dotted.slice(1));
  const place = (document: Fields, index: number | null): Fields =>
    typeof includeArrayIndex === 'string' ? { ...document, [includeArrayIndex]: index } : document;
  for (const document of documents) {
    const value = path.reduce<unknown>((inner, name) => (isFields(inner) ? own(inner, name) : undefined), document);
    if (Array.isArray(value) && value.length > 0) {
      for (const [index, item] of value.entries()) yield place(replaced(document, path, item), index);
    } else if (value !== undefined && value !== null && !Array.isArray(value)) yield place(document, null);
    else if (preserveNullAndEmptyArrays === true) {
      yield place(Array.isArray(value) ? replaced(document, path, undefined) : document, null);
    }
  }
}

/** The document with another value at a path, or without one; what lies beside the path is shared. */
function replaced(document: Fields, [name = '', ...rest]: Path, value: unknown): Fields {
  const inner = rest.length === 0 ? value : replaced(document[name] as Fields, rest, value);
  if (inner !== undefined) return { ...document, [name]: inner };
  const { [name]: _gone, ...others } = document;
  return others;
}

function refused(message: string): Error {
  return requestFailed(`[FailedOperation] ${message}`);
}
