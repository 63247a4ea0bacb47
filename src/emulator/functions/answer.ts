import { CloudError } from '../cloud-error.ts';
import type { FunctionAnswer } from './functions.ts';
import type { Limits } from './limits.ts';

/** What `wx.cloud.callFunction` hands to a mini program. */
export type InvokeAnswer =
  | { readonly result: unknown; readonly requestID: string; readonly errMsg: 'cloud.callFunction:ok' }
  | { readonly errCode: number; readonly errMsg: string; readonly requestID: string };

/** A failure of a call. */
export interface Failure {
  /** The number a mini program sees. */
  readonly errCode: number;
  /** The name another function's SDK sees. */
  readonly code: string;
  readonly message: string;
}

/** Whether the function's code ran at all. */
export function hasRun({ outcome }: FunctionAnswer): boolean {
  return outcome.kind !== 'missing' && outcome.kind !== 'throttled';
}

/** The answer for a mini program, which receives no result of more than `resultBytes`. */
export function toInvokeAnswer(answer: FunctionAnswer, { resultBytes }: Pick<Limits, 'resultBytes'>): InvokeAnswer {
  const { requestId: requestID, outcome } = answer;
  if (outcome.kind === 'done') {
    if (Buffer.byteLength(outcome.result) > resultBytes) {
      return { errCode: -604001, errMsg: 'cloudfunction result size exceed limit (1MB)', requestID };
    }
    return { result: JSON.parse(outcome.result), requestID, errMsg: 'cloud.callFunction:ok' };
  }
  const { errCode, message } = failureOf(answer);
  return { errCode, errMsg: message, requestID };
}

/** The result as JSON text, for another function; a failure is thrown as the refusal its SDK would receive. */
export function resultOrRefusal(answer: FunctionAnswer): string {
  if (answer.outcome.kind === 'done') return answer.outcome.result;
  const { code, message } = failureOf(answer);
  throw new CloudError(code, message);
}

/** What went wrong, in the platform's codes and words. */
export function failureOf({ outcome, timeoutSeconds }: FunctionAnswer): Failure {
  switch (outcome.kind) {
    case 'missing':
      return {
        errCode: -501000,
        code: 'FUNCTION_NOT_FOUND',
        message: 'FunctionName parameter could not be found. FUNCTION_NOT_FOUND',
      };
    case 'timed-out':
      return {
        errCode: -504003,
        code: 'FUNCTIONS_TIME_LIMIT_EXCEEDED',
        message: `Invoking task timed out after ${timeoutSeconds} seconds`,
      };
    case 'throttled':
      return throttled(outcome.code, outcome.message);
    case 'out-of-memory':
      return { ...executionFailure('function memory limit exceeded'), code: 'FUNCTIONS_MEMORY_LIMIT_EXCEEDED' };
    case 'response-too-large':
      return executionFailure('The size of response exceeds the upper limit (6MB)');
    case 'killed':
      return executionFailure('the instance was killed');
    case 'failed':
      return executionFailure(outcome.message);
    default:
      return executionFailure('');
  }
}

/** The refusal of what came too often or too many at once. */
export function throttled(code: string, message: string): Failure {
  return code === 'EXCEED_CONCURRENT_REQUEST_LIMIT'
    ? { errCode: -501004, code, message: `exceed concurrent request limit. ${message}` }
    : { errCode: -501001, code, message: `resource system error. [${code}] ${message}` };
}

function executionFailure(message: string): Failure {
  return { errCode: -504002, code: 'FUNCTIONS_EXECUTE_FAIL', message: `functions execute fail | errMsg: ${message}` };
}
