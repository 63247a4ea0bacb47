/** What a mini program may send, as schemas: what the reader of `src/records` is compared with. */
import * as z from 'zod/mini';

const PROMPT_MAX = 500;
const characters = (text: string): number => [...text].length;

const matching = (pattern: RegExp) => z.string().check(z.refine((text) => pattern.test(text)));
const whole = (most: number) =>
  z.number().check(z.refine((value) => Number.isInteger(value) && value >= 1 && value <= most));
const label = z.string().check(
  z.trim(),
  z.refine((text) => text.length <= 50),
);

export const generateInput = z.pipe(
  z.object({
    prompt: z.string().check(
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
  }),
  z.transform((input) => ({ ...input, style: input.style || 'cartoon', mode: input.mode || 'single' })),
);

export const historyInput = z.object({
  page: z._default(whole(1_000), 1),
  pageSize: z._default(whole(50), 10),
  cursor: z.optional(matching(/^\d{1,15}-[\w-]{1,150}$/)),
});

export const workInput = z.object({ workId: matching(/^[\w-]{1,64}$/) });
