/** What one history is made of: everything in it is drawn from its seed before it is played. */
import type { EmulatorOptions } from '../../src/emulator/index.ts';

export type FaultRule = NonNullable<EmulatorOptions['faults']>[number];

export interface History {
  readonly seed: number;
  readonly people: readonly Person[];
  readonly rounds: readonly Round[];
}

/** Somebody with a mini program. */
export interface Person {
  readonly openid: string;
  /** Undefined: not registered before the first call. */
  readonly account?: Account;
}

export interface Account {
  readonly credits: number;
  readonly isVip: boolean;
  /** Pictures that the day has seen already. */
  readonly usedToday: number;
  /** What the counter says although there is no picture: for the repair to mend. */
  readonly wrongCount: number;
}

/** What happens at the same time, while these faults are in force; then time goes on. */
export interface Round {
  readonly faults: readonly PlacedFault[];
  readonly acts: readonly Act[];
  readonly forwardMs: number;
}

/** A fault of a kind, at its place: the n-th statement of the functions in this round, or of a part of the cloud. */
export interface PlacedFault {
  readonly kind: string;
  readonly rule: FaultRule;
  /** What else happens the moment that it meets its statement. */
  readonly then?: 'kill-cloud' | 'jump';
}

export type Act = (Wish | Maintenance | Look) & {
  /** After the beginning of the round; milliseconds of the history. */
  readonly afterMs: number;
};

/** A call of `generateImage` for a picture; another one with the same `request` is the client's repetition. */
export interface Wish {
  readonly kind: 'wish';
  readonly person: number;
  readonly request: string;
  readonly prompt: string;
  readonly retryUnknown: boolean;
  /** How often the client asks again at once, where it got no answer. */
  readonly repeats: number;
}

/** What a person does with a picture that was delivered, or with the list of all. */
export interface Look {
  readonly kind: 'delete' | 'history';
  readonly person: number;
  readonly request: string;
}

export interface Maintenance {
  readonly kind: 'maintain';
  readonly function: 'recoverFromBackup' | 'fixUserConsistency';
}
