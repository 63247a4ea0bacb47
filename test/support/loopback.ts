import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the service received it. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A real server on this machine that answers as it is told. */
export interface Loopback {
  readonly url: string;
  readonly received: readonly Received[];
  /** What is answered from now on. */
  answer(reply: Reply): void;
  close(): Promise<void>;
}

export type Reply = (response: ServerResponse) => void;

/** An answer with a status and a body: text as it is, anything else as JSON. */
export function replyWith(status: number, body: unknown = '', headers: Readonly<Record<string, string>> = {}): Reply {
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return (response) => void response.writeHead(status, headers).end(text);
}

/** Starts a server that answers 404 until it is told otherwise. */
export async function startLoopback(): Promise<Loopback> {
  const received: Received[] = [];
  let reply = replyWith(404);
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      received.push({ method, path, headers, body: Buffer.concat(chunks).toString('utf8') });
      reply(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answer(next) {
      reply = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
