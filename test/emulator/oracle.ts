/**
 * What MongoDB does, for the operators that this project sends, written apart from the local cloud and in another
 * way: values become texts whose plain order is MongoDB's order, and equality is equality of those texts.
 */
export type Doc = Record<string, unknown>;

/** MongoDB refuses the operation. */
export class Refused extends Error {}

const MISSING = Symbol('missing');

/** A text for a value; texts compare as MongoDB compares the values. `!` ends a part and sorts below all else. */
export function sortText(value: unknown): string {
  if (value === undefined || value === MISSING) return '00';
  if (value === null) return '05';
  if (typeof value === 'number') return `10${numberText(value)}`;
  if (typeof value === 'string') return `15${Buffer.from(value).toString('hex')}!`;
  if (typeof value === 'boolean') return `40${value ? 1 : 0}`;
  if (value instanceof Date) return `45${numberText(value.getTime())}`;
  if (Array.isArray(value)) return `25${value.map((item) => `+${sortText(item)}`).join('')}!`;
  const fields = Object.entries(value as Doc).map(([name, item]) => {
    const text = sortText(item);
    return `+${text.slice(0, 2)}${Buffer.from(name).toString('hex')}!${text}`;
  });
  return `20${fields.join('')}!`;
}

function numberText(number: number): string {
  if (Number.isNaN(number)) return '!';
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(number === 0 ? 0 : number);
  const bits = bytes.readBigUInt64BE();
  const ordered = bits >> 63n === 1n ? ~bits & 0xffff_ffff_ffff_ffffn : bits | (1n << 63n);
  return ordered.toString(16).padStart(16, '0');
}

const isSame = (a: unknown, b: unknown): boolean => sortText(a) === sortText(b);
const isDoc = (value: unknown): value is Doc =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** Every value that a comparison looks at: at a path, lists opened, and the lists themselves. */
function candidates(value: unknown, path: readonly string[]): unknown[] {
  const [name, ...rest] = path;
  if (name === undefined) return Array.isArray(value) ? [...(value as unknown[]), value] : [value];
  if (isDoc(value)) return candidates(name in value ? value[name] : MISSING, rest);
  if (!Array.isArray(value)) return [MISSING];
  return value.filter(isDoc).flatMap((item) => candidates(item, path));
}

/** Whether a document passes a filter of `$eq $ne $gt $gte $lt $lte $in $nin $exists $not $and $or $nor`. */
export function passes(document: Doc, filter: Doc): boolean {
  return Object.entries(filter).every(([name, operand]) => {
    const parts = operand as Doc[];
    if (name === '$and') return parts.every((part) => passes(document, part));
    if (name === '$or') return parts.some((part) => passes(document, part));
    if (name === '$nor') return !parts.some((part) => passes(document, part));
    return passesAt(candidates(document, name.split('.')), operand);
  });
}

function passesAt(values: readonly unknown[], operand: unknown): boolean {
  const isOperators = isDoc(operand) && Object.keys(operand).some((name) => name.startsWith('$'));
  if (!isOperators) return values.some((value) => equals(value, operand));
  return Object.entries(operand).every(([operator, argument]) => answers(values, operator, argument));
}

function answers(values: readonly unknown[], operator: string, argument: unknown): boolean {
  switch (operator) {
    case '$not':
      return !passesAt(values, argument);
    case '$ne':
      return !values.some((value) => equals(value, argument));
    case '$in':
      return (argument as unknown[]).some((one) => values.some((value) => equals(value, one)));
    case '$nin':
      return !answers(values, '$in', argument);
    case '$exists':
      return values.some((value) => value !== MISSING) === argument;
    case '$eq':
      return values.some((value) => equals(value, argument));
    default:
      return values.some((value) => isBeside(value, operator, argument));
  }
}

function equals(value: unknown, argument: unknown): boolean {
  return isSame(value, argument) || (argument === null && value === MISSING);
}

function isBeside(value: unknown, operator: string, argument: unknown): boolean {
  if (operator.endsWith('e') && equals(value, argument)) return true;
  const [one, other] = [sortText(value), sortText(argument)];
  if (one.slice(0, 2) !== other.slice(0, 2)) return false;
  if (Number.isNaN(value) || Number.isNaN(argument)) return false;
  return operator.startsWith('$g') ? one > other : one < other;
}

