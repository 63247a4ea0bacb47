import {
  asDurableError,
  createDeadline,
  DurableError,
  type Clock,
  type Deadline,
  type Hash,
  type Log,
  type Random,
} from '../core/index.ts';
import { fail, type Envelope } from './envelope.ts';

/** Who calls, by the platform's context. */
export interface Identity {
  readonly OPENID?: unknown;
  /** What made the platform run the function; see `authorise` in `maintenance-caller.ts`. */
  readonly SOURCE?: unknown;
}

/** The second argument of a cloud function, as far as it is used. */
export interface FunctionContext {
  readonly request_id?: unknown;
  /** The configured time limit, not what is left. */
  readonly time_limit_in_ms?: unknown;
}

export interface HandlerDeps {
  readonly clock: Clock;
  readonly hash: Hash;
  readonly log: Log;
  readonly random: Random;
  /** `cloud.getWXContext`. */
  identity(): Identity;
}

/** One request, identified. */
export interface Call {
  readonly openid: string;
  readonly data: unknown;
  readonly deadline: Deadline;
  /**
   * The idempotency key: the event's `data.requestId` where the client made one (1 to 128 letters, digits or `_.:-`),
   * so that asking again is the same request; else the platform's name of this invocation.
   */
  readonly requestId: string;
}

/** What an action answers; it may throw instead. */
export type Action = (call: Call) => Promise<Envelope>;

/** The answer must still travel before the platform kills the function. */
const ANSWER_MS = 150;
/** The platform's default where the context does not tell. */
const DEFAULT_TIME_LIMIT_MS = 3_000;

/**
 * A cloud function's `main` for `{ action, data }` events: identity from the context alone, a deadline from
 * the function's own time limit, one log line a call, and every outcome as an envelope. It never rejects.
 */
export function createHandler(deps: HandlerDeps, actions: Readonly<Record<string, Action>>) {
  return async (event: unknown, context: FunctionContext = {}): Promise<Envelope> => {
    const startedAtMs = deps.clock.now();
    const requestId = nameOf(context.request_id) ?? deps.random.token();
    const { action, data, isSound } = readEvent(event);
    let answer: Envelope;
    let refused: DurableError | undefined;
    try {
      const openid = identify(deps, event, data);
      if (!isSound) throw new DurableError('INPUT_INVALID', 'a key "__proto__" has no place in an event');
      const deadline = createDeadline(deps.clock, startedAtMs + timeLimitMs(context) - ANSWER_MS);
      answer = await find(actions, action)({ openid, data, deadline, requestId: keyIn(data) ?? requestId });
    } catch (thrown) {
      refused = asDurableError(thrown);
      answer = failLogged(deps, thrown, keyIn(data) ?? requestId);
    }
    deps.log.write('info', 'call.answered', {
      requestId,
      action: typeof action === 'string' && Object.hasOwn(actions, action) ? action : 'unknown',
      code: answer.code,
      error: 'error' in answer ? answer.error.code : undefined,
      // The person reads a general text; who wrote the call reads here what was wrong with it.
      reason: refused?.category === 'caller' ? refused.message.slice(0, 300) : undefined,
      latencyMs: deps.clock.now() - startedAtMs,
    });
    return answer;
  };
}

function readEvent(event: unknown): { action: unknown; data: unknown; isSound: boolean } {
  const { action, data } = (typeof event === 'object' && event !== null ? event : {}) as Record<string, unknown>;
  return { action, data, isSound: [event, data].every((part) => !ownsPrototype(part)) };
}

const nameOf = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[\w.:-]{1,128}$/.test(value) ? value : undefined;

// A failure names the request by the caller's own key, so that it can be asked again.
function keyIn(data: unknown): string | undefined {
  return typeof data === 'object' && data !== null ? nameOf((data as { requestId?: unknown }).requestId) : undefined;
}

// No form sends such a key; who does is trying something.
function ownsPrototype(part: unknown): boolean {
  return typeof part === 'object' && part !== null && Object.hasOwn(part, '__proto__');
}

function find(actions: Readonly<Record<string, Action>>, action: unknown): Action {
  const found = typeof action === 'string' && Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (found) return found;
  throw new DurableError('ACTION_UNKNOWN', `known actions are ${Object.keys(actions).join(', ')}`);
}

/** The function's own time limit, as the platform tells it; its default of 3 s where it does not. */
export function timeLimitMs({ time_limit_in_ms: limit }: FunctionContext): number {
  return typeof limit === 'number' && limit > 0 ? limit : DEFAULT_TIME_LIMIT_MS;
}

// Only the platform's context says who calls. What the event claims is ignored, and told to the log.
function identify(deps: HandlerDeps, event: unknown, data: unknown): string {
  const { OPENID } = deps.identity();
  if (typeof OPENID !== 'string' || OPENID === '') {
    throw new DurableError('AUTH_MISSING', 'the platform named no OPENID; call from a mini program');
  }
  for (const claim of [event, data]) {
    if (claims(claim).some((claimed) => claimed !== undefined && claimed !== OPENID)) {
      deps.log.write('warn', 'auth.spoof-attempt', { user: deps.hash.sha256(OPENID).slice(0, 12) });
      break;
    }
  }
  return OPENID;
}

function claims(source: unknown): readonly unknown[] {
  if (typeof source !== 'object' || source === null) return [];
  const { openid, _openid, userId, userInfo } = source as Record<string, unknown>;
  return [openid, _openid, userId, (userInfo as { openId?: unknown } | null | undefined)?.openId];
}

/** Which mistake it is and where in the code. A parser quotes what it was given in its message: that is left out. */
export function placeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  const [, at = ''] = /\n\s+at ([^\n]{1,200})/.exec(cause.stack ?? '') ?? [];
  const isOfCode = cause instanceof TypeError || cause instanceof ReferenceError || cause instanceof RangeError;
  return `${cause.name}${isOfCode ? `: ${cause.message.slice(0, 200)}` : ''}${at && ` at ${at}`}`;
}

function failLogged(deps: HandlerDeps, thrown: unknown, requestId: string): Envelope {
  const error = asDurableError(thrown);
  const reason = error.message.slice(0, 300);
  if (error.category === 'fault') {
    deps.log.write('error', 'call.fault', { requestId, code: error.code, reason, cause: placeOf(error.cause) });
  }
  return fail(error, requestId);
}
