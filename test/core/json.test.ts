import { describe, expect, it } from 'vitest';
import { canonicalJson, parseCanonical } from '../../src/core/index.ts';

// Codes over letters that are stored are made of these texts: not one character of them may ever change.
describe('the one text of a content', () => {
  it('has its keys in one order, however they were set: numbers first, as numbers, then by their characters', () => {
    const one = canonicalJson({ b: 1, a: { y: 1, x: 2 }, 10: 'ten', 9: 'nine', B: 2, $x: 3, ä: 4 });
    const two = canonicalJson({ ä: 4, 9: 'nine', $x: 3, B: 2, 10: 'ten', a: { x: 2, y: 1 }, b: 1 });
    expect(one).toBe('{"9":"nine","10":"ten","$x":3,"B":2,"a":{"x":2,"y":1},"b":1,"ä":4}');
    expect(two).toBe(one);
  });

  it('leaves out what is undefined in an object, and keeps its place in a list', () => {
    expect(canonicalJson({ a: undefined, b: [undefined, 1, null], c: null })).toBe('{"b":[null,1,null],"c":null}');
  });

  it('tells a moment from a number and from a text', () => {
    const moment = new Date(1_763_784_000_000);
    expect(canonicalJson([moment, moment.getTime(), moment.toISOString()])).toBe(
      '[{"$date":1763784000000},1763784000000,"2025-11-22T04:00:00.000Z"]',
    );
    expect(parseCanonical(canonicalJson({ at: moment }))).toEqual({ at: moment });
  });

  it('takes a field named "__proto__" for a field like any other', () => {
    const hostile: unknown = JSON.parse('{"b":1,"__proto__":{"a":2},"a":3}');
    expect(canonicalJson(hostile)).toBe('{"__proto__":{"a":2},"a":3,"b":1}');
  });

  it('is what JSON makes of everything else', () => {
    for (const value of ['é"\n', -0, 1e21, Number.NaN, true, null, [], {}]) {
      expect(canonicalJson(value)).toBe(JSON.stringify(value));
    }
  });
});