/** The documents in an order of several fields; missing sorts as null, a list by its least or greatest element. */
export function sorted(documents: readonly Doc[], order: Readonly<Record<string, 1 | -1>>): Doc[] {
  const rank = (document: Doc): string[] =>
    Object.entries(order).map(([name, direction]) => {
      const value = document[name] ?? null;
      if (!Array.isArray(value)) return sortText(value);
      const texts = value.length === 0 ? [sortText(MISSING)] : value.map(sortText).sort();
      return (direction === 1 ? texts[0] : texts.at(-1)) ?? '';
    });
  const directions = Object.values(order);
  return documents
    .map((document, place) => ({ document, place, keys: rank(document) }))
    .sort((a, b) => {
      const at = a.keys.findIndex((key, index) => key !== b.keys[index]);
      if (at === -1) return a.place - b.place;
      return ((a.keys[at] ?? '') < (b.keys[at] ?? '') ? -1 : 1) * (directions[at] ?? 1);
    })
    .map(({ document }) => document);
}

/** The document after `$set`, `$inc`, `$push` and `$unset`; throws `Refused` where MongoDB does. */
export function updated(document: Doc, update: Readonly<Record<string, Doc>>): Doc {
  const changes = Object.entries(update).flatMap(([operator, fields]) =>
    Object.entries(fields).map(([path, argument]) => ({ operator, path, argument })),
  );
  changes.sort((a, b) => (a.path < b.path ? -1 : 1));
  return changes.reduce((result, { operator, path, argument }) => {
    return changed(result, path.split('.'), operator, argument) as Doc;
  }, document);
}

function changed(holder: unknown, path: readonly string[], operator: string, argument: unknown): unknown {
  const [name = '', ...rest] = path;
  const isList = Array.isArray(holder);
  if (!isDoc(holder) && !(isList && /^\d+$/.test(name))) {
    if (operator === '$unset') return holder;
    throw new Refused(`no ${name} in a scalar`);
  }
  const old: unknown = Object.hasOwn(holder, name) ? (holder as Doc)[name] : MISSING;
  if (old === MISSING && operator === '$unset') return holder;
  const start = old === MISSING && rest.length > 0 ? {} : old;
  const value = rest.length > 0 ? changed(start, rest, operator, argument) : applied(old, operator, argument);
  if (isList) {
    const list = [...(holder as unknown[])];
    while (list.length < Number(name)) list.push(null);
    list[Number(name)] = value === MISSING ? null : value;
    return list;
  }
  if (value !== MISSING) return { ...holder, [name]: value };
  return Object.fromEntries(Object.entries(holder).filter(([other]) => other !== name));
}

function applied(old: unknown, operator: string, argument: unknown): unknown {
  if (operator === '$set') return argument;
  if (operator === '$unset') return MISSING;
  if (operator === '$inc') {
    if (old === MISSING) return argument;
    if (typeof old !== 'number') throw new Refused('no number');
    return old + (argument as number);
  }
  if (old !== MISSING && !Array.isArray(old)) throw new Refused('no list');
  return [...(old === MISSING ? [] : (old as unknown[])), ...(argument as { $each: unknown[] }).$each];
}

/** `$group` by fields, with the number of documents and the least `_id` of each group. */
export function grouped(documents: readonly Doc[], by: string | Readonly<Record<string, string>>): Doc[] {
  const groups = new Map<string, Doc>();
  for (const document of documents) {
    const read = (expression: string): unknown => fieldOf(document, expression.slice(1).split('.'));
    const entries = typeof by === 'string' ? [] : Object.entries(by).map(([name, from]) => [name, read(from)] as const);
    const single = typeof by === 'string' ? read(by) : undefined;
    const id: unknown =
      typeof by === 'string'
        ? single === MISSING
          ? null
          : single
        : Object.fromEntries(entries.filter(([, value]) => value !== MISSING));
    const known = groups.get(sortText(id)) ?? { _id: id, count: 0, firstId: document['_id'] };
    const firstId = sortText(document['_id']) < sortText(known['firstId']) ? document['_id'] : known['firstId'];
    groups.set(sortText(id), { ...known, count: Number(known['count']) + 1, firstId });
  }
  return [...groups.values()];
}

function fieldOf(value: unknown, path: readonly string[]): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  if (isDoc(value)) return fieldOf(name in value ? value[name] : MISSING, rest);
  if (!Array.isArray(value)) return MISSING;
  return value
    .filter(isDoc)
    .map((item) => fieldOf(item, path))
    .filter((item) => item !== MISSING);
}
