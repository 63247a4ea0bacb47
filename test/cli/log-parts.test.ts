import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { logParts, type LogPart } from '../../src/cli/recover/log-parts.ts';

async function* inChunks(text: string, size: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

async function partsOf(text: string, { chunk = 7, most = 40 } = {}): Promise<readonly LogPart[]> {
  const parts: LogPart[] = [];
  for await (const part of logParts(inChunks(text, chunk), most)) parts.push(part);
  return parts;
}

describe('the lines of a log', () => {
  test('are its lines, whatever pieces the file is read in', async () => {
    const line = fc.stringMatching(/^[a-z "{}]{0,30}$/);
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 50 }), async (lines, chunk) => {
        const parts = await partsOf(lines.map((text) => `${text}\n`).join(''), { chunk });
        expect(parts).toEqual(lines.map((text, index) => ({ text, line: index + 1, isRest: false })));
      }),
    );
  });

  test('need no end after the last one', async () => {
    expect((await partsOf('a\n\nb')).map(({ text }) => text)).toEqual(['a', '', 'b']);
  });
});

describe('a line that is too long to be held', () => {
  const WORD = /[\w.-]+/g;

  test('is handed on in parts that are no longer than that, and no word of it is cut', async () => {
    const words = fc.array(fc.stringMatching(/^[a-z0-9_.-]{1,20}$/), { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(words, fc.integer({ min: 1, max: 19 }), async (all, chunk) => {
        const line = JSON.stringify(all);
        const parts = await partsOf(`first\n${line}\nlast`, { chunk });
        const own = parts.filter(({ line: number }) => number === 2);
        expect(own.map(({ text }) => text).join('')).toBe(line);
        expect(own.flatMap(({ text = '' }) => text.match(WORD) ?? [])).toEqual(all);
        expect(own.map(({ isRest }) => isRest)).toEqual(own.map((_part, index) => index > 0));
        for (const { text = '' } of own) expect(text.length).toBeLessThanOrEqual(40 + chunk);
        expect([parts[0], parts.at(-1)]).toMatchObject([{ text: 'first' }, { text: 'last', line: 3 }]);
      }),
    );
  });

  test('is left where a word of it is, said once, and the next line is read', async () => {
    const parts = await partsOf(`{"a":"${'x'.repeat(500)}","b":"lost"}\n{"c":1}\n`);
    expect(parts.map(({ text }) => text)).toEqual(['{"a":"', undefined, '{"c":1}']);
    expect(parts.map(({ line }) => line)).toEqual([1, 1, 2]);
  });
});
