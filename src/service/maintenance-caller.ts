import { createDeadline, DurableError, type Clock, type Deadline } from '../core/index.ts';
import { timeLimitMs, type FunctionContext } from './handler.ts';
import type { Runtime } from './runtime.ts';

/** What telling one from the other stands on. */
export type CallerPorts = Pick<Runtime, 'identity' | 'env' | 'log' | 'hash'>;

/** Time left for the answer before the platform kills the function. */
const ANSWER_MS = 500;

/** Until when a maintenance function may work. */
export const deadlineOf = (clock: Clock, context: FunctionContext): Deadline =>
  createDeadline(clock, clock.now() + timeLimitMs(context) - ANSWER_MS);

/** The platform's name of the invocation; empty where it gave none. */
export const invocationOf = ({ request_id: id }: FunctionContext): string => (typeof id === 'string' ? id : '');

/** Who may run maintenance. */
export type MaintenanceCaller = 'timer' | 'administrator';

/**
 * Tells the platform's timer from a listed administrator; throws `AUTH_DENIED` for everybody else.
 *
 * An event that looks like the timer's proves nothing: a web page's visitor and another function send what they like,
 * and have no OPENID. The platform itself says what it was: SOURCE is `wx_trigger` for a timer alone, and where there
 * is none, as in an environment that belongs to no mini program, TRIGGER_SRC is `timer`.
 * Sources: developers.weixin.qq.com, Cloud.getWXContext; the comments of @cloudbase/node-sdk, wxCloudToken.
 */
export function authorise(runtime: CallerPorts, event: unknown): MaintenanceCaller {
  const { env, hash, log } = runtime;
  const { OPENID, SOURCE } = runtime.identity();
  // One of digits alone comes from the SDK as a number: somebody all the same.
  const isPerson = OPENID !== undefined && OPENID !== null && OPENID !== '';
  const admins = (env['WX_DURABLE_ADMINS'] ?? '').split(',').map((openid) => openid.trim());
  if (isPerson && typeof OPENID === 'string' && admins.includes(OPENID)) return 'administrator';
  if (!isPerson && isTimerRun(SOURCE, env) && isTimerEvent(event)) return 'timer';
  log.write('warn', 'auth.maintenance-refused', {
    user: isPerson && typeof OPENID === 'string' ? hash.sha256(OPENID).slice(0, 12) : undefined,
    source: typeof SOURCE === 'string' ? SOURCE.slice(0, 40) : undefined,
  });
  throw new DurableError('AUTH_DENIED', 'only the timer and listed administrators (WX_DURABLE_ADMINS) may run this');
}

function isTimerRun(source: unknown, env: CallerPorts['env']): boolean {
  return source === 'wx_trigger' || ((source === undefined || source === '') && env['TRIGGER_SRC'] === 'timer');
}

function isTimerEvent(event: unknown): boolean {
  const { Type, TriggerName, httpMethod } = (event ?? {}) as Record<string, unknown>;
  return (
    typeof Type === 'string' && /^timer$/i.test(Type) && typeof TriggerName === 'string' && httpMethod === undefined
  );
}
