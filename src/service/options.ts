import { DurableError } from '../core/index.ts';

/** What the option must be, in words for whoever left it out, and as a test. */
export type Rule = readonly [wants: string, isFine: (value: unknown) => boolean];
export type Rules = Readonly<Record<string, Rule>>;

/**
 * Reads options before anything is asked of the database: a wrong one would be found in the middle of a call, or never.
 * Throws `CONFIG_INVALID` for a missing, a mistyped or an unknown option, naming it, the type of what was given and what
 * it wants; never its value.
 */
export function readOptions(what: string, given: unknown, rules: Rules): void {
  const options = given === undefined ? {} : given;
  if (!isPlain(options))
    throw new DurableError('CONFIG_INVALID', `${what}: give its options; there is ${kindOf(given)}`);
  for (const [name, [wants, isFine]] of Object.entries(rules)) {
    if (!isFine(options[name])) throw wrong(what, name, `give ${wants}; there is ${kindOf(options[name])}`);
  }
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(rules, name));
  if (unknown === undefined) return;
  throw wrong(what, unknown.slice(0, 40), `there is no such option; there are ${Object.keys(rules).join(', ')}`);
}

/** A mistake in an option; the code that calls must be changed. */
export function wrong(what: string, option: string, why: string, cause?: unknown): DurableError {
  return new DurableError('CONFIG_INVALID', `${what}: option "${option}": ${why}`, { details: { option }, cause });
}

/** The same rule for an option that may be left out. */
export function optional([wants, isFine]: Rule): Rule {
  return [wants, (value) => value === undefined || isFine(value)];
}

export const anything: Rule = ['anything', () => true];
export const isFunction = (value: unknown): boolean => typeof value === 'function';
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
// What names a platform takes besides is its own affair; these are none anywhere.
const isName = (value: unknown): boolean => isText(value) && value.length <= 64 && !/[\s$]/.test(value);
const listOf =
  (isFine: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.every(isFine);

export const object: Rule = ['an object', isPlain];
export const text: Rule = ['a text that is not empty', isText];
export const texts: Rule = ['a list of texts', listOf(isText)];
export const collection: Rule = ["a collection's name", isName];
export const collectionNames: Rule = ["a list of collections' names", listOf(isName)];
export const deadline: Rule = ["the call's `deadline`, as a handler's action is given it", isDeadline];

export function isDeadline(value: unknown): boolean {
  return typeof (value as { remainingMs?: unknown } | null | undefined)?.remainingMs === 'function';
}

/**
 * An object of named values. A function, a list, a date and a condition have no names to go by: taken for one, they
 * would say nothing at all, and a filter that says nothing finds everybody.
 */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  // By its tag: objects of another realm have another prototype.
  if (Object.prototype.toString.call(value) !== '[object Object]') return false;
  return Object.getOwnPropertySymbols(value).length === 0;
}

/** The type of a value, in words; never the value. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'none';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return isPlain(value) ? 'an object' : 'an object of another kind';
  return `a ${typeof value}`;
}

/** A whole number within these bounds. */
export function wholeNumber(least: number, most: number): Rule {
  const isFine = (value: unknown): boolean =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
  return [`a whole number from ${least} to ${most}`, isFine];
}

/** What has this method, of whatever class it is. */
export function having(wants: string, ...methods: readonly string[]): Rule {
  const has = (value: unknown, name: string): boolean =>
    typeof (value as Readonly<Record<string, unknown>> | null | undefined)?.[name] === 'function';
  return [wants, (value) => methods.every((name) => has(value, name))];
}
