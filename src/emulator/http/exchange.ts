import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

/** One request and its way back. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** What the route's pattern captured, percent-decoded. */
  readonly params: readonly string[];
}

/** An answer that has not been sent yet, so that a fault can still spoil it. */
export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer | Readable;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** It says that nothing was done: there is no "after" for a fault to come in. */
  readonly isRefusal?: true;
}

const JSON_TYPE = 'application/json; charset=utf-8';

/** A JSON answer, status 200 unless said otherwise. */
export function jsonReply(value: unknown, status = 200): Reply {
  return { status, type: JSON_TYPE, body: JSON.stringify(value) };
}

/** An answer that says that nothing was done. */
export function asRefusal(reply: Reply): Reply {
  return { ...reply, isRefusal: true };
}

/** An answer without content. */
export function emptyReply(status: number): Reply {
  return { status, type: 'text/plain', body: '' };
}

/** An answer of one JSON text per line, written while it is read from `lines`. */
export function linesReply(lines: Readable): Reply {
  return { status: 200, type: 'application/x-ndjson; charset=utf-8', body: lines };
}

/** The whole body of a reply. */
export async function bodyOf({ body }: Reply): Promise<Buffer> {
  return typeof body === 'string' || Buffer.isBuffer(body) ? Buffer.from(body) : buffer(body);
}

/** Sends a reply; a client that has gone away is no error. */
export function send({ request, response }: Pick<Exchange, 'request' | 'response'>, reply: Reply): void {
  if (response.destroyed || response.headersSent) {
    // There is no second answer: what failed half-way ends as a broken connection.
    response.destroy();
    return;
  }
  const { status, type, body, headers } = reply;
  if (typeof body !== 'string' && !Buffer.isBuffer(body)) {
    response.writeHead(status, { 'content-type': type, ...headers });
    body.once('error', () => response.destroy());
    response.once('close', () => body.destroy());
    body.pipe(response);
    return;
  }
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), ...headers });
  response.end(request.method === 'HEAD' ? undefined : body);
}
