/** HTTP as providers and picture copying use it: one bounded exchange, its outcome as a value. */
import { withTimeout, type Clock, type Deadline } from '../../core/index.ts';

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

/** Sends one request and reads its whole answer, at most `maxBytes`, before the deadline. Redirects are not followed. */
export async function exchange({ fetch, clock }: HttpDeps, request: ExchangeRequest): Promise<Exchange> {
  const abort = new AbortController();
  const run = async (): Promise<Exchange> => {
    const response = await fetch(request.url, { ...request.init, redirect: 'manual', signal: abort.signal });
    const body = await readBody(response, request.maxBytes);
    return { kind: 'answered', status: response.status, headers: response.headers, body };
  };
  try {
    return await withTimeout(clock, request.deadline.remainingMs(), run(), () => new Error('no answer in time'));
  } catch (error) {
    const code = systemCode(error);
    const message = error instanceof Error ? error.message : 'the request failed';
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
    if (length > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
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

/** What a service sent back as JSON, or undefined. */
export function readJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

const REASON_LENGTH = 200;

/**
 * The reason a service gave for refusing, for the record and the person. 408 and 5xx are no refusals: they may
 * come from something in front of a service that went on working.
 */
export function refusalIn(answer: { readonly status: number; readonly body: Uint8Array }): string | undefined {
  const { status, body } = answer;
  if (status < 400 || status >= 500 || status === 408) return undefined;
  const { error, message } = (readJson(body) ?? {}) as { error?: { message?: unknown }; message?: unknown };
  const reason = error?.message ?? message;
  return typeof reason === 'string' ? reason.slice(0, REASON_LENGTH) : `HTTP ${status}`;
}
