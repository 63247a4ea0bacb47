import { DurableError, type Code } from '../core/index.ts';

/** What an option must be, in words, and whether a value is that. */
export interface OptionCheck {
  readonly what: string;
  isFine(value: unknown): boolean;
}

export type OptionChecks = Readonly<Record<string, OptionCheck>>;

interface Place {
  /** Whose options they are, for the message. */
  readonly of: string;
  /** @default 'CONFIG_INVALID' */
  readonly code?: Code;
  /** Options that may not be left out. @default none */
  readonly required?: readonly string[];
}

/**
 * Throws for what is no object, for an option that there is not, and for one that is not what it must be; the message
 * names the option. A misspelled condition that was dropped in silence would let everybody pass.
 */
export function assertOptions(given: unknown, checks: OptionChecks, { of, code, required = [] }: Place): void {
  const refuse = (option: string, what: string): DurableError =>
    new DurableError(code ?? 'CONFIG_INVALID', `${of}: option "${option}": ${what}`, { details: { option } });
  const options = isPlainObject(given) ? given : {};
  const missing = required.find((name) => options[name] === undefined);
  if (missing !== undefined) throw refuse(missing, checks[missing]?.what ?? 'is missing');
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (!check) throw refuse(name, `there is no such option; there are ${Object.keys(checks).join(', ')}`);
    if (value !== undefined && !check.isFine(value)) throw refuse(name, check.what);
  }
}

const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

// What names a platform takes besides is its own affair; these are none anywhere.
const isCollection = (value: unknown): boolean => isText(value) && value.length <= 64 && !/[\s$]/.test(value);

/** What options are made of. */
export const must = {
  beText: { what: 'give a text that is not empty', isFine: isText },
  beTexts: {
    what: 'give a list of texts',
    isFine: (value) => Array.isArray(value) && value.every(isText),
  },
  beCollection: { what: 'give the name of a collection', isFine: isCollection },
  beCollections: {
    what: 'give a list of names of collections',
    isFine: (value) => Array.isArray(value) && value.every(isCollection),
  },
  beObject: { what: 'give an object', isFine: isPlainObject },
  beFunction: { what: 'give a function', isFine: (value) => typeof value === 'function' },
  beSwitch: { what: 'give true or false', isFine: (value) => typeof value === 'boolean' },
  beAmounts: {
    what: 'give numbers by the names of the fields that they change, as { points: -30 }',
    isFine: (value) => isPlainObject(value) && Object.values(value).every((by) => Number.isFinite(by)),
  },
  beDeadline: {
    what: 'give the deadline that an action or a timer is given, or one of createDeadline',
    isFine: (value) => typeof (value as { remainingMs?: unknown } | null)?.remainingMs === 'function',
  },
  beAnything: { what: 'give a value', isFine: () => true },
} as const satisfies OptionChecks;

/** A whole number within these bounds. */
export function beWhole(least: number, most: number): OptionCheck {
  return {
    what: `give a whole number from ${least} to ${most}`,
    isFine: (value) => typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most,
  };
}
