import { DurableError } from '../core/index.ts';

/** The error for what is refused before anything is sent. */
export function invalid(what: string, details: Readonly<Record<string, unknown>>): DurableError {
  return new DurableError('INPUT_INVALID', what, { details });
}
