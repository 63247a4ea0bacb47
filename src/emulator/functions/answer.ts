import { CloudError } from '../cloud-error.ts';
import type { FunctionAnswer } from './functions.ts';

/** What `wx.cloud.callFunction` hands to a mini program. */
export type InvokeAnswer =
  | { readonly result: unknown; readonly requestID: string; readonly errMsg: 'cloud.callFunction:ok' }
  | { readonly errCode: number; readonly errMsg: string; readonly requestID: string };

interface Failure {
  /** The number a mini program sees. */
  readonly errCode: number;
  /** The name another function's SDK sees. */
  readonly code: string;
  readonly message: string;
}

/** The answer for a mini program. */
export function toInvokeAnswer(answer: FunctionAnswer): InvokeAnswer {
  const { requestId: requestID, outcome } = answer;
  if (outcome.kind === 'done') {
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

function failureOf({ outcome, timeoutSeconds }: FunctionAnswer): Failure {
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
    case 'killed':
      return executionFailure('the instance was killed');
    case 'failed':
      return executionFailure(outcome.message);
    default:
      return executionFailure('');
  }
}

function executionFailure(message: string): Failure {
  return { errCode: -504002, code: 'FUNCTIONS_EXECUTE_FAIL', message: `functions execute fail | errMsg: ${message}` };
}
