import assert from 'node:assert';

type Assert = typeof assert;

/**
 * The suite asserts through power-assert, which lets `strictEqual` be called with one argument: it compares it with
 * undefined. Node's own refuses the call, and one case of the suite (`date.test.ts`, Document - CRUD) makes it.
 */
const lenient: Assert = Object.assign(
  ((value: unknown, message?: string | Error) => assert.ok(value, message)) as Assert,
  assert,
  {
    strictEqual: (actual?: unknown, expected?: unknown, message?: string) =>
      assert.strictEqual(actual, expected, message),
  },
);

export default lenient;
