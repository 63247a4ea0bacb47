import { calculateObjectSize } from 'bson';
import { CloudError, invalidParam, requestFailed } from '../cloud-error.ts';

/** What the platform accepts as a document's `_id`; an ObjectId is its hexadecimal text. */
export type Id = string | number;

/** A mapping as it stands in documents, filters and updates. */
export type Fields = Record<string, unknown>;

/** A document as it is kept. Never changed in place: an update stores another object. */
export interface Stored extends Fields {
  readonly _id: Id;
}

/** MongoDB's limit for one document. */
const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

/** Below this much text no document can exceed the limit, so its exact size need not be worked out. */
const SURELY_SMALL = MAX_DOCUMENT_BYTES / 8;

/** Whether `value` is a mapping, as opposed to a scalar, an array, a date, a pattern or a BSON value. */
export function isFields(value: unknown): value is Fields {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Whether `value` can be an `_id`. */
export function isId(value: unknown): value is Id {
  return typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));
}

/** `value` as an `_id`; refuses what the local cloud does not keep documents under. */
export function asId(value: unknown): Id {
  if (isId(value)) return value;
  throw invalidParam(`_id must be a string, a number or an ObjectId, not ${typeName(value)}`);
}

/** Refuses field names that MongoDB does not store. */
export function assertFieldNames(value: unknown): void {
  if (Array.isArray(value)) value.forEach(assertFieldNames);
  if (!isFields(value)) return;
  for (const [name, item] of Object.entries(value)) {
    if (name.startsWith('$')) {
      throw requestFailed(`[FailedOperation] The dollar ($) prefixed field '${name}' is not valid for storage.`);
    }
    assertFieldNames(item);
  }
}

/** Refuses a document above 16 MB. `text` is the document as EJSON. */
export function assertDocumentSize(document: Fields, text: string): void {
  if (text.length < SURELY_SMALL) return;
  const size = calculateObjectSize(document);
  if (size <= MAX_DOCUMENT_BYTES) return;
  throw new CloudError(
    'DATABASE_REQUEST_FAILED',
    `[FailedOperation] document of ${size} bytes is larger than ${MAX_DOCUMENT_BYTES} bytes`,
  );
}

/** MongoDB's word for the type of a value, as its error messages use it. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return 'array';
  if (value instanceof Date) return 'date';
  if (value instanceof RegExp) return 'regex';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'double';
  return typeof value;
}
