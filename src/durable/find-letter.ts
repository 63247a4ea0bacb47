import { attemptName, DurableError, isDurableError, type Deadline } from '../core/index.ts';
import { is, MAX_FILE_BYTES, type Document, type ReadOptions } from '../store/index.ts';
import { isClients, readLetter, unsigned, type Authenticator, type Letter } from './letter.ts';
import type { Queue } from './queue.ts';
import { decodeLetter, letterFile, type TierDeps } from './tiers.ts';

/** Which letter is looked for. */
export interface LetterQuery {
  readonly recordId: string;
  readonly attempt: number;
  /** Of the record in the letter: a letter with another one is somebody else's. */
  readonly token: string;
  /**
   * Whether a hold has this token. It then vouches for a letter that is older than the deployment's key and has a
   * plain digest only. @default false
   */
  readonly isHeld?: boolean;
}

export interface FoundLetter {
  readonly letter: Letter;
  readonly tier: 'emergency_backup' | 'storage';
  /** The name of its file; absent: it has none. */
  readonly file?: string;
}

/** Where a letter was seen under the name that is looked for: its document, or that there is a file. */
export type SeenLetter = Document | 'file';

interface Search {
  readonly query: LetterQuery;
  readonly authenticator: Authenticator;
  /** Why letters that are there could not be used; the first counts, unless a key may mend a later one. */
  readonly unusable: DurableError[];
}

/** What letters are looked for with. */
interface LetterTiers extends TierDeps {
  readonly authenticator: Authenticator;
}

/** Letters under one id and attempt beyond this are not looked at. */
const MOST_SIBLINGS = 20;
/** Nearly all letters' files have a few kB; as many of this size as a walk reads at once are no burden. */
const USUAL_FILE_BYTES = 1_000_000;
/** For a large one: 13 Mbit/s. */
const LARGE_FILE_MS = 20_000;

interface Surroundings {
  readonly deadline: Deadline;
  readonly seen?: SeenLetter | undefined;
  /** Files that are much larger than a letter mostly is are read in it: one alone may take a function's memory. */
  readonly largeFiles: Queue;
}

/** See `DurableWriter.findLetter`. */
export async function findLetter(
  parts: LetterTiers,
  query: LetterQuery,
  { deadline, seen, largeFiles }: Surroundings,
): Promise<FoundLetter | undefined> {
  const { authenticator } = parts;
  const search: Search = { query, authenticator, unusable: [] };
  const letterId = attemptName(query.recordId, query.attempt);
  const kept = seen === 'file' ? undefined : await inCollection(parts, search, { letterId, deadline, seen });
  if (kept) return { letter: kept, tier: 'emergency_backup' };
  const stored = await inStorage(parts, search, { letterId, deadline, largeFiles });
  if (stored) return { letter: stored, tier: 'storage', file: letterFile(letterId) };
  // "There is none" would be a guess. What a key may still open counts before what is damaged for good.
  const reason = search.unusable.find(({ details }) => details['awaits'] === 'key') ?? search.unusable[0];
  if (reason) throw reason;
  return undefined;
}

interface Place {
  readonly letterId: string;
  readonly deadline: Deadline;
}

async function inCollection(
  parts: LetterTiers,
  search: Search,
  { seen, ...place }: Place & { readonly seen: Document | undefined },
): Promise<Letter | undefined> {
  const { letterId, deadline } = place;
  const plain = seen ?? (await parts.store.get(parts.deadLetters, letterId, { deadline }).catch(absentCollection));
  if (!plain) return undefined;
  const letter = usable(search, () => plain);
  if (letter) return letter;
  // What came under a name that was taken stands beside it, as `<name>_<end of its code>`.
  for (const sibling of await readSiblings(parts, place)) {
    const beside = usable(search, () => sibling);
    if (beside) return beside;
  }
  return undefined;
}

async function readSiblings(parts: LetterTiers, { letterId, deadline }: Place): Promise<readonly Document[]> {
  // The end of a code is hexadecimal, so that "g" comes after all of them.
  const request = { after: { id: `${letterId}_` }, where: { _id: is.below(`${letterId}_g`) }, limit: MOST_SIBLINGS };
  return (await parts.store.page(parts.deadLetters, request, { deadline })).items;
}

async function inStorage(
  parts: LetterTiers,
  search: Search,
  { letterId, deadline, largeFiles }: Place & Pick<Surroundings, 'largeFiles'>,
): Promise<Letter | undefined> {
  const { blobs, seal, previousSeals = [] } = parts;
  if (!blobs) return undefined;
  const fileId = await blobs.fileId(letterFile(letterId), { deadline });
  const read = async (call: ReadOptions): Promise<Letter | undefined> => {
    const bytes = await blobs.get(fileId, { ...call, deadline });
    return bytes && usable(search, () => decodeLetter(bytes, seal, ...previousSeals));
  };
  try {
    return await read({ maxBytes: USUAL_FILE_BYTES });
  } catch (error) {
    if (!isDurableError(error, 'STORE_TOO_LARGE')) throw error;
  }
  return largeFiles(() => read({ maxBytes: MAX_FILE_BYTES, timeoutMs: LARGE_FILE_MS })).catch((error: unknown) => {
    if (!isDurableError(error, 'STORE_TOO_LARGE')) throw error;
    search.unusable.push(hugeFile(letterId, error));
    return undefined;
  });
}

function hugeFile(letterId: string, cause: DurableError): DurableError {
  const words = `a dead letter's file is larger than ${MAX_FILE_BYTES} bytes; it was not read`;
  return new DurableError('STORE_TOO_LARGE', words, { cause, details: { letterId } });
}

/** The letter in this document if it is the one that is looked for. */
function usable(search: Search, read: () => Document): Letter | undefined {
  const { authenticator, query, unusable } = search;
  try {
    const document = read();
    // Not a damaged letter, but none: no function wrote it.
    if (isClients(document)) return undefined;
    const letter = readLetter(document, authenticator, 'digest');
    if (letter.payload['token'] !== query.token) return undefined;
    if (!letter.isSigned && !query.isHeld) throw unsigned(letter._id);
    return letter;
  } catch (error) {
    if (!isDurableError(error, 'LETTER_INVALID')) throw error;
    unusable.push(error);
    return undefined;
  }
}

function absentCollection(error: unknown): undefined {
  if (isDurableError(error, 'STORE_NOT_FOUND')) return undefined;
  throw error;
}
