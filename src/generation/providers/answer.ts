/** What an answer of an image service says. */
import { jsonIn, type Exchange } from '../../core/index.ts';
import type { Trouble } from './provider.ts';

const REASON_LENGTH = 200;

/** What an exchange came to: an answer to be read, or `failed` where certainly nothing was made, or `unknown`. */
export type Reading =
  { readonly status: 'read'; readonly json: unknown } | ({ readonly status: 'failed' | 'unknown' } & Trouble);

/**
 * Reads an exchange as services use HTTP. 408 and 5xx are no refusals: they may come from something in front of a
 * service that went on working.
 */
export function readAnswer(answer: Exchange): Reading {
  if (answer.kind === 'not-sent')
    return { status: 'failed', message: `服务无法连接（${answer.message}）`, cause: answer.message };
  if (answer.kind === 'unclear') return { status: 'unknown', message: answer.message, cause: answer.message };
  const { status: httpStatus } = answer;
  const json = jsonIn(answer.body);
  if (httpStatus === 200) return { status: 'read', json };
  const { reason, cause } = reasonIn(json);
  const isRefusal = httpStatus >= 400 && httpStatus < 500 && httpStatus !== 408;
  if (isRefusal) return { status: 'failed', message: reason ?? `HTTP ${httpStatus}`, httpStatus, cause };
  return { status: 'unknown', message: `HTTP ${httpStatus}`, httpStatus, cause };
}

// Where services put the reason for a refusal and its name: `{ error: { message, code } }` or `{ message, code }`.
function reasonIn(json: unknown): { reason: string | undefined; cause: string | undefined } {
  const answer = (json ?? {}) as { error?: unknown };
  const { message, code } = (answer.error ?? answer) as { message?: unknown; code?: unknown };
  return { reason: typeof message === 'string' ? message.slice(0, REASON_LENGTH) : undefined, cause: nameIn(code) };
}

/** A service's name of an error, if it is a plain one: what goes into the log must not be text of somebody. */
export function nameIn(code: unknown): string | undefined {
  if (typeof code !== 'string' && typeof code !== 'number') return undefined;
  return /^[\w.-]{1,64}$/.test(String(code)) ? String(code) : undefined;
}
