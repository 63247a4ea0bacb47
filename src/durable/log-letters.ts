import type { Hash, Seal } from '../core/index.ts';
import { collections } from '../records/index.ts';
import type { CallOptions, Store } from '../store/index.ts';
import { createAuthenticator, readLetter, type Letter } from './letter.ts';
import { decodeLetter, insertLetter } from './tiers.ts';

export interface LogLettersDeps {
  readonly store: Store;
  readonly hash: Hash;
  /** The deployment's key: without one nothing was ever sealed into the log. */
  readonly seal: Seal;
  /** Keys used before. @default none */
  readonly previousSeals?: readonly Seal[] | undefined;
  /** The dead-letter collection. @default 'emergency_backup' */
  readonly deadLetters?: string;
}

/** The lowest tier, read back: letters out of exported log lines. */
export interface LogLetters {
  /** The sealed letters in one line of log, however the export wrapped it; `isRest`: in what follows on a part that had some. */
  tokensIn(line: string, isRest?: boolean): readonly string[];
  /** The letter in a token; throws `LETTER_INVALID` where it was altered, or sealed under a key not known here. */
  read(token: string): Letter;
  /**
   * Puts the letter one tier up, where redrive finds it and decides as for any other: a final record wins. Answers
   * `known` where it is already there, waiting or dealt with; so a log may be read any number of times.
   */
  admit(letter: Letter, call?: CallOptions): Promise<'admitted' | 'known'>;
}

// The event's name may stand before or after, with quotes escaped once or twice by whoever stored the line.
const SEALED = /\bv1\.[\w-]{40,}/g;

/** Letters in the log of a deployment with this key. */
export function createLogLetters(deps: LogLettersDeps): LogLetters {
  const { store, hash, seal, previousSeals = [], deadLetters = collections.emergencyBackup } = deps;
  const authenticator = createAuthenticator(hash, seal, previousSeals);
  return {
    tokensIn: (line, isRest = false) =>
      isRest || line.includes('write.sealed') ? [...line.matchAll(SEALED)].map(([token]) => token) : [],
    read(token) {
      const { isSigned: _isSigned, ...letter } = readLetter(
        decodeLetter(new TextEncoder().encode(token), seal, ...previousSeals),
        authenticator,
      );
      return letter;
    },
    admit: (letter, call = {}) => insertLetter(store, { collection: deadLetters, letter }, call),
  };
}
