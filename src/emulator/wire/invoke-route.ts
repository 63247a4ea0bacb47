import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/index.ts';
import { runWithFaults, type Faults } from '../faults/index.ts';
import { toInvokeAnswer, type Caller, type Functions, type InvokeAnswer } from '../functions/index.ts';
import { BODY_LIMITS, HttpRefusal, jsonReply, readBody, type Exchange, type Reply, type Route } from '../http/index.ts';

interface InvokeParts {
  readonly functions: Functions;
  readonly faults: Faults;
  readonly clock: Clock;
}

/** `POST /invoke/<function>`: what `wx.cloud.callFunction` is in a mini program. */
export function createInvokeRoute(parts: InvokeParts): Route {
  return { method: 'POST', path: /^\/invoke\/([^/]*)$/, handle: (exchange) => invoke(parts, exchange) };
}

async function invoke({ functions, faults, clock }: InvokeParts, exchange: Exchange): Promise<Reply | undefined> {
  const [name = ''] = exchange.params;
  const requestId = randomUUID();
  const event = await readEvent(exchange);
  if (typeof event !== 'string') return event;
  return runWithFaults({
    exchange,
    clock,
    plan: faults.plan({ area: 'functions', function: name }),
    refuse: (code, message) => jsonReply(refusal(-501001, `${code} ${message}`, requestId)),
    kill: () => jsonReply(toInvokeAnswer({ requestId, outcome: { kind: 'killed' }, timeoutSeconds: 0 })),
    run: async () =>
      jsonReply(toInvokeAnswer(await functions.call({ name, event, caller: callerOf(exchange), isNested: false }))),
  });
}

/** The event as JSON text; or, for one that the platform would not pass on, the answer. */
async function readEvent({ request }: Exchange): Promise<string | Reply> {
  const requestId = randomUUID();
  try {
    const text = (await readBody(request, BODY_LIMITS.event)).toString('utf8');
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
