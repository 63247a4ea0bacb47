import { decodeText, isFields, type Fields } from '../database/index.ts';
import { invalidParam } from '../cloud-error.ts';
import type { Caller } from '../functions/index.ts';

/** One request of the SDK, with who sent it. */
export interface SdkRequest {
  readonly action: string;
  readonly body: Fields;
  readonly caller: Caller;
  readonly token: string;
  readonly nowMs: number;
}

/** A text that the request cannot do without. */
export function requiredText(body: Fields, name: string): string {
  const value = body[name];
  if (typeof value === 'string' && value !== '') return value;
  throw invalidParam(`${name} must be a text that is not empty`);
}

/** A yes or no; `fallback` when it is absent. */
export function optionalFlag(body: Fields, name: string, fallback: boolean): boolean {
  const value = body[name] ?? fallback;
  if (typeof value === 'boolean') return value;
  throw invalidParam(`${name} must be true or false`);
}

/** A whole number that is not negative; `fallback` when it is absent. */
export function optionalCount(body: Fields, name: string, fallback: number): number {
  const value = body[name] ?? fallback;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw invalidParam(`${name} must be a whole number that is not negative`);
}

/** A mapping sent as EJSON text; undefined when it is absent or empty text. */
export function optionalFields({ body, nowMs }: SdkRequest, name: string): Fields | undefined {
  const text = body[name];
  if (text === undefined || text === null || text === '') return undefined;
  if (typeof text !== 'string') throw invalidParam(`${name} must be EJSON text`);
  const value = decodeText(text, nowMs);
  if (isFields(value)) return value;
  throw invalidParam(`${name} must be an EJSON object`);
}

/** A mapping sent as EJSON text that the request cannot do without. */
export function requiredFields(request: SdkRequest, name: string): Fields {
  const fields = optionalFields(request, name);
  if (fields === undefined) throw invalidParam(`${name} is missing`);
  return fields;
}

/** A list that the request cannot do without. */
export function requiredList(body: Fields, name: string): readonly unknown[] {
  const value = body[name];
  if (Array.isArray(value)) return value;
  throw invalidParam(`${name} must be a list`);
}

/** The request's body as a mapping, or a refusal. */
export function asBody(value: unknown): Fields {
  if (isFields(value)) return value;
  throw invalidParam('the body must be a JSON object');
}
