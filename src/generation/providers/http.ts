/** HTTP as providers use it: one bounded exchange, its outcome as a value. */
import { withTimeout, type Clock, type Deadline } from '../../core/index.ts';
import type { Trouble } from './provider.ts';

/** The global `fetch`, handed in. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface HttpDeps {
  readonly fetch: Fetch;
  readonly clock: Clock;
}

export type Exchange =
  | { readonly kind: 'answered'; readonly status: number; readonly headers: Headers; readonly body: Uint8Array }
  /** The other side was never reached. */
  | { readonly kind: 'not-sent'; readonly message: string }
  /** Sent perhaps; no whole answer was seen. */
  | { readonly kind: 'unclear'; readonly message: string };

export interface ExchangeRequest {
  readonly url: string;
  readonly init?: RequestInit;
  readonly deadline: Deadline;
  readonly maxBytes: number;
}

const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** What went wrong in our own words. Those of `fetch` may quote a header, and with it the key. */
class OwnWords extends Error {}

/** Sends one request and reads its whole answer, at most `maxBytes`, before the deadline. Redirects are not followed. */
export async function exchange({ fetch, clock }: HttpDeps, request: ExchangeRequest): Promise<Exchange> {
  const abort = new AbortController();
  const run = async (): Promise<Exchange> => {
    const response = await fetch(request.url, { ...request.init, redirect: 'manual', signal: abort.signal });
    const body = await readBody(response, request.maxBytes);
    return { kind: 'answered', status: response.status, headers: response.headers, body };
  };
  try {
    return await withTimeout(clock, request.deadline.remainingMs(), run(), () => new OwnWords('no answer in time'));
  } catch (error) {
    const code = systemCode(error);
    const message = error instanceof OwnWords ? error.message : 'the request failed';
    return { kind: code && NEVER_SENT.has(code) ? 'not-sent' : 'unclear', message: code ?? message };
  } finally {
    // Whatever is still open must not go on in a later call of this instance.
    abort.abort();
  }
}

async function readBody(response: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  for (;;) {
    const part = await reader?.read();
    if (!part || part.done) return concat(chunks, length);
    length += part.value.length;
    if (length > maxBytes) throw new OwnWords(`the answer is larger than ${maxBytes} bytes`);
    chunks.push(part.value);
  }
}

function concat(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function systemCode(error: unknown): string | undefined {
  const { cause } = error as { cause?: unknown };
  const code = (cause as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

function readJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

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
  const json = readJson(answer.body);
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
