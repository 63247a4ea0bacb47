import { DurableError } from '../core/index.ts';

const MAX_DEPTH = 100;

/**
 * Throws `INPUT_INVALID` for a value of a class, as the SDK's own `serverDate()`, `command` and `Geo`: they mean something
 * in a statement of the SDK, and would be stored as something else by a record that may go through a letter first.
 */
export function assertPlain(value: unknown, depth = 0): void {
  if (typeof value !== 'object' || value === null || value instanceof Date) return;
  const madeBy: unknown = Object.getPrototypeOf(value);
  // The prototype of a plain object has none itself, also where the object comes from another realm.
  const isPlain = Array.isArray(value) || madeBy === null || Object.getPrototypeOf(madeBy) === null;
  if (!isPlain || depth > MAX_DEPTH) {
    const what = isPlain ? `something deeper than ${MAX_DEPTH} levels` : `a ${value.constructor.name}`;
    throw new DurableError(
      'INPUT_INVALID',
      `${what} cannot be stored; give texts, numbers, Dates, lists and plain objects`,
    );
  }
  for (const part of Object.values(value)) assertPlain(part, depth + 1);
}
