/** What can go wrong between one function and the database, storage and image service, at each of its statements. */
import type { Place, Statement } from './statements.ts';

export type Fault =
  | 'lost' // the request never arrived
  | 'answer-lost' // it took effect, and the answer never arrived
  | 'late' // it takes effect after the caller has given up
  | 'very-late' // … a day after
  | 'killed-before' // the function dies before the step takes effect
  | 'killed-after' // … and after
  | 'frozen-before' // the function stops for ten minutes before the step, then goes on
  | 'frozen-after'
  | Down;

/** From this step on nobody can reach this collection · any collection · storage. */
export type Down = 'works-down' | 'users-down' | 'letters-down' | 'database-down' | 'storage-down';

export const LATE_MS = 90_000;
/** Longer than a day: after what was unknown was given up. */
export const VERY_LATE_MS = 26 * 3_600_000;
export const FREEZE_MS = 600_000;

/** What is done at a step: the first of those who are ready goes, and nothing goes wrong, unless it says otherwise. */
export interface Move {
  readonly fault?: Fault | undefined;
  /** Whose turn it is. */
  readonly owner?: number | undefined;
}

/** A move, and those that come to the same; of them all only the first is made, and counts for all. */
export interface Choice {
  readonly move: Move;
  readonly alike: readonly Fault[];
}

const choice = (fault: Fault, ...alike: readonly Fault[]): Choice => ({ move: { fault }, alike });

const OF_A_WRITE = (
  [
    'lost',
    'answer-lost',
    'late',
    'very-late',
    'killed-before',
    'killed-after',
    'frozen-before',
    'frozen-after',
  ] as const
).map((fault) => choice(fault));
// Of a read it makes no difference whether it was lost, its answer was, or it came late; nor when its reader dies.
const OF_A_READ = [
  choice('lost', 'answer-lost', 'late', 'very-late'),
  choice('killed-before', 'killed-after'),
  choice('frozen-before'),
  choice('frozen-after'),
];
// What reaches nobody has no effect, before or after.
const OF_NOTHING = [choice('killed-before', 'killed-after'), choice('frozen-before', 'frozen-after')];

/** What is down is one number: the bits of the places that nobody can reach. */
const BIT: Readonly<Record<Place, number>> = { works: 1, users: 2, emergency_backup: 4, files: 8, paid: 0 };
export const DOWN: Readonly<Record<Down, number>> = {
  'works-down': BIT.works,
  'users-down': BIT.users,
  'letters-down': BIT.emergency_backup,
  'database-down': BIT.works | BIT.users | BIT.emergency_backup,
  'storage-down': BIT.files,
};

/** What can go wrong at this statement, while those are down. */
export function faultsOf(statement: Statement, down: number): readonly Choice[] {
  const { ofNothing, ofARead, ofAWrite } = FAULTS[down] as (typeof FAULTS)[number];
  if (isDown(statement, down)) return ofNothing;
  return statement.isRead ? ofARead : ofAWrite;
}

// Made once for everything that can be down: they are asked for at every step.
const FAULTS = Array.from({ length: 16 }, (_, down) => {
  const news = (Object.keys(DOWN) as Down[]).filter((kind) => (down | DOWN[kind]) !== down);
  const downs = news.map((kind) => choice(kind));
  return {
    ofNothing: [...OF_NOTHING, ...downs],
    ofARead: [...OF_A_READ, ...downs],
    ofAWrite: [...OF_A_WRITE, ...downs],
  };
});

export function isDown({ place }: Statement, down: number): boolean {
  return (down & BIT[place]) !== 0;
}

/** What is down after this. */
export function downAfter(fault: Fault | undefined, down: number): number {
  return fault && fault in DOWN ? down | DOWN[fault as Down] : down;
}
