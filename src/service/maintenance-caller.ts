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
 * A client's call always carries an OPENID, so an event that merely looks like the timer's is told by it; a call
 * through HTTP carries none, but has the request's own fields.
 */
export function authorise(runtime: CallerPorts, event: unknown): MaintenanceCaller {
  const { OPENID } = runtime.identity();
  const admins = (runtime.env['WX_DURABLE_ADMINS'] ?? '').split(',').map((openid) => openid.trim());
  if (typeof OPENID === 'string' && OPENID !== '') {
    if (admins.includes(OPENID)) return 'administrator';
    runtime.log.write('warn', 'auth.maintenance-refused', { user: runtime.hash.sha256(OPENID).slice(0, 12) });
  } else if (isTimerEvent(event)) {
    return 'timer';
  }
  throw new DurableError('AUTH_DENIED', 'only the timer and listed administrators (WX_DURABLE_ADMINS) may run this');
}

function isTimerEvent(event: unknown): boolean {
  const { Type, TriggerName, httpMethod } = (event ?? {}) as Record<string, unknown>;
  return /^timer$/i.test(String(Type)) && typeof TriggerName === 'string' && httpMethod === undefined;
}
