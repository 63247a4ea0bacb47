import { asDurableError, DurableError, isDurableError, withTimeout, type Deadline } from '../core/index.ts';
import { oversize } from '../durable/index.ts';
import { assertDocument, type Document } from '../store/index.ts';
import { planTask } from './hold.ts';
import type { OnceRequest, Payment } from './kind.ts';
import type { Opened } from './open.ts';
import { applyStep, type CallParts } from './parts.ts';

/** The record with the result in it. Paid is paid: a result that cannot be stored does not keep it from being written. */
export function recordOf(parts: CallParts, { key, hold, account }: Opened, payment: Payment): Document {
  const finish = (result: Payment): Document =>
    parts.kind.finish(parts.kind.record({ ...key, hold, account }), result, parts.clock.now());
  const record = finish(payment);
  if (payment.status !== 'completed') return record;
  const problem = unstorable(record);
  if (!problem) return record;
  parts.log.write('error', 'once.fields-dropped', { recordId: key.id, code: problem.code });
  return finish({ ...payment, fields: {} });
}

function unstorable(record: Document): DurableError | undefined {
  try {
    assertDocument(record);
    return oversize(record);
  } catch (error) {
    return asDurableError(error);
  }
}

/** Has the request paid for, and answers whatever becomes of it: what is thrown, or late, tells nothing about the money. */
export async function pay(
  parts: CallParts,
  { request, opened }: { request: OnceRequest; opened: Opened },
  deadline: Deadline,
): Promise<Payment> {
  const { key, hold, account } = opened;
  // A task that cannot be noted is polled all the same; only recovery would not know it.
  const noteTask = async (taskId: string): Promise<void> => {
    const step = planTask(key.id, hold.token, taskId);
    await applyStep(parts, key, { step, deadline }).catch((error: unknown) => {
      parts.log.write('warn', 'once.task-not-noted', { recordId: key.id, code: asDurableError(error).code });
    });
  };
  const context = { ...key, hold, account, deadline, noteTask };
  try {
    return await withTimeout(parts.clock, deadline.remainingMs(), request.pay(context), overdue);
  } catch (error) {
    // Whatever is thrown instead of answered tells nothing about the money.
    const cause = isDurableError(error)
      ? error
      : new DurableError('PROVIDER_UNCERTAIN', 'paying threw', { cause: error });
    parts.log.write('warn', 'once.pay-unclear', { recordId: key.id, code: cause.code });
    return { status: 'unknown', error: cause };
  }
}

function overdue(): DurableError {
  return new DurableError('PROVIDER_UNCERTAIN', 'paying gave no answer in time');
}
