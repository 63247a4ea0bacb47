import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type * as z from 'zod/mini';
import { isDurableError } from '../../src/core/index.ts';
import { parseGenerate, parseHistory, parseWorkId } from '../../src/records/index.ts';
import { generateInput, historyInput, workInput } from './input-schemas.ts';

type Outcome = { readonly read: unknown } | { readonly refused: unknown };

const PAIRS = [
  ['generate', parseGenerate, generateInput],
  ['getHistory', parseHistory, historyInput],
  ['deleteWork', parseWorkId, workInput],
] as const satisfies readonly (readonly [string, (data: unknown) => unknown, z.ZodMiniType])[];

function bySchema(schema: z.ZodMiniType, data: unknown): Outcome {
  const { success, data: read, error } = schema.safeParse(data ?? {});
  return success ? { read } : { refused: String(error.issues[0]?.path[0] ?? 'data') };
}

function byReader(parse: (data: unknown) => unknown, data: unknown): Outcome {
  try {
    return { read: parse(data) };
  } catch (error) {
    if (!isDurableError(error, 'INPUT_INVALID')) throw error;
    return { refused: error.details['field'] };
  }
}

/** What a person's form sends, and what its author never thought of. */
const text = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ maxLength: 60, unit: 'grapheme' }),
  fc.stringMatching(/^[\w.:-]{0,130}$/),
  fc.stringMatching(/^\d{0,17}-[\w-]{0,152}$/),
  fc.constantFrom('', ' ', '\n\u3000', 'x\n', '__proto__', 'single', '\ud800', '灯塔\u0000'),
  // Around every bound, in units and in characters, with and without what is trimmed.
  fc
    .tuple(
      fc.constantFrom('x', '灯', '👨‍👩‍👧', '😀'),
      fc.constantFrom(1, 49, 50, 51, 64, 65, 128, 129, 250, 499, 500, 501, 2_000, 2_001),
      fc.constantFrom('', ' ', '\t\t'),
    )
    .map(([unit, count, space]) => space + unit.repeat(count) + space),
);
const number = fc.oneof(
  fc.integer({ min: -2, max: 1_002 }),
  fc.double(),
  fc.constantFrom(NaN, Infinity, -0, 50, 51, 1_000, 1_001, 2 ** 53),
);
const odd = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, true, false, 1n, Symbol('s'), [], ['x'], {}, new Date(0), /x/, () => 'x'),
  fc.constantFrom<unknown>({ $ne: null }, { $gt: '' }, { toString: () => 'x' }, new String('x'), new Number(1)),
  fc.anything(),
);
const value = fc.oneof({ weight: 4, arbitrary: text }, { weight: 2, arbitrary: number }, { weight: 2, arbitrary: odd });

const names = ['prompt', 'character', 'style', 'emotion', 'mode', 'requestId', 'retryUnknown'];
const fields = [...names, 'page', 'pageSize', 'cursor', 'workId'];
const sound = { prompt: '灯塔', page: 2, workId: 'w_1' };
/** Mostly sound but for a field or two, so that what follows the first field is reached. */
const nearlySound = fc
  .dictionary(fc.constantFrom(...fields, '__proto__', 'constructor', 'x'), value, { maxKeys: 3 })
  .map((changed) => ({ ...sound, ...changed }));
const data = fc.oneof(nearlySound, fc.dictionary(fc.constantFrom(...fields), value), odd);

