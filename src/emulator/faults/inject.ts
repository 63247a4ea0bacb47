import { STATUS_CODES } from 'node:http';
import { sleep, type Clock } from '../../core/index.ts';
import { bodyOf, jsonReply, type Exchange, type Reply } from '../http/index.ts';
import type { FaultPlan } from './faults.ts';
import type { FaultRule } from './rule.ts';

/** A request that a fault may meet. */
export interface Injectable {
  readonly exchange: Exchange;
  readonly clock: Clock;
  readonly plan: FaultPlan;
  /** Does what the request asks for. */
  readonly run: () => Promise<Reply>;
  /** How a refusal with a code of the platform looks at this address; without it the connection is broken instead. */
  readonly refuse?: (code: string, message: string) => Reply;
  /** Kills the function whose code sent the request, and answers what is left to say; without it the connection is reset. */
  readonly kill?: (() => Reply | undefined) | undefined;
}

/** Runs a request under its fault plan: answers what is to be sent, or nothing when there is nothing left to send to. */
export async function runWithFaults(request: Injectable): Promise<Reply | undefined> {
  const { plan, run, clock } = request;
  if (plan.delayMs > 0) await sleep(clock, plan.delayMs);
  if (plan.rule === undefined) return run();
  if (!isAfter(plan.rule)) return prevent(request, plan.rule);
  let reply: Reply | undefined;
  try {
    reply = await run();
  } finally {
    // What was refused, by a throw or by an answer that says so, has taken no effect: there is no "after".
    if (reply === undefined || reply.isRefusal) plan.takeBack();
  }
  return reply.isRefusal ? reply : spoil(request, plan.rule, { ...reply, body: await bodyOf(reply) });
}

function isAfter({ inject }: FaultRule): boolean {
  return inject === 'cut' || inject.endsWith('-after');
}

/** Faults that come instead of the work. */
function prevent(request: Injectable, rule: FaultRule): Reply | undefined {
  const { exchange, refuse } = request;
  switch (rule.inject) {
    case 'refused':
      // The text a refused connection has in the SDK; the connection to the local cloud itself is fine.
      if (refuse !== undefined) return refuse('SYS_ERR', 'connect ECONNREFUSED 127.0.0.1:1');
      exchange.request.socket.destroy();
      return undefined;
    case 'error':
      return refuse?.(rule.code ?? 'SYS_ERR', rule.message ?? '') ?? errorReply(rule);
    case 'status':
      return statusReply(rule);
    case 'kill-before':
      return killSender(request);
    case 'hang':
      return undefined;
    default:
      exchange.request.socket.resetAndDestroy();
      return undefined;
  }
}

/** A reply that has been read to its end, so that no file stays open behind it. */
interface WholeReply extends Reply {
  readonly body: Buffer;
}

/** Faults that come between the work and its answer. */
function spoil(request: Injectable, rule: FaultRule, reply: WholeReply): Reply | undefined {
  switch (rule.inject) {
    case 'status-after':
      return statusReply(rule);
    case 'cut':
      cutInHalf(request.exchange, reply);
      return undefined;
    case 'kill-after':
      return killSender(request);
    case 'hang-after':
      return undefined;
    default:
      request.exchange.request.socket.resetAndDestroy();
      return undefined;
  }
}

function killSender({ kill, exchange }: Injectable): Reply | undefined {
  if (kill !== undefined) return kill();
  exchange.request.socket.resetAndDestroy();
  return undefined;
}

function cutInHalf({ request, response }: Exchange, { status, type, body }: WholeReply): void {
  response.writeHead(status, { 'content-type': type, 'content-length': body.length });
  // Destroyed only once the half is on its way, or the client would see a reset before any answer.
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => request.socket.destroySoon());
}

function errorReply({ code = 'SYS_ERR', message = '' }: FaultRule): Reply {
  return jsonReply({ error: { code, message } }, 500);
}

function statusReply({ status = 500, body = 'json' }: FaultRule): Reply {
  const text = STATUS_CODES[status] ?? 'Unknown';
  if (body === 'html') {
    return {
      status,
      type: 'text/html',
      body: `<html><head><title>${status} ${text}</title></head><body><h1>${status} ${text}</h1></body></html>`,
    };
  }
  if (body === 'text') return { status, type: 'text/plain', body: `${status} ${text}` };
  if (body === 'empty') return { status, type: 'text/plain', body: '' };
  return jsonReply({ code: String(status), message: text }, status);
}
