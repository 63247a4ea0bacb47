import type { Clock, Deadline, Log, Plain, Random } from '../core/index.ts';
import type { Store } from '../store/index.ts';
import type { Attempt, Job } from './table.ts';

export interface JobsDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Runs one statement with bounded retry inside the deadline; every statement given to it may be repeated. */
  readonly attempt: Attempt;
}

/** What the work of one run is given. */
export interface JobRun<C> {
  /** Where the last run stopped; undefined at the beginning of a walk. */
  readonly checkpoint: C | undefined;
  /** Nothing new is started after it: what follows is the table's. */
  readonly deadline: Deadline;
  /**
   * Keeps a checkpoint, so that a killed run is gone on with from here; one round trip. Rejects with `STORE_CONFLICT`
   * when another run has taken over: let it pass, the run is over.
   */
  save(checkpoint: C): Promise<void>;
}

/** What the work of one run came to. */
export interface Done<C> {
  /**
   * Present when there is more to do: the job stays due. Five runs that leave it where it was give it up, and the walk
   * starts over.
   */
  readonly checkpoint?: C | undefined;
  /** Something was done although the checkpoint is the one that the run began from. @default false */
  readonly gotOn?: boolean;
  /** Kept in the table and logged: counts, no ids. */
  readonly summary: Plain;
  /** For the caller alone; never kept. */
  readonly report?: unknown;
}

/** A job with its work. */
export interface Task<C> {
  readonly job: Job;
  /** A checkpoint as it was stored, or undefined for one that makes no sense: then the walk starts over. */
  readCheckpoint(stored: unknown): C | undefined;
  /** Does what can be done until the deadline; may be repeated from any checkpoint, and run twice at once. */
  work(run: JobRun<C>): Promise<Done<C>>;
}

/** Why a walk did not go on where it stopped: another version, an unreadable state, or no progress in many runs. */
export type StartedOver = 'version' | 'shape' | 'stuck';

export type Outcome =
  | { readonly ran: false; readonly why: 'not-due' | 'leased' }
  | {
      readonly ran: true;
      /** Whether the walk came to its end; otherwise the next run goes on. */
      readonly finished: boolean;
      readonly summary: Plain;
      readonly report?: unknown;
      /** How much later than due it was begun; 0 in the middle of a walk, and when forced. */
      readonly lateMs: number;
      readonly startedOver?: StartedOver;
      /** Whether the table has it; if not, the next run does it again. */
      readonly kept: boolean;
    };
