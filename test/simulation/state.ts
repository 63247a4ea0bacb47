/** All that a small world is at one moment: equal states have equal futures. Never changed once it is made. */
import type { Stage } from './behaviours.ts';
import type { Contents, Statement } from './statements.ts';

/** A statement that was sent, and is not performed yet. */
export interface Request {
  readonly owner: number;
  readonly number: number;
  readonly statement: Statement;
}

/**
 * Something that is to come: a function's own timer · an answer that it hears at its thaw · what it sends only then, and
 * after its own timers · a statement that arrives late · the platform gives up waiting.
 */
export type Coming = { readonly atMs: number; readonly owner: number } & (
  | { readonly kind: 'timer'; readonly number: number }
  | { readonly kind: 'answer'; readonly number: number; readonly answer: number }
  | { readonly kind: 'thaw' | 'sends'; readonly number: number; readonly statement: Statement }
  | { readonly kind: 'late'; readonly statement: Statement }
  | { readonly kind: 'gives-up' }
);

/** A function of which more may come. */
export interface Alive {
  readonly owner: number;
  readonly stage: Stage;
  readonly hasAnswered: boolean;
}

export interface State {
  /** Which scene of the script it is in, and whether that has begun. */
  readonly scene: number;
  readonly hasBegun: boolean;
  readonly nowMs: number;
  /** When a scene is over in which time passes. */
  readonly endsAtMs: number;
  /** Functions that the scene waits for. */
  readonly waiting: readonly number[];
  /** Functions begun so far. */
  readonly begun: number;
  /** Statements performed so far where something could go wrong; follows from nothing else, and nothing from it. */
  readonly steps: number;
  readonly down: number;
  readonly contents: Contents;
  /** Number of the set of all that people were promised. */
  readonly promised: number;
  /** Holds under which nothing was paid, and which recovery may not touch before a day is over. */
  readonly held: number;
  readonly crash: string | undefined;
  /** In the order in which they fall due; those of one moment in the order in which they were set. */
  readonly coming: readonly Coming[];
  readonly ready: readonly Request[];
  /** When functions thaw. */
  readonly frozen: readonly (readonly [owner: number, untilMs: number])[];
  readonly alive: readonly Alive[];
}

const KINDS = ['timer', 'answer', 'thaw', 'sends', 'late', 'gives-up'] as const satisfies readonly Coming['kind'][];

/** One short text for one state; `timeOf` gives moments small numbers. */
export function keyOf(state: State, timeOf: (atMs: number) => number): string {
  const numbers = [state.scene, Number(state.hasBegun), timeOf(state.nowMs), timeOf(state.endsAtMs)];
  numbers.push(state.down, state.promised, state.held, state.waiting.length, ...state.waiting, ...state.contents);
  numbers.push(state.coming.length);
  for (const coming of state.coming) {
    numbers.push(KINDS.indexOf(coming.kind), timeOf(coming.atMs), coming.owner, ...detailsOf(coming));
  }
  numbers.push(state.ready.length);
  for (const { owner, number } of state.ready) numbers.push(owner, number);
  for (const [owner, untilMs] of state.frozen) if (untilMs > state.nowMs) numbers.push(owner, timeOf(untilMs));
  numbers.push(state.alive.length);
  for (const { owner, stage, hasAnswered } of state.alive) numbers.push(owner, stage.id, Number(hasAnswered));
  return packed(numbers);
}

// A statement that its sender still knows needs no name.
function detailsOf(coming: Coming): readonly number[] {
  switch (coming.kind) {
    case 'timer':
    case 'thaw':
    case 'sends':
      return [coming.number];
    case 'answer':
      return [coming.number, coming.answer];
    case 'late':
      return [coming.statement.id];
    case 'gives-up':
      return [];
  }
}

const HALF = 0x8000;

/** Numbers below 2^30 as characters: one for a small one, two for others. */
function packed(numbers: readonly number[]): string {
  let text = '';
  for (const number of numbers) {
    text +=
      number < HALF ? String.fromCharCode(number) : String.fromCharCode(HALF + (number >> 15), number & (HALF - 1));
  }
  return text;
}
