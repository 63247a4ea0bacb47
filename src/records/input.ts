/**
 * What a mini program sends, checked before anything else happens. Read by hand: people wait for the function that
 * carries this, and a schema library was a sixth of its weight and a third of the time it takes to load.
 * `test/records` compares it with schemas.
 */
import { DurableError } from '../core/index.ts';

export interface GenerateInput {
  /** 1 to 500 characters, trimmed. */
  readonly prompt: string;
  /** This and the next three: at most 50 UTF-16 units, trimmed. */
  readonly character: string;
  readonly style: string;
  readonly emotion: string;
  readonly mode: string;
  readonly requestId?: string | undefined;
  readonly retryUnknown: boolean;
}

export interface HistoryInput {
  /** From 1 to 1,000. */
  readonly page: number;
  /** From 1 to 50. */
  readonly pageSize: number;
  /** The `nextCursor` of an earlier answer. */
  readonly cursor?: string | undefined;
}

export interface WorkInput {
  readonly workId: string;
}

const PROMPT_MAX = 500;
const LABEL_MAX = 50;

/** A field: what it is read as, or undefined where it is not valid; and for people, what it must be. */
interface Field<T> {
  read(value: unknown): { readonly value: T } | undefined;
  readonly rule: string;
}
type Fields<T> = { readonly [name in keyof T]-?: Field<T[name]> };

const text = (isFine: (text: string) => boolean, rule: string): Field<string> => ({
  read: (value) => (typeof value === 'string' && isFine(value) ? { value } : undefined),
  rule,
});
const trimmed = ({ read, rule }: Field<string>): Field<string> => ({
  read: (value) => read(typeof value === 'string' ? value.trim() : value),
  rule,
});
const either = <T, D>({ read, rule }: Field<T>, otherwise: D): Field<T | D> => ({
  read: (value) => (value === undefined ? { value: otherwise } : read(value)),
  rule,
});

const label = (name: string, otherwise: string): Field<string> =>
  either(trimmed(text(({ length }) => length <= LABEL_MAX, `${name} 应为不超过 ${LABEL_MAX} 个字符的文字`)), otherwise);
const whole = (name: string, most: number, otherwise: number): Field<number> =>
  either(
    {
      read: (value) =>
        Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most ? { value: Number(value) } : undefined,
      rule: `${name} 应为 1–${most} 的整数`,
    },
    otherwise,
  );

const generateFields: Fields<GenerateInput> = {
  prompt: {
    // A length in UTF-16 units first: a text of megabytes is refused without being counted.
    read: (value) => (typeof value === 'string' && value.length <= PROMPT_MAX * 4 ? promptIn(value.trim()) : undefined),
    rule: `图片描述应为 1–${PROMPT_MAX} 个字符的文字`,
  },
  character: label('character', ''),
  style: label('style', 'cartoon'),
  emotion: label('emotion', ''),
  mode: label('mode', 'single'),
  requestId: either(
    text((id) => /^[\w.:-]{1,128}$/.test(id), 'requestId 应为 1–128 个字母、数字或 _ . : - 字符'),
    undefined,
  ),
  retryUnknown: {
    read: (value = false) => (typeof value === 'boolean' ? { value } : undefined),
    rule: 'retryUnknown 应为 true 或 false',
  },
};

function promptIn(value: string): { readonly value: string } | undefined {
  return value !== '' && [...value].length <= PROMPT_MAX ? { value } : undefined;
}

const historyFields: Fields<HistoryInput> = {
  page: whole('page', 1_000, 1),
  pageSize: whole('pageSize', 50, 10),
  cursor: either(
    text((cursor) => /^\d{1,15}-[\w-]{1,150}$/.test(cursor), 'cursor 无效，请使用上一页返回的 nextCursor'),
    undefined,
  ),
};

const workFields: Fields<WorkInput> = { workId: text((id) => /^[\w-]{1,64}$/.test(id), 'workId 无效') };

/** The data of `generate`; unknown fields are dropped. Throws `INPUT_INVALID` naming the field. */
export function parseGenerate(data: unknown): GenerateInput {
  const input = parse(generateFields, data);
  // A form's empty field is one that was not filled in.
  return { ...input, style: input.style || 'cartoon', mode: input.mode || 'single' };
}
/** The data of `getHistory`. Throws `INPUT_INVALID` naming the field. */
export const parseHistory = (data: unknown): HistoryInput => parse(historyFields, data);
/** The data of `deleteWork`. Throws `INPUT_INVALID` naming the field. */
export const parseWorkId = (data: unknown): WorkInput => parse(workFields, data);

function parse<T extends object>(fields: Fields<T>, data: unknown): T {
  const source = data ?? {};
  if (typeof source !== 'object' || Array.isArray(source)) throw invalid('data', 'data 应为对象');
  const input: Partial<T> = {};
  for (const [name, { read, rule }] of Object.entries<Field<T[keyof T]>>(fields)) {
    const found = read((source as Readonly<Record<string, unknown>>)[name]);
    if (!found) throw invalid(name, rule);
    input[name as keyof T] = found.value;
  }
  return input as T;
}

function invalid(field: string, zh: string): DurableError {
  return new DurableError('INPUT_INVALID', `"${field}" is not valid`, { details: { field, zh } });
}
