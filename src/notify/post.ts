import { withTimeout, type Clock } from '../core/index.ts';
import type { Fetch } from './alert.ts';

/** What came back; `json` is undefined where it was none. */
export type Answer =
  | { readonly kind: 'answered'; readonly status: number; readonly json: unknown }
  /** `why` is a system's code or a word of ours, never the address, which holds a secret. */
  | { readonly kind: 'silent'; readonly why: string };

const MAX_ANSWER_BYTES = 65_536;

/** Posts JSON and reads the answer, within `timeoutMs`. Redirects are not followed. Never rejects. */
export async function post(
  { fetch, clock }: { readonly fetch: Fetch; readonly clock: Clock },
  { url, body, timeoutMs }: { readonly url: string; readonly body: unknown; readonly timeoutMs: number },
): Promise<Answer> {
  const abort = new AbortController();
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  const send = async (): Promise<Answer> => {
    const init = { method: 'POST', headers, body: JSON.stringify(body), redirect: 'manual' as const };
    const response = await fetch(url, { ...init, signal: abort.signal });
    return { kind: 'answered', status: response.status, json: readJson(await readText(response)) };
  };
  try {
    return await withTimeout(clock, timeoutMs, send(), () => new Error('timeout'));
  } catch (error) {
    return { kind: 'silent', why: codeOf(error) };
  } finally {
    // Whatever is still open must not go on in a later call of this instance.
    abort.abort();
  }
}

async function readText(response: Response): Promise<string> {
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for (;;) {
    const part = await reader?.read();
    if (!part || part.done) return text + decoder.decode();
    bytes += part.value.length;
    if (bytes > MAX_ANSWER_BYTES) return '';
    text += decoder.decode(part.value, { stream: true });
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: unknown }; message?: unknown };
  if (typeof cause?.code === 'string') return cause.code;
  return message === 'timeout' ? 'timeout' : 'failed';
}
