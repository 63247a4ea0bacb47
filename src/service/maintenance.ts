import { createDeadline, DurableError, type Deadline } from '../core/index.ts';
import { createGenerationRecovery } from '../generation/index.ts';
import { repairUserCounts } from '../integrity/index.ts';
import { fail, succeed, type Envelope } from './envelope.ts';
import { timeLimitMs, type FunctionContext } from './handler.ts';
import { openTools, type Runtime } from './runtime.ts';

/** The cloud function `recoverFromBackup`: finishes open calls and brings dead letters home. */
export function createRecoverFromBackup(runtime: Runtime) {
  return createMaintenance(runtime, async (deadline) => {
    return createGenerationRecovery({ ...runtime, ...openTools(runtime) }).recover({ deadline });
  });
}

/** The cloud function `fixUserConsistency`: makes the users' counters agree with their works. */
export function createFixUserConsistency(runtime: Runtime) {
  return createMaintenance(runtime, (deadline) => repairUserCounts(runtime, { deadline }));
}

/** Time left for the report before the platform kills the function. */
const ANSWER_MS = 500;

// Runs for the platform's timer and for listed administrators only.
function createMaintenance(runtime: Runtime, run: (deadline: Deadline) => Promise<unknown>) {
  return async (event: unknown, context: FunctionContext = {}): Promise<Envelope> => {
    const requestId = typeof context.request_id === 'string' ? context.request_id : '';
    try {
      authorise(runtime, event);
      const deadline = createDeadline(runtime.clock, runtime.clock.now() + timeLimitMs(context) - ANSWER_MS);
      return succeed('执行完成', await run(deadline));
    } catch (thrown) {
      const answer = fail(thrown, requestId);
      runtime.log.write('error', 'maintenance.failed', { requestId, code: answer.error.code });
      return answer;
    }
  };
}

// A client's call always carries an OPENID, so an event that merely looks like the timer's is told by it; a
// call through HTTP carries none, but has the request's own fields.
function authorise(runtime: Runtime, event: unknown): void {
  const { OPENID } = runtime.identity();
  const admins = (runtime.env['WX_DURABLE_ADMINS'] ?? '').split(',').map((openid) => openid.trim());
  if (typeof OPENID === 'string' && OPENID !== '') {
    if (admins.includes(OPENID)) return;
    runtime.log.write('warn', 'auth.maintenance-refused', { user: runtime.hash.sha256(OPENID).slice(0, 12) });
  } else if (isTimerEvent(event)) {
    return;
  }
  throw new DurableError('AUTH_DENIED', 'only the timer and listed administrators (WX_DURABLE_ADMINS) may run this');
}

function isTimerEvent(event: unknown): boolean {
  const { Type, TriggerName, httpMethod } = (event ?? {}) as Record<string, unknown>;
  return /^timer$/i.test(String(Type)) && typeof TriggerName === 'string' && httpMethod === undefined;
}
