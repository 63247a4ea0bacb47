/**
 * What the checker is told: plain data from those who cannot be wrong about it. Money is known by the image service,
 * promises by the clients, and what is stored by the database itself; never by the library.
 */
import type { Document } from '../../../src/store/index.ts';

/** One order that reached the image service. */
export interface PaidCall {
  /** The record's id: that of the request it was ordered for. */
  readonly key: string;
  /** Which attempt ordered it, from 1. */
  readonly attempt: number;
  readonly atMs: number;
  /** How many commits stood before it; needed where a log is given. */
  readonly seq?: number | undefined;
  /** The run of a function that ordered it, as in `Truth.runs`. */
  readonly run?: number;
  /** Whether it painted (and charges for it); false where it refused. */
  readonly made: boolean;
  /** What the picture can be had by again; `junk`: what came is no picture. */
  readonly form: 'address' | 'bytes' | 'task' | 'junk';
}

/** What a client was told, or that it was told nothing. */
export type Said =
  | {
      readonly kind: 'final';
      readonly status: 'completed' | 'failed';
      readonly imageUrl: string;
      /** `log` is the one answer that promises nothing. */
      readonly savedIn: 'works' | 'emergency_backup' | 'storage' | 'log';
      readonly replayed: boolean;
    }
  | { readonly kind: 'error'; readonly code: string }
  /** `killed`: a fault ended or stopped the function · `overdue`: it was undisturbed, and the platform had to end it. */
  | { readonly kind: 'nothing'; readonly why: 'killed' | 'overdue' };

/** One call of a client, and how it ended. */
export interface Answer {
  readonly key: string;
  readonly openid: string;
  /** What was asked for; the same key with another wish must be refused. */
  readonly wish: string;
  /** Whether a person asked to pay again for an unknown result. */
  readonly retryUnknown: boolean;
  /** When it was asked for; without it, why somebody was refused is not looked at. */
  readonly askedAtMs?: number;
  readonly atMs: number;
  /** How many commits stood when it came; needed where a log is given. */
  readonly seq?: number | undefined;
  readonly said: Said;
}

/** One run of a function, until it answered, was killed, or the platform ended it. */
export interface RunSpan {
  readonly id: number;
  readonly endedAtMs: number;
}

/**
 * Troubles that a world certainly was without: some promises hold only where there are none.
 *
 * - `wrong clocks`: every clock told the same time.
 * - `lost files`: nothing happened to a function, or to a file, and there was time enough.
 * - `lost refusals`: nothing went wrong but that openings came late.
 */
export type Spared = 'wrong clocks' | 'lost files' | 'lost refusals';

/** An account as it was before the first call. */
export interface AccountBefore {
  readonly userId: string;
  readonly credits: number;
  /** Price of one completed picture. */
  readonly price: number;
  /** Pictures a day, and openings a day. */
  readonly dailyLimit: number;
  readonly triesLimit: number;
  /** Uses of a day before the first call, by `dYYYYMMDD`. */
  readonly used?: Readonly<Record<string, number>>;
  /** Its counter was made wrong on purpose, for the repair to mend. */
  readonly isTampered?: boolean;
}

export interface Truth {
  readonly paid: readonly PaidCall[];
  readonly answers: readonly Answer[];
  /** Records whose owners were told that they are deleted. */
  readonly deletedByUsers: readonly string[];
  /** Without them, money and counters of accounts are not checked. */
  readonly accounts?: readonly AccountBefore[];
  /** Letters that somebody planted: they must change nothing, and stop nobody. */
  readonly planted?: readonly string[];
  /** What each picture's address shows, as `<key>_<attempt>`; without them, pictures are not looked at. */
  readonly pictures?: Readonly<Record<string, string>>;
  /** Without them, nobody looks whether two runs were paying for one request at once. */
  readonly runs?: readonly RunSpan[];
  /** @default nothing is known */
  readonly without?: readonly Spared[];
  /** Records of `works` that belong to no call of this history (an import, a canary). */
  readonly foreignWorks?: readonly string[];
}

/** What stands at the end, when faults are over, a day has passed, and recovery and repair have run. */
export interface Stored {
  readonly works: readonly Document[];
  readonly users: readonly Document[];
  /** The dead-letter collection. */
  readonly letters: readonly Document[];
}

/** One change that took effect, in the order of the database. */
export interface Commit {
  /** From 1, without gaps. */
  readonly seq: number;
  readonly atMs: number;
  /** A collection's name; `letter-files` for letters in storage, given as the documents they hold. */
  readonly place: string;
  readonly id: string;
  /** The whole document as it is now; undefined when it was removed. */
  readonly after: Document | undefined;
}

/** Which rule of reliability.md, section 3. */
export type Invariant = `I${number}`;

export interface Violation {
  readonly invariant: Invariant;
  readonly words: string;
  readonly recordId?: string;
}

export interface Verdict {
  readonly violations: readonly Violation[];
  /** Requests that were paid for or promised, and have no record (or another one than was promised). */
  readonly lost: number;
  /** Records beyond the first of their request. */
  readonly duplicated: number;
  /** Requests paid for more often than once and once for each explicit retry. */
  readonly paidTwice: number;
  // Every request is exactly one of these four.
  /** Its person was told a final result. */
  readonly delivered: number;
  /** Nothing was paid, and its person was told no, or nothing. */
  readonly refused: number;
  /** Paid, and its person never saw the result; the record says so. */
  readonly unknown: number;
  /** Its person was told that the picture is made and not saved yet. */
  readonly onlyInLog: number;
}
