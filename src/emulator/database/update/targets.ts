import { writeFailed } from '../../cloud-error.ts';
import { isFields, type Fields } from '../document.ts';
import { encodeText } from '../ejson.ts';
import { isPlace, own, type Path } from '../paths.ts';
import { compileField } from '../query/index.ts';

/** Where an update changes a document: a field of a mapping or an element of a list. */
export interface Target {
  readonly holder: Fields | unknown[];
  readonly name: string;
}

/** MongoDB fills a list with null up to the element that is set; this many at most. */
const MAX_FILL = 1_500_000;

/**
 * Finds where a path leads in a document that may be changed. What is missing on the way is made when `creates`,
 * and refused where a scalar is in the way; undefined where there is nothing to change.
 */
export function locate(document: Fields, path: Path, creates: boolean): Target | undefined {
  let holder: Fields | unknown[] = document;
  for (const [place, part] of path.slice(0, -1).entries()) {
    let next = own(holder, part);
    if (next === undefined && !creates) return undefined;
    if (next === undefined) write({ holder, name: part }, (next = {}));
    if (!canHold(next, path[place + 1] ?? '')) {
      if (!creates) return undefined;
      throw writeFailed(`Cannot create field '${path[place + 1]}' in element {${part}: ${encodeText(next)}}`);
    }
    holder = next as Fields | unknown[];
  }
  return { holder, name: path.at(-1) ?? '' };
}

function canHold(value: unknown, part: string): boolean {
  return Array.isArray(value) ? isPlace(part) : isFields(value);
}

export function valueOf({ holder, name }: Target): unknown {
  return own(holder, name);
}

/** Sets a field or an element; a list is filled up to it. */
export function write({ holder, name }: Target, value: unknown): void {
  if (!Array.isArray(holder)) {
    holder[name] = value;
    return;
  }
  const place = Number(name);
  if (place - holder.length > MAX_FILL) throw writeFailed(`can't backfill more than ${MAX_FILL} nulls`);
  while (holder.length < place) holder.push(null);
  holder[place] = value;
}

/** Takes a field away; an element of a list becomes null, so that the others keep their places. */
export function clear({ holder, name }: Target): void {
  if (Array.isArray(holder)) {
    if (own(holder, name) !== undefined) holder[Number(name)] = null;
  } else delete holder[name];
}

/** The paths that a path with `$` or `$[]` means in this document. */
export function concretePaths(document: Fields, path: Path, condition: Fields): readonly Path[] {
  const place = path.findIndex((part) => part.startsWith('$'));
  const part = path[place];
  if (part === undefined) return [path];
  const before = path.slice(0, place);
  const list = before.reduce<unknown>((value, name) => own(value, name), document);
  if (part !== '$' && part !== '$[]') throw writeFailed(`No array filter found for identifier in '${path.join('.')}'`);
  if (!Array.isArray(list)) {
    throw writeFailed(`The path '${before.join('.')}' must exist in the document in order to apply array updates.`);
  }
  const places = part === '$[]' ? [...list.keys()] : [matchedPlace(list, before, condition)];
  return places.flatMap((found) =>
    concretePaths(document, [...before, String(found), ...path.slice(place + 1)], condition),
  );
}

/** The first element that the filter's condition on the list is true of. */
function matchedPlace(list: readonly unknown[], path: Path, condition: Fields): number {
  const dotted = path.join('.');
  for (const [name, operand] of conditionsOf(condition)) {
    if (name !== dotted && !name.startsWith(`${dotted}.`)) continue;
    const test = compileField(name, operand);
    const found = list.findIndex((item) =>
      test(path.reduceRight<unknown>((inner, part) => ({ [part]: inner }), [item])),
    );
    if (found !== -1) return found;
  }
  throw writeFailed('The positional operator did not find the match needed from the query.');
}

function conditionsOf(condition: Fields): [string, unknown][] {
  return Object.entries(condition).flatMap(([name, operand]): [string, unknown][] =>
    name === '$and' && Array.isArray(operand) ? operand.filter(isFields).flatMap(conditionsOf) : [[name, operand]],
  );
}
