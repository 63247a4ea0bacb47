import { resultOrRefusal, type Functions } from '../functions/index.ts';
import { invalidParam } from '../cloud-error.ts';
import type { Action } from './database-actions.ts';
import { requiredText } from './request.ts';

/** Functions calling functions: on behalf of the same user, through the token of the calling run. */
export function createFunctionActions(functions: Functions): Readonly<Record<string, Action>> {
  return {
    'functions.invokeFunction': async ({ body, caller }) => {
      const name = requiredText(body, 'function_name');
      const event = body['request_data'] ?? '{}';
      if (typeof event !== 'string' || !isJson(event)) throw invalidParam('request_data must be JSON text');
      const source = caller.source === undefined ? 'scf' : `${caller.source},scf`;
      const answer = await functions.call({ name, event, caller: { ...caller, source }, isNested: true });
      return { response_data: resultOrRefusal(answer) };
    },
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
