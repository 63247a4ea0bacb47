/** What a mini program sends, checked before anything else happens. */
import * as z from 'zod/mini';
import { DurableError } from '../core/index.ts';

const PROMPT_MAX = 500;
const LABEL_MAX = 50;

const characters = (text: string): number => [...text].length;

// Of zod's checks only `trim` and `refine` are used: each further kind weighs about a kilobyte in every function.
const matching = (pattern: RegExp) => z.string().check(z.refine((text) => pattern.test(text)));
const whole = (most: number) =>
  z.number().check(z.refine((value) => Number.isInteger(value) && value >= 1 && value <= most));
const label = z.string().check(
  z.trim(),
  z.refine((text) => text.length <= LABEL_MAX),
);

const generateInput = z.object({
  prompt: z.string().check(
    // A length in UTF-16 units first: a text of megabytes is refused without being counted.
    z.refine((text) => text.length <= PROMPT_MAX * 4, { abort: true }),
    z.trim(),
    z.refine((text) => characters(text) >= 1 && characters(text) <= PROMPT_MAX),
  ),
  character: z._default(label, ''),
  style: z._default(label, 'cartoon'),
  emotion: z._default(label, ''),
  mode: z._default(label, 'single'),
  requestId: z.optional(matching(/^[\w.:-]{1,128}$/)),
  retryUnknown: z._default(z.boolean(), false),
});

const historyInput = z.object({
  page: z._default(whole(1_000), 1),
  pageSize: z._default(whole(50), 10),
  cursor: z.optional(matching(/^\d{1,15}-[\w-]{1,150}$/)),
});

const workInput = z.object({ workId: matching(/^[\w-]{1,64}$/) });

export type GenerateInput = z.infer<typeof generateInput>;
export type HistoryInput = z.infer<typeof historyInput>;
export type WorkInput = z.infer<typeof workInput>;

/** For people: what each field must be. */
const RULES: Readonly<Record<string, string>> = {
  prompt: `图片描述应为 1–${PROMPT_MAX} 个字符的文字`,
  character: `character 应为不超过 ${LABEL_MAX} 个字符的文字`,
  style: `style 应为不超过 ${LABEL_MAX} 个字符的文字`,
  emotion: `emotion 应为不超过 ${LABEL_MAX} 个字符的文字`,
  mode: `mode 应为不超过 ${LABEL_MAX} 个字符的文字`,
  requestId: 'requestId 应为 1–128 个字母、数字或 _ . : - 字符',
  retryUnknown: 'retryUnknown 应为 true 或 false',
  page: 'page 应为 1–1000 的整数',
  pageSize: 'pageSize 应为 1–50 的整数',
  cursor: 'cursor 无效，请使用上一页返回的 nextCursor',
  workId: 'workId 无效',
};

/** The data of `generate`; unknown fields are dropped. Throws `INPUT_INVALID` naming the field. */
export function parseGenerate(data: unknown): GenerateInput {
  const input = parse(generateInput, data);
  // A form's empty field is one that was not filled in.
  return { ...input, style: input.style || 'cartoon', mode: input.mode || 'single' };
}
/** The data of `getHistory`. Throws `INPUT_INVALID` naming the field. */
export const parseHistory = (data: unknown): HistoryInput => parse(historyInput, data);
/** The data of `deleteWork`. Throws `INPUT_INVALID` naming the field. */
export const parseWorkId = (data: unknown): WorkInput => parse(workInput, data);

function parse<T extends z.ZodMiniType>(schema: T, data: unknown): z.infer<T> {
  const result = schema.safeParse(data ?? {});
  if (result.success) return result.data;
  const field = String(result.error.issues[0]?.path[0] ?? 'data');
  throw new DurableError('INPUT_INVALID', `"${field}" is not valid`, {
    details: { field, zh: RULES[field] ?? 'data 应为对象' },
  });
}
