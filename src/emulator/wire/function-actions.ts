import { resultOrRefusal, type Functions, type Limits } from '../functions/index.ts';
import { CloudError, invalidParam } from '../cloud-error.ts';
import type { Action } from './database-actions.ts';
import { requiredText } from './request.ts';

interface FunctionParts {
  readonly functions: Functions;
  readonly limits: Limits;
}

/** Functions calling functions: on behalf of the same user, through the token of the calling run. */
export function createFunctionActions({ functions, limits }: FunctionParts): Readonly<Record<string, Action>> {
  return {
    'functions.invokeFunction': async ({ body, caller }) => {
      const name = requiredText(body, 'function_name');
      const event = body['request_data'] ?? '{}';
      if (typeof event !== 'string' || !isJson(event)) throw invalidParam('request_data must be JSON text');
      assertSize(event, limits.eventBytes);
      const source = caller.source === undefined ? 'scf' : `${caller.source},scf`;
      const answer = await functions.call({ name, event, caller: { ...caller, source }, isNested: true });
      return { response_data: resultOrRefusal(answer) };
    },
  };
}

function assertSize(event: string, limitBytes: number): void {
  const size = Buffer.byteLength(event);
  if (size <= limitBytes) return;
  throw new CloudError('EXCEED_REQUEST_SIZE_LIMIT', `the event has ${size} bytes, the limit is ${limitBytes}`);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
