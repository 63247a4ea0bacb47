import { isDurableError, type Hash, type Seal } from '../../core/index.ts';
import type { Document } from '../../store/index.ts';
import { createAuthenticator, readLetter, type Letter } from '../letter.ts';
import { decodeLetter, letterFile } from '../tiers.ts';

/**
 * How far a letter can be trusted: `sound` · `unkeyed`, undamaged but older than the deployment's key, so that only its
 * hold vouches for it · `unknown-key`, it might come right with a key that this deployment no longer has · `malformed`.
 */
export type Verdict = 'sound' | 'unkeyed' | 'unknown-key' | 'malformed';

/** Reads dead letters for those who only look at them: checks and retention. */
export interface LetterReader {
  /** The letter in a document of the dead-letter collection, undamaged; throws `LETTER_INVALID` where it is none. */
  read(document: Document): Letter;
  judge(document: Document): Verdict;
  /** The letter in a file of the storage tier, undamaged; throws `LETTER_INVALID`. */
  decode(bytes: Uint8Array): Letter;
  /** The name of the file that a letter of this id has in the storage tier. */
  fileOf(letterId: string): string;
}

export interface LetterReaderDeps {
  readonly hash: Hash;
  readonly seal?: Seal | undefined;
  /** Keys that letters may still be written under. */
  readonly previousSeals?: readonly Seal[] | undefined;
}

/** A reader under the deployment's keys, if it has any. */
export function createLetterReader({ hash, seal, previousSeals = [] }: LetterReaderDeps): LetterReader {
  const authenticator = createAuthenticator(hash, seal, previousSeals);
  return {
    read: (document) => readLetter(document, authenticator, 'digest'),
    decode: (bytes) => readLetter(decodeLetter(bytes, seal, ...previousSeals), authenticator, 'digest'),
    fileOf: letterFile,
    judge(document) {
      try {
        return readLetter(document, authenticator, 'digest').isSigned ? 'sound' : 'unkeyed';
      } catch (error) {
        // Whatever it is that cannot be read: the verdict is the report of it.
        return isDurableError(error) && error.details['awaits'] === 'key' ? 'unknown-key' : 'malformed';
      }
    },
  };
}
