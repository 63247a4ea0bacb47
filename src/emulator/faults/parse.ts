import { DurableError } from '../../core/index.ts';
import { BODIES, INJECTIONS, PROVIDER_STEPS, STORAGE_STEPS, type FaultRule } from './rule.ts';

/** Says what is wrong with a field, or nothing. */
type FieldCheck = (value: unknown) => string | undefined;

const FIELDS: Readonly<Record<string, FieldCheck>> = {
  action: names,
  collection: names,
  function: names,
  from: names,
  id: names,
  storage: oneOrManyOf(STORAGE_STEPS),
  provider: oneOrManyOf(PROVIDER_STEPS),
  inject: oneOf(INJECTIONS),
  delayMs: integer(0, 3_600_000),
  status: integer(200, 599),
  body: oneOf(BODIES),
  code: text,
  message: text,
  skip: integer(0, Number.MAX_SAFE_INTEGER),
  times: integer(1, Number.MAX_SAFE_INTEGER),
  probability: (value) =>
    typeof value === 'number' && value >= 0 && value <= 1 ? undefined : 'must be a number from 0 to 1',
  seed: integer(0, Number.MAX_SAFE_INTEGER),
};

/** What an injection cannot do without. */
const NEEDS: Readonly<Record<string, string>> = {
  delay: 'delayMs',
  status: 'status',
  'status-after': 'status',
  error: 'code',
};

/** `value` as a list of fault rules; anything else is refused with a text that names rule and field. */
export function parseFaults(value: unknown): FaultRule[] {
  if (!Array.isArray(value)) throw refusal('faults', 'must be a list of rules');
  return value.map((rule: unknown, index) => parseFault(rule, `faults[${index}]`));
}

/** `value` as one fault rule. */
export function parseFault(value: unknown, where = 'fault'): FaultRule {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refusal(where, 'must be an object');
  const fields = Object.entries(value).filter(([, item]) => item !== undefined);
  for (const [name, item] of fields) {
    const check = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
    if (check === undefined)
      throw refusal(`${where}.${name}`, `is unknown; known are ${Object.keys(FIELDS).join(', ')}`);
    const problem = check(item);
    if (problem !== undefined) throw refusal(`${where}.${name}`, problem);
  }
  const rule = Object.fromEntries(fields) as Partial<FaultRule>;
  if (rule.inject === undefined) throw refusal(`${where}.inject`, `is missing; one of ${INJECTIONS.join(', ')}`);
  const need = NEEDS[rule.inject];
  if (need !== undefined && !(need in rule)) throw refusal(`${where}.${need}`, `is missing; "${rule.inject}" needs it`);
  return rule as FaultRule;
}

function names(value: unknown): string | undefined {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length > 0 && list.every((item) => typeof item === 'string' && item !== '')) return undefined;
  return 'must be a name or a list of names';
}

function oneOf(allowed: readonly string[]): FieldCheck {
  return (value) => (allowed.some((item) => item === value) ? undefined : unknownChoice(value, allowed));
}

function oneOrManyOf(allowed: readonly string[]): FieldCheck {
  return (value) => {
    const list: unknown[] = Array.isArray(value) ? value : [value];
    const isGood = list.length > 0 && list.every((item) => allowed.some((name) => name === item));
    return isGood ? undefined : unknownChoice(value, allowed);
  };
}

function unknownChoice(value: unknown, allowed: readonly string[]): string {
  return `${JSON.stringify(value) ?? 'this'} is unknown; one of ${allowed.join(', ')}`;
}

function integer(min: number, max: number): FieldCheck {
  return (value) =>
    Number.isInteger(value) && Number(value) >= min && Number(value) <= max
      ? undefined
      : `must be a whole number from ${min} to ${max}`;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? undefined : 'must be a string';
}

function refusal(where: string, problem: string): DurableError {
  return new DurableError('CONFIG_INVALID', `${where} ${problem}`);
}
