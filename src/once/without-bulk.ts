import { canonicalJson } from '../core/index.ts';
import type { Document } from '../store/index.ts';

/** What the protocol, counters and checks stand on: kept whatever else a record holds. */
const KEPT_FIRST: ReadonlySet<string> = new Set([
  ...['_id', 'userId', 'status', 'errorMessage', 'errorCode', 'createdAt', 'finishedAt', 'token', 'attempt', 'hash'],
  ...['schemaVersion', 'isRecovered', 'recoveredAt', 'deletedAt'],
]);
/** Of all fields together, in characters of JSON. */
const MOST_CHARS = 100_000;

/**
 * The record without its largest fields, and with the name of the file that has them all (`restIn`): for one that was paid
 * for, and that no document can hold. Undefined where nothing is large.
 */
export function withoutBulk(record: Document, restIn: string): Document | undefined {
  const sized = Object.entries(record).map(([name, value]) => ({
    name,
    chars: KEPT_FIRST.has(name) ? 0 : name.length + canonicalJson(value).length,
  }));
  sized.sort((one, other) => one.chars - other.chars);
  let chars = 0;
  const kept = new Set(sized.filter((field) => (chars += field.chars) <= MOST_CHARS).map(({ name }) => name));
  if (kept.size === sized.length) return undefined;
  const fields = Object.entries(record).filter(([name]) => kept.has(name));
  return { ...(Object.fromEntries(fields) as Document), restIn };
}
