import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DurableError } from '../../core/index.ts';
import { jsonReply, send, type Exchange, type Reply } from './exchange.ts';
import { createDoorkeeper, type Doorkeeper } from './origins.ts';
import { HttpRefusal } from './refusal.ts';

/** One address. `handle` answers a reply to be sent, or nothing when it has dealt with the connection itself. */
export interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly handle: (exchange: Exchange) => Promise<Reply | undefined> | Reply | undefined;
}

/** A listening server. */
export interface HttpServer {
  readonly url: string;
  /** Stops listening and drops every connection, also those that are never going to be answered. */
  close(): Promise<void>;
}

interface ServerOptions {
  readonly port: number;
  readonly routes: () => readonly Route[];
  /** Origins of web pages that are answered, besides its own. */
  readonly allowedOrigins: readonly string[];
}

/** Far above the keep-alive of any client, so that an idle connection is closed by the client and never looks like a reset. */
const KEEP_ALIVE_MS = 600_000;

/** Listens on 127.0.0.1 and nowhere else: the local cloud has no passwords. */
export async function startServer({ port, routes, allowedOrigins }: ServerOptions): Promise<HttpServer> {
  const admit = createDoorkeeper(allowedOrigins);
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 }, (request, response) => {
    void answer({ request, response, admit, routes: routes() });
  });
  await listen(server, port);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => stop(server),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new DurableError('CONFIG_INVALID', `cannot listen on port ${port} (${cause.code}); choose another one`, {
          cause,
        }),
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

interface Incoming {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly routes: readonly Route[];
  readonly admit: Doorkeeper;
}

async function answer({ request, response, routes, admit }: Incoming): Promise<void> {
  // The connection may break at any time, by a client or by an injected fault.
  request.on('error', () => undefined);
  response.on('error', () => undefined);
  try {
    const exchange: Exchange = { request, response, url: addressOf(request), params: [] };
    const reply = admit(request, response) ?? (await dispatch(exchange, routes));
    if (reply !== undefined) send(exchange, reply);
  } catch (error) {
    const refusal = error instanceof HttpRefusal ? error : new HttpRefusal(500, describe(error));
    send({ request, response }, jsonReply({ error: refusal.message }, refusal.status));
  }
}

async function dispatch(exchange: Exchange, routes: readonly Route[]): Promise<Reply | undefined> {
  const { pathname } = exchange.url;
  const fitting = routes.filter(({ path }) => path.test(pathname));
  const route = fitting.find(({ method }) => method === exchange.request.method);
  if (route === undefined) {
    if (fitting.length === 0) throw new HttpRefusal(404, `there is nothing at ${pathname}`);
    throw new HttpRefusal(405, `${exchange.request.method} is not possible here`);
  }
  const params = (route.path.exec(pathname) ?? []).slice(1).map(decode);
  return route.handle({ ...exchange, params });
}

function addressOf({ url = '/' }: IncomingMessage): URL {
  try {
    return new URL(url, 'http://127.0.0.1');
  } catch {
    throw new HttpRefusal(400, 'the address cannot be read');
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
