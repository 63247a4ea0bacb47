/** What the sections of the check ask of a record, whatever it is about. */

const HOUR_MS = 3_600_000;
/** Clocks of two machines may differ by so much. */
const SKEW_MS = 60_000;
/** After 24 hours without evidence recovery ends an unknown record; one hour for it to run late. */
const UNKNOWN_OVERDUE_MS = 25 * HOUR_MS;

/** When a record is looked at. */
export interface Moments {
  /** As of when the whole check judges. */
  readonly nowMs: number;
  /** When this record was read: a long walk meets records that are younger than itself. */
  readonly readAtMs: number;
}

/** The moment a field holds, or undefined. */
export function momentOf(value: unknown): number | undefined {
  const atMs = value instanceof Date ? value.getTime() : Number.NaN;
  return Number.isNaN(atMs) ? undefined : atMs;
}

/** Whether a field holds a text with something in it. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Whether a record says that it was created after it was read, by more than clocks differ. */
export function isInFuture(createdAtMs: number | undefined, { readAtMs }: Moments): boolean {
  return createdAtMs !== undefined && createdAtMs > readAtMs + SKEW_MS;
}

/** What an `unknown` record of this age is. Without a moment nobody can say that it still has time. */
export function unknownOf(ageMs = Infinity): 'unknown-overdue' | 'unknown-waiting' {
  return ageMs > UNKNOWN_OVERDUE_MS ? 'unknown-overdue' : 'unknown-waiting';
}
