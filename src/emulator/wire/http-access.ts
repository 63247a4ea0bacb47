import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/index.ts';
import { runWithFaults, type Faults } from '../faults/index.ts';
import {
  failureOf,
  hasRun,
  type FunctionAnswer,
  type Functions,
  type Limits,
  type Traffic,
} from '../functions/index.ts';
import {
  asRefusal,
  bodyOf,
  HttpRefusal,
  jsonReply,
  readBody,
  type Exchange,
  type Reply,
  type Route,
} from '../http/index.ts';
import { httpEvent, httpReply, isTextBody } from './http-shapes.ts';
import { countedOut } from './invoke-route.ts';

interface HttpAccessParts {
  readonly functions: Functions;
  readonly faults: Faults;
  readonly limits: Limits;
  readonly traffic: Traffic;
  readonly clock: Clock;
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];

/** What the gateway answers in the place of a function; the statuses are assumed, the codes are the platform's. */
const STATUSES: Readonly<Record<string, number>> = {
  INVALID_PATH: 404,
  EXCEED_MAX_PAYLOAD_SIZE: 413,
  EXCEED_RATELIMIT: 429,
  EXCEED_CONCURRENT_REQUEST_LIMIT: 429,
  FUNCTIONS_TIME_LIMIT_EXCEEDED: 504,
};

/**
 * `/http/<function>/…`: the platform's HTTP access service, every function at the path of its name. Nobody is logged in
 * there, so the function sees no OPENID, whatever headers say.
 */
export function createHttpAccessRoutes(parts: HttpAccessParts): readonly Route[] {
  const path = /^\/http\/([^/]+)(\/.*)?$/;
  return METHODS.map((method) => ({ method, path, handle: (exchange) => access(parts, exchange) }));
}

async function access(parts: HttpAccessParts, exchange: Exchange): Promise<Reply | undefined> {
  const { functions, faults, limits, traffic, clock } = parts;
  const [name = ''] = exchange.params;
  const requestId = randomUUID();
  const refuse = (code: string, message: string) => jsonReply({ code, message, requestId }, STATUSES[code] ?? 500);
  const event = await readEvent(exchange, limits, requestId);
  if (event === undefined) return refuse('EXCEED_MAX_PAYLOAD_SIZE', 'the body of the request exceeds the limit');
  const tooMany = countedOut(traffic);
  if (tooMany !== undefined) return refuse(tooMany.code, tooMany.message);
  return runWithFaults({
    exchange,
    clock,
    plan: faults.plan({ area: 'functions', function: name }),
    refuse,
    kill: () => refuse('FUNCTIONS_EXECUTE_FAIL', 'the instance was killed'),
    async run() {
      const answer = await functions.call({ name, event, caller: {}, isNested: false });
      const reply = await replyTo(answer, exchange, { limits, refuse });
      return hasRun(answer) ? reply : asRefusal(reply);
    },
  });
}

type Refuse = (code: string, message: string) => Reply;

function replyTo(
  answer: FunctionAnswer,
  { url }: Exchange,
  { limits, refuse }: { readonly limits: Limits; readonly refuse: Refuse },
): Reply | Promise<Reply> {
  const { outcome } = answer;
  if (outcome.kind === 'missing') return refuse('INVALID_PATH', `no function is at ${url.pathname}`);
  if (outcome.kind === 'done') return bounded(httpReply(JSON.parse(outcome.result)), limits, refuse);
  const { code, message } = failureOf(answer);
  return refuse(code, message);
}

/** The event as JSON text; undefined for a body that the gateway would not pass on. */
async function readEvent(exchange: Exchange, limits: Limits, requestId: string): Promise<string | undefined> {
  const { request, url } = exchange;
  const body = await readBodyWithin(exchange, limits.httpBodyBytes);
  if (body === undefined) return undefined;
  const isText = isTextBody(request, body);
  const sizeBytes = isText ? body.length : Math.ceil(body.length / 3) * 4;
  if (sizeBytes > (isText ? limits.httpTextBytes : limits.httpBodyBytes)) return undefined;
  // As it was sent: what the pattern captured is percent-decoded.
  const path = /^\/http\/[^/]+(\/.*)$/.exec(url.pathname)?.[1] ?? '/';
  return JSON.stringify(httpEvent({ request, url, path, body, requestId }));
}

async function readBodyWithin({ request }: Exchange, limitBytes: number): Promise<Buffer | undefined> {
  try {
    return await readBody(request, limitBytes);
  } catch (error) {
    if (error instanceof HttpRefusal && error.status === 413) return undefined;
    throw error;
  }
}

async function bounded(reply: Reply, { httpResponseBytes }: Limits, refuse: Refuse): Promise<Reply> {
  const { length } = await bodyOf(reply);
  if (length <= httpResponseBytes) return reply;
  return refuse('EXCEED_MAX_RESPONSE_SIZE', `the response has ${length} bytes, the limit is ${httpResponseBytes}`);
}
