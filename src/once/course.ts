import { DurableError, type Deadline } from '../core/index.ts';
import type { Document } from '../store/index.ts';
import type { OnceAnswer, OnceRequest, SavedIn } from './kind.ts';

/** One call under way. */
export interface Course {
  readonly request: OnceRequest;
  readonly deadline: Deadline;
  /** End of the lease it takes, milliseconds since the epoch. */
  readonly until: number;
  /** What must be left after paying, and what paying must have at least. */
  readonly reserveMs: number;
  readonly minPayMs: number;
}

/** The answer that an earlier call left. */
export function replay(record: Document, savedIn: SavedIn, account: Document): OnceAnswer {
  return { outcome: 'final', record, savedIn, replayed: true, account };
}

/** The error for a record that may be there and cannot be read. */
export function unreadableRecord(id: string): DurableError {
  return new DurableError(
    'STORE_UNAVAILABLE',
    'an earlier call left something that cannot be read now; ask again later',
    {
      details: { recordId: id },
    },
  );
}
