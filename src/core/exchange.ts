/** HTTP as we use it: one bounded exchange, its outcome as a value. */
import { withTimeout, type Clock } from './clock.ts';
import type { Deadline } from './deadline.ts';

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
  /** Sent perhaps; no whole answer was seen. `message` is a system's code or words of ours, and never the address. */
  | { readonly kind: 'unclear'; readonly message: string; readonly isTooLarge?: true };

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

/**
 * Sends one request and reads its whole answer, at most `maxBytes`, before the deadline. Redirects are not followed. What
 * is larger is given up as soon as that is known, so that it costs no memory.
 */
export async function exchange({ fetch, clock }: HttpDeps, request: ExchangeRequest): Promise<Exchange> {
  const abort = new AbortController();
  const run = async (): Promise<Exchange> => {
    const response = await fetch(request.url, { ...request.init, redirect: 'manual', signal: abort.signal });
    const body = await readBody(response, request.maxBytes);
    if (!body)
      return { kind: 'unclear', message: `the answer is larger than ${request.maxBytes} bytes`, isTooLarge: true };
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

/** Undefined as soon as it is known to be larger. */
async function readBody(response: Response, maxBytes: number): Promise<Uint8Array | undefined> {
  const declared = Number(response.headers.get('content-length'));
  return readAtMost(maxBytes, (response.body ?? []) as AsyncIterable<Uint8Array>, declared);
}

/** The bytes of a stream; undefined as soon as it is known, or declared, to have more than `maxBytes`. */
export async function readAtMost(
  maxBytes: number,
  stream: AsyncIterable<Uint8Array>,
  declaredBytes: number,
): Promise<Uint8Array | undefined> {
  if (declaredBytes > maxBytes) return undefined;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return concat(chunks, length);
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

/** What an answer says as JSON; undefined where it is none. */
export function jsonIn(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}
