import type { IncomingMessage, ServerResponse } from 'node:http';
import { DurableError } from '../../core/index.ts';
import type { Reply } from './exchange.ts';
import { HttpRefusal } from './refusal.ts';

/** Decides about a request before anything is done for it: refuses by throwing, answers a preflight, or lets it pass. */
export type Doorkeeper = (request: IncomingMessage, response: ServerResponse) => Reply | undefined;

const LOCAL_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

/**
 * A web page in the developer's browser can send requests to any local port. Turned away is what carries the Origin of
 * a page that is neither the local cloud's own nor in `allowed`, what another origin's page sends without naming it (a
 * picture, a link, which would run a function all the same), and a Host that is not this machine (DNS rebinding).
 */
export function createDoorkeeper(allowed: readonly string[]): Doorkeeper {
  for (const origin of allowed) assertOrigin(origin);
  return (request, response) => {
    const { host = 'localhost', origin } = request.headers;
    if (!LOCAL_HOST.test(host)) throw new HttpRefusal(403, `requests for ${host} are not answered`);
    if (origin === undefined) return assertNotForeign(request);
    if (!isOwn(origin, request) && !allowed.includes(origin)) {
      throw new HttpRefusal(403, `requests from ${origin} are not answered; allow its origin where it is yours`);
    }
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('vary', 'origin');
    return isPreflight(request) ? preflightReply(request) : undefined;
  };
}

function assertOrigin(origin: string): void {
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]+$/.test(origin)) return;
  throw new DurableError('CONFIG_INVALID', `"${origin}" is no origin; one looks like http://localhost:5173`);
}

/** A page of the local cloud itself, by either name of this machine. */
function isOwn(origin: string, { socket }: IncomingMessage): boolean {
  const [scheme, host = ''] = origin.split('://');
  return scheme === 'http' && LOCAL_HOST.test(host) && host.endsWith(`:${socket.localPort}`);
}

/** Browsers that say nothing of where a request comes from do not name the Origin of a reading either. */
function assertNotForeign({ headers, method = '', url = '' }: IncomingMessage): undefined {
  const site = headers['sec-fetch-site'];
  if (site !== 'cross-site' && site !== 'same-site') return;
  // The signature in its address is what opens a file, for whoever has it: pages show pictures.
  if (['GET', 'HEAD'].includes(method) && url.startsWith('/cos/')) return;
  throw new HttpRefusal(403, 'requests of other web sites are not answered');
}

function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

function preflightReply({ headers }: IncomingMessage): Reply {
  return {
    status: 204,
    type: 'text/plain',
    body: '',
    headers: {
      'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers': String(headers['access-control-request-headers'] ?? ''),
      // A page of the internet that was allowed all the same.
      ...(headers['access-control-request-private-network'] === undefined
        ? {}
        : { 'access-control-allow-private-network': 'true' }),
      'access-control-max-age': '600',
    },
  };
}
