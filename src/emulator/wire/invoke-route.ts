import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/index.ts';
import { runWithFaults, type Faults } from '../faults/index.ts';
import { CloudError } from '../cloud-error.ts';
import {
  hasRun,
  throttled,
  toInvokeAnswer,
  type Caller,
  type Failure,
  type Functions,
  type InvokeAnswer,
  type Limits,
  type Traffic,
} from '../functions/index.ts';
import { asRefusal, HttpRefusal, jsonReply, readBody, type Exchange, type Reply, type Route } from '../http/index.ts';

interface InvokeParts {
  readonly functions: Functions;
  readonly faults: Faults;
  readonly limits: Limits;
  readonly traffic: Traffic;
  readonly clock: Clock;
}

/** `POST /invoke/<function>`: what `wx.cloud.callFunction` is in a mini program. */
export function createInvokeRoute(parts: InvokeParts): Route {
  return { method: 'POST', path: /^\/invoke\/([^/]*)$/, handle: (exchange) => invoke(parts, exchange) };
}

async function invoke(parts: InvokeParts, exchange: Exchange): Promise<Reply | undefined> {
  const { functions, faults, limits, traffic, clock } = parts;
  const [name = ''] = exchange.params;
  const requestId = randomUUID();
  const event = await readEvent(exchange, limits);
  if (typeof event !== 'string') return event;
  const tooMany = countedOut(traffic);
  if (tooMany !== undefined) return jsonReply(refusal(tooMany.errCode, tooMany.message, requestId));
  return runWithFaults({
    exchange,
    clock,
    plan: faults.plan({ area: 'functions', function: name }),
    refuse: (code, message) => jsonReply(refusal(-501001, `${code} ${message}`, requestId)),
    kill: () => jsonReply(toInvokeAnswer({ requestId, outcome: { kind: 'killed' }, timeoutSeconds: 0 }, limits)),
    async run() {
      const answer = await functions.call({ name, event, caller: callerOf(exchange), isNested: false });
      const reply = jsonReply(toInvokeAnswer(answer, limits));
      return hasRun(answer) ? reply : asRefusal(reply);
    },
  });
}

/** The refusal of one call too many in this second; undefined where it may come in. */
export function countedOut(traffic: Traffic): Failure | undefined {
  try {
    traffic.count();
    return undefined;
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    return throttled(error.code, error.message);
  }
}

/** The event as JSON text; or, for one that the platform would not pass on, the answer. */
async function readEvent({ request }: Exchange, { eventBytes }: Limits): Promise<string | Reply> {
  const requestId = randomUUID();
  try {
    const text = (await readBody(request, eventBytes)).toString('utf8');
    if (text.trim() === '') return '{}';
    JSON.parse(text);
    return text;
  } catch (error) {
    if (error instanceof HttpRefusal) {
      // What the platform answers for it is status 406, request too large.
      return jsonReply(refusal(-501007, `request too large: ${error.message}`, requestId), 406);
    }
    if (error instanceof SyntaxError)
      return jsonReply(refusal(-501007, `the event is not JSON: ${error.message}`, requestId), 400);
    throw error;
  }
}

/** Without `x-wx-openid` there is no user, as for a timer or a run from the console. */
function callerOf({ request }: Exchange): Caller {
  const openid = headerOf(request.headers['x-wx-openid']);
  return {
    openid,
    unionid: headerOf(request.headers['x-wx-unionid']),
    source: headerOf(request.headers['x-wx-source']) ?? (openid === undefined ? undefined : 'wx_client'),
  };
}

function headerOf(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function refusal(errCode: number, errMsg: string, requestID: string): InvokeAnswer {
  return { errCode, errMsg, requestID };
}
