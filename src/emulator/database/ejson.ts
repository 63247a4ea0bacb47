import { EJSON } from 'bson';
import { invalidParam } from '../cloud-error.ts';
import { isFields, type Fields } from './document.ts';

/** MongoDB's limit for nesting; also keeps this recursion far from the end of the stack. */
const MAX_DEPTH = 100;

type Reader = (value: unknown, nowMs: number) => unknown;

/** The one-key mappings that stand for a value. What is rare goes to bson. */
const READERS: Readonly<Record<string, Reader>> = {
  $numberInt: readInteger,
  $numberLong: readInteger,
  $numberDouble: readDouble,
  $date: readDate,
  $oid: readObjectId,
  $regularExpression: readPattern,
  $tcb_server_date: readServerDate,
  $numberDecimal: (value) => readRare('$numberDecimal', value),
  $binary: (value) => readRare('$binary', value),
  $timestamp: (value) => readRare('$timestamp', value),
  $minKey: (value) => readRare('$minKey', value),
  $maxKey: (value) => readRare('$maxKey', value),
};

/**
 * The value that EJSON text stands for, with ObjectIds as hexadecimal text and server dates as the moment
 * `nowMs` plus their offset. Malformed text or values are refused with INVALID_PARAM.
 */
export function decodeText(text: string, nowMs: number): unknown {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw invalidParam(`not EJSON: ${error instanceof Error ? error.message : 'unreadable'}`);
  }
  return decodeValue(json, nowMs);
}

/** As `decodeText`, for JSON that has just been parsed: it becomes the value, and belongs to it. */
export function decodeValue(json: unknown, nowMs: number, depth = 0): unknown {
  if (typeof json !== 'object' || json === null) return json;
  if (depth > MAX_DEPTH) throw invalidParam(`nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(json)) return json.map((item) => decodeValue(item, nowMs, depth + 1));
  const entries = Object.entries(json);
  const [first] = entries;
  if (entries.length === 1 && first !== undefined && Object.hasOwn(READERS, first[0])) {
    return READERS[first[0]]?.(first[1], nowMs);
  }
  const fields = json as Fields;
  for (const [name, item] of entries) {
    // Copying it anywhere would change an object's prototype instead of storing a field.
    if (name === '__proto__') throw invalidParam('a field named __proto__ is not supported by the local cloud');
    if (typeof item === 'object' && item !== null) fields[name] = decodeValue(item, nowMs, depth + 1);
  }
  return fields;
}

/** `value` as relaxed EJSON text: plain JSON numbers, dates as `{"$date":"<ISO>"}`; `undefined` is dropped. */
export function encodeText(value: unknown): string {
  return JSON.stringify(encodeValue(value));
}

function encodeValue(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : { $numberDouble: String(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => (item === undefined ? null : encodeValue(item)));
  if (value instanceof Date) return encodeDate(value);
  if (value instanceof RegExp) {
    return { $regularExpression: { pattern: value.source, options: value.flags.replaceAll(/[^imsx]/g, '') } };
  }
  if (!isFields(value)) return EJSON.serialize(value, { relaxed: true });
  const fields: Fields = {};
  for (const name of Object.keys(value)) fields[name] = encodeValue(value[name]);
  return fields;
}

function encodeDate(date: Date): unknown {
  const atMs = date.getTime();
  // The extended years of ISO 8601 are not part of EJSON.
  const isPlainIso = atMs >= 0 && atMs < 253_402_300_800_000;
  return { $date: isPlainIso ? date.toISOString() : { $numberLong: String(atMs) } };
}

function readInteger(value: unknown): number {
  if (typeof value !== 'string' || !/^-?\d{1,19}$/.test(value)) throw malformed('integer', value);
  return Number(value);
}

function readDouble(value: unknown): number {
  if (typeof value === 'string' && value.trim() !== '') {
    const number = Number(value);
    if (!Number.isNaN(number) || value === 'NaN') return number;
  }
  throw malformed('double', value);
}

function readDate(value: unknown, nowMs: number): Date {
  const moment = isFields(value) ? decodeValue(value, nowMs) : value;
  const date = typeof moment === 'number' || typeof moment === 'string' ? new Date(moment) : undefined;
  if (date === undefined || Number.isNaN(date.getTime())) throw malformed('date', value);
  return date;
}

function readObjectId(value: unknown): string {
  if (typeof value !== 'string' || !/^[0-9a-f]{24}$/i.test(value)) throw malformed('ObjectId', value);
  return value.toLowerCase();
}

function readPattern(value: unknown): RegExp {
  if (!isFields(value) || typeof value['pattern'] !== 'string') throw malformed('regular expression', value);
  const options = typeof value['options'] === 'string' ? value['options'] : '';
  try {
    return new RegExp(value['pattern'], [...new Set(options.replaceAll(/[^ims]/g, ''))].join(''));
  } catch {
    throw malformed('regular expression', value);
  }
}

function readServerDate(value: unknown, nowMs: number): Date {
  const offset = isFields(value) ? decodeValue(value['offset'] ?? 0, nowMs) : undefined;
  if (typeof offset !== 'number' || !Number.isFinite(offset)) throw malformed('server date', value);
  return new Date(nowMs + offset);
}

function readRare(name: string, value: unknown): unknown {
  try {
    const holder: unknown = EJSON.deserialize({ value: { [name]: value } });
    return isFields(holder) ? holder['value'] : undefined;
  } catch {
    throw malformed(name, value);
  }
}

function malformed(what: string, value: unknown): Error {
  return invalidParam(`malformed ${what} in EJSON: ${JSON.stringify(value).slice(0, 80)}`);
}
