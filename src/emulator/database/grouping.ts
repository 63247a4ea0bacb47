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
  const idOf = reader(idExpression, options);
  const groups = new Map<unknown, { id: unknown; members: Fields[] }>();
  for (const document of documents) {
    const id = idOf(document) ?? null;
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

/** An expression as a function of a document. Fields and mappings of fields, the usual ids, need no engine. */
function reader(expression: unknown, options: Options): (document: Fields) => unknown {
  if (typeof expression === 'string' && /^\$[^$]/.test(expression)) {
    const path = pathOf(expression.slice(1));
    return (document) => valueAt(document, path);
  }
  const names = isFields(expression) ? Object.keys(expression) : [];
  if (!isFields(expression) || names.length === 0 || names.some((name) => name.startsWith('$'))) {
    return (document) => evalExpr(document, expression, options);
  }
  const readers = names.map((name) => ({ name, read: reader(expression[name], options) }));
  return (document) => {
    const values = readers.map(({ name, read }) => [name, read(document)] as const);
    return Object.fromEntries(values.filter(([, value]) => value !== undefined));
  };
}

/** A field as expressions see it: through a list it is the list of what its documents have there. */
function valueAt(value: unknown, path: Path): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  if (isFields(value)) return valueAt(own(value, name), rest);
  if (!Array.isArray(value)) return undefined;
  return value
    .filter(isFields)
    .map((item) => valueAt(item, path))
    .filter((item) => item !== undefined);
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
