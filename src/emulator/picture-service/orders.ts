/** An order as an OpenAI-compatible client sends it. */
export interface Order {
  readonly prompt: string;
  readonly count: number;
  readonly wantsBytes: boolean;
}

/** Why an order is not taken. */
export interface OrderProblem {
  readonly code: string;
  readonly message: string;
}

const MAX_COUNT = 4;

/** The order in a request's body, or what is wrong with it. */
export function readOrder(body: unknown): Order | OrderProblem {
  if (typeof body !== 'object' || body === null) return invalid('the body must be a JSON object');
  const { prompt, n = 1, response_format: format = 'url' } = body as Record<string, unknown>;
  if (typeof prompt !== 'string' || prompt.trim() === '') return invalid('prompt must be a text that is not empty');
  if (typeof n !== 'number' || !Number.isInteger(n) || n < 1 || n > MAX_COUNT)
    return invalid(`n must be 1 to ${MAX_COUNT}`);
  if (format !== 'url' && format !== 'b64_json') return invalid('response_format must be url or b64_json');
  return { prompt, count: n, wantsBytes: format === 'b64_json' };
}

function invalid(message: string): OrderProblem {
  return { code: 'invalid_request_error', message };
}
