/** What a mini program sends to have a picture made, checked before anything else happens. */
import { either, readFields, text, trimmed, type Field, type Fields } from './fields.ts';

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

const PROMPT_MAX = 500;
const LABEL_MAX = 50;

const label = (name: string, otherwise: string): Field<string> =>
  either(trimmed(text(({ length }) => length <= LABEL_MAX, `${name} 应为不超过 ${LABEL_MAX} 个字符的文字`)), otherwise);
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

/** The data of `generate`; unknown fields are dropped. Throws `INPUT_INVALID` naming the field. */
export function parseGenerate(data: unknown): GenerateInput {
  const input = readFields(generateFields, data);
  // A form's empty field is one that was not filled in.
  return { ...input, style: input.style || 'cartoon', mode: input.mode || 'single' };
}
