import { asDurableError, codeFacts, type Category, type Code } from '../core/index.ts';

/** What a function answers when it could do what was asked. */
export interface Success {
  readonly code: 200;
  readonly message: string;
  readonly data: unknown;
}

/** What it answers otherwise; no stack, event or environment is ever in it. */
export interface Failure {
  /** In the manner of an HTTP status. */
  readonly code: number;
  /** Chinese, for the person. */
  readonly message: string;
  readonly error: { readonly code: Code; readonly category: Category };
  readonly requestId: string;
}

export type Envelope = Success | Failure;

/** A success. */
export function succeed(message: string, data: unknown): Success {
  return { code: 200, message, data };
}

/** Any thrown value as a failure. */
export function fail(thrown: unknown, requestId: string): Failure {
  const error = asDurableError(thrown);
  const { status, zh } = codeFacts(error.code);
  const { zh: words } = error.details;
  // What the caller may do about it can be told more exactly than by the code alone.
  const message = error.category === 'caller' && typeof words === 'string' ? words : zh;
  return { code: status, message, error: { code: error.code, category: error.category }, requestId };
}