describe('what a mini program sends', () => {
  test.each(PAIRS)('is read for %s exactly as its schema reads it', (_name, parse, schema) => {
    fc.assert(
      fc.property(data, (sent) => {
        expect(byReader(parse, sent)).toEqual(bySchema(schema, sent));
      }),
      { numRuns: 3_000 },
    );
  });

  test.each(PAIRS)('is compared for %s by a property that sees both readings and refusals', (_name, parse) => {
    const seen = new Set<string>();
    for (const sent of fc.sample(data, 3_000)) {
      const outcome = byReader(parse, sent);
      seen.add('read' in outcome ? 'read' : String(outcome.refused));
    }
    expect(seen.size).toBeGreaterThan(2);
    expect(seen).toContain('read');
    expect(seen).toContain('data');
  });

  test('finds a reader that is wrong by one character', () => {
    const careless = (sent: unknown): unknown => {
      const { style } = (sent ?? {}) as { style?: unknown };
      return parseGenerate(typeof style === 'string' && style.trim().length === 51 ? { ...sound } : sent);
    };
    const property = fc.property(data, (sent) => {
      expect(byReader(careless, sent)).toEqual(bySchema(generateInput, sent));
    });
    expect(fc.check(property, { numRuns: 20_000 }).failed).toBe(true);
  });

  test('says to the person what the field must be', () => {
    const told = (parse: (sent: unknown) => unknown, sent: unknown): unknown => {
      try {
        return parse(sent);
      } catch (error) {
        return isDurableError(error, 'INPUT_INVALID') && [error.message, error.details['zh']];
      }
    };
    expect(told(parseGenerate, {})).toEqual([
      '[INPUT_INVALID] "prompt" is not valid',
      '图片描述应为 1–500 个字符的文字',
    ]);
    expect(told(parseGenerate, { prompt: 'x', mode: 1 })).toEqual([
      '[INPUT_INVALID] "mode" is not valid',
      'mode 应为不超过 50 个字符的文字',
    ]);
    expect(told(parseGenerate, { prompt: 'x', requestId: 'a b' })).toEqual([
      '[INPUT_INVALID] "requestId" is not valid',
      'requestId 应为 1–128 个字母、数字或 _ . : - 字符',
    ]);
    expect(told(parseGenerate, { prompt: 'x', retryUnknown: 'yes' })).toEqual([
      '[INPUT_INVALID] "retryUnknown" is not valid',
      'retryUnknown 应为 true 或 false',
    ]);
    expect(told(parseHistory, { page: 0 })).toEqual(['[INPUT_INVALID] "page" is not valid', 'page 应为 1–1000 的整数']);
    expect(told(parseHistory, { pageSize: 51 })).toEqual([
      '[INPUT_INVALID] "pageSize" is not valid',
      'pageSize 应为 1–50 的整数',
    ]);
    expect(told(parseHistory, { cursor: 'x' })).toEqual([
      '[INPUT_INVALID] "cursor" is not valid',
      'cursor 无效，请使用上一页返回的 nextCursor',
    ]);
    expect(told(parseWorkId, 'w_1')).toEqual(['[INPUT_INVALID] "data" is not valid', 'data 应为对象']);
    expect(told(parseWorkId, {})).toEqual(['[INPUT_INVALID] "workId" is not valid', 'workId 无效']);
  });

  test('is refused without being counted when it is a text of megabytes', () => {
    let counted = 0;
    const huge = 'x'.repeat(4_000_000);
    const iterate = String.prototype[Symbol.iterator];
    String.prototype[Symbol.iterator] = function (this: string) {
      counted += 1;
      return iterate.call(this);
    };
    try {
      expect(byReader(parseGenerate, { prompt: huge })).toEqual({ refused: 'prompt' });
      expect(counted).toBe(0);
      expect(byReader(parseGenerate, { prompt: 'x' })).toMatchObject({ read: { prompt: 'x' } });
      expect(counted).toBe(1);
    } finally {
      String.prototype[Symbol.iterator] = iterate;
    }
  });

  test('leaves nothing on any prototype, and is read only where it has the field', () => {
    const sent: unknown = JSON.parse(
      '{"prompt":"x","__proto__":{"retryUnknown":true,"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
    );
    expect(byReader(parseGenerate, sent)).toEqual(bySchema(generateInput, sent));
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test('passes on what a getter throws, as its schema does', () => {
    const sent = {
      get prompt(): string {
        throw new RangeError('from a getter');
      },
    };
    expect(() => parseGenerate(sent)).toThrow(RangeError);
    expect(() => generateInput.safeParse(sent)).toThrow(RangeError);
  });
});
