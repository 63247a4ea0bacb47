/**
 * A refusal in the platform's own words. It travels as `{ code, message }` in an answer with status 200 and
 * never leaves this room as an exception.
 */
export class CloudError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'CloudError';
    this.code = code;
  }
}

/** The refusal of a request that is not shaped as the protocol asks. */
export function invalidParam(message: string): CloudError {
  return new CloudError('INVALID_PARAM', message);
}

/** The refusal of a database operation that MongoDB would not perform. */
export function requestFailed(message: string): CloudError {
  return new CloudError('DATABASE_REQUEST_FAILED', message);
}

/** A refusal by the update or insert engine, wrapped as the platform wraps MongoDB's write errors. */
export function writeFailed(message: string, operation = 'FailedOperation'): CloudError {
  return requestFailed(`[${operation}] multiple write errors: [{write errors: [{${message}}]}, {<nil>}]`);
}
