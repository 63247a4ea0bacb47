import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/index.ts';
import { CloudError, invalidParam } from '../cloud-error.ts';
import { DocumentLocked, isFields, type Transactions } from '../database/index.ts';
import { runWithFaults, type Faults } from '../faults/index.ts';
import { CLIENT_CALLER, type Functions, type Invocation, type Traffic } from '../functions/index.ts';
import {
  BODY_LIMITS,
  HttpRefusal,
  jsonReply,
  readBody,
  readJson,
  type Exchange,
  type Reply,
  type Route,
} from '../http/index.ts';
import type { Action } from './database-actions.ts';
import { factsOf } from './facts.ts';
import type { RequestJournal } from './request-journal.ts';
import { asBody, requiredText, type SdkRequest } from './request.ts';

interface GatewayParts {
  readonly actions: Readonly<Record<string, Action>>;
  readonly faults: Faults;
  readonly functions: Functions;
  readonly transactions: Transactions;
  readonly traffic: Traffic;
  readonly requests: RequestJournal;
  readonly clock: Clock;
}

/** The one address that the SDK sends everything to. */
export function createGateway(parts: GatewayParts): Route {
  return { method: 'POST', path: /^\/admin\/?$/, handle: (exchange) => answer(parts, exchange) };
}

const CONFLICT = 'DATABASE_TRANSACTION_CONFLICT';

/** Every answer has status 200; a refusal is `{ code, message }` inside it, because the SDK reads nothing else. */
async function answer(parts: GatewayParts, exchange: Exchange): Promise<Reply | undefined> {
  const requestId = randomUUID();
  const refuse = (code: string, message: string) => jsonReply({ code, message, requestId });
  let leave = (): void => undefined;
  try {
    const { request, sender } = await readRequest(parts, exchange);
    parts.requests.note(request, sender?.function);
    leave = admit(parts.traffic, request.action);
    return await runWithFaults({
      exchange,
      clock: parts.clock,
      plan: parts.faults.plan(factsOf(request.action, request.body, sender?.function)),
      kill: sender?.kill,
      refuse(code, message) {
        // The platform has let go of a transaction whose conflict it reports; the SDK runs it anew without an abort.
        if (code === CONFLICT) parts.transactions.drop(String(request.body['transactionId']));
        return refuse(code, message);
      },
      run: async () => jsonReply({ requestId, ...answerOf(await act(parts, request)) }),
    });
  } catch (error) {
    const { code, message } = asCloudError(error);
    return refuse(code, message);
  } finally {
    leave();
  }
}

/** A call of a function is counted where functions run: it would hold its place here for as long as they take. */
function admit(traffic: Traffic, action: string): () => void {
  traffic.count();
  return action.startsWith('functions.') ? () => undefined : traffic.enter();
}

async function readRequest(
  parts: GatewayParts,
  { request }: Exchange,
): Promise<{ request: SdkRequest; sender: Invocation | undefined }> {
  // `cloud.openapi`, payments and containers: protocol buffers in a form.
  if (request.headers['content-type']?.startsWith('multipart/form-data')) {
    await readBody(request, BODY_LIMITS.admin);
    throw unsupported('calls of WeChat (cloud.openapi, cloudPay, callContainer)');
  }
  const body = asBody(await readJson(request, BODY_LIMITS.admin));
  const action = requiredText(body, 'action');
  const token = typeof body['wxCloudApiToken'] === 'string' ? body['wxCloudApiToken'] : '';
  const sender = parts.functions.byToken(token);
  const caller = sender?.caller ?? CLIENT_CALLER;
  return { request: { action, body, caller, token, nowMs: parts.clock.now() }, sender };
}

async function act({ actions, clock }: GatewayParts, request: SdkRequest): Promise<unknown> {
  const { action } = request;
  const perform = Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (perform === undefined) throw unsupported(`the action ${action.slice(0, 80)}`);
  for (;;) {
    try {
      // An injected delay has passed since the request was read: server dates are those of the commit.
      return (await perform({ ...request, nowMs: clock.now() })) ?? {};
    } catch (error) {
      if (!(error instanceof DocumentLocked)) throw error;
      await error.released;
    }
  }
}

/** A new transaction's id stands beside `data`, everything else inside it. */
function answerOf(data: unknown): object {
  return isFields(data) && 'transactionId' in data ? data : { data };
}

function unsupported(what: string): CloudError {
  return new CloudError('EMULATOR_UNSUPPORTED', `[EMULATOR_UNSUPPORTED] the local cloud does not offer ${what}`);
}

function asCloudError(error: unknown): CloudError {
  if (error instanceof CloudError) return error;
  if (error instanceof HttpRefusal) {
    return error.status === 413
      ? new CloudError('EXCEED_REQUEST_SIZE_LIMIT', error.message)
      : invalidParam(error.message);
  }
  return new CloudError('SYS_ERR', error instanceof Error ? error.message : String(error));
}
