import type { Deadline, DurableError, Plain } from '../core/index.ts';
import type { CallOptions, Document, Filter } from '../store/index.ts';
import type { Amounts, Hold, Terms } from './hold.ts';

/** What came of paying. `fields` go into the record; a failure says why. */
export type Payment =
  | { readonly status: 'completed'; readonly fields: Readonly<Record<string, Plain>> }
  | { readonly status: 'failed'; readonly error: DurableError }
  | { readonly status: 'unknown'; readonly error: DurableError };

/** Which record, of which account. */
export interface Key {
  readonly id: string;
  readonly accountId: string;
}

export interface Basis extends Key {
  readonly hold: Hold;
  readonly account: Document;
}

/**
 * One kind of costly call: where its records are, what it costs, what its records look like. All but `ask`
 * is pure and needs nothing but what is stored, so that recovery can finish a call that it never saw.
 */
export interface Kind {
  /** Collection of the records. */
  readonly records: string;
  /** Collection of the accounts that pay; holds are kept there under `quota`. */
  readonly accounts: string;
  /** Counters changed when a call is opened, … */
  take(terms: Terms): Amounts;
  /** … when it failed or was never paid, … */
  back(terms: Terms): Amounts;
  /** … and when it completed. */
  done(terms: Terms): Amounts;
  /** The record of this hold before its result is known (status `unknown`). */
  record(basis: Basis): Document;
  /** The record with the result in it. */
  finish(record: Document, payment: Payment, atMs: number): Document;
  /**
   * Asks an asynchronous provider by task id, before `deadline`: at most 15 s from now. An answer that comes later is
   * ignored, and the task is asked about again by the next recovery. Absent: there is no such provider.
   */
  ask?(taskId: string, basis: Basis, deadline: Deadline): Promise<Payment | 'running'>;
}

export interface PayContext extends Basis {
  /** Paying must be over by then: what follows needs the rest of the time. */
  readonly deadline: Deadline;
  /** Stores the task id of an asynchronous provider; await it before polling. */
  noteTask(taskId: string): Promise<void>;
}

/** What a call costs, and the condition on the account under which it may be opened. */
export interface Offer {
  readonly terms: Terms;
  readonly eligible: Filter;
}

/** What a further attempt takes, and the condition on the account under which it may be made. */
export interface Again {
  readonly take: Amounts;
  readonly eligible: Filter;
}

/** One call: who pays, for what, and how. */
export interface OnceRequest {
  /** The record's `_id`, made from the caller and the idempotency key. */
  readonly id: string;
  /** Hash of the payload: the same id with another hash is refused. */
  readonly hash: string;
  /** After an `unknown` result: pay again. @default false */
  readonly retryUnknown?: boolean;
  /** What the record needs besides the result. */
  readonly draft: Readonly<Record<string, Plain>>;
  /** Reads (or registers) the account that pays. */
  account(call: CallOptions): Promise<Document>;
  /**
   * What it costs this account, and the condition under which it may. Throws to refuse. Called only where a first
   * attempt is about to be opened, so what must be true before that may be awaited here.
   */
  terms(account: Document): Offer | Promise<Offer>;
  /**
   * What paying again after an `unknown` result takes beyond what is held already, and the condition under which it may.
   * Throws to refuse. @default nothing, and it always may
   */
  again?(account: Document): Again;
  /** Why the account may not, read after its opening was refused. */
  refusal(account: Document): DurableError;
  pay(context: PayContext): Promise<Payment>;
}

export type SavedIn = 'works' | 'emergency_backup' | 'storage' | 'log';

/** How a call ended. A rejection instead means: nothing was paid. */
export type OnceAnswer =
  | {
      readonly outcome: 'final';
      readonly record: Document;
      readonly savedIn: SavedIn;
      /** Answered from an earlier call; nothing was paid now. */
      readonly replayed: boolean;
      /** The account as it was read at the beginning. */
      readonly account: Document;
    }
  | { readonly outcome: 'unknown'; readonly record: Document | undefined };
