import { attemptName, isDurableError, type Deadline, type DurableError } from '../core/index.ts';
import { is, type Document } from '../store/index.ts';
import { isClients, readLetter, unsigned, type Authenticator, type Letter } from './letter.ts';
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
export interface LetterTiers extends TierDeps {
  readonly authenticator: Authenticator;
}

/** Letters under one id and attempt beyond this are not looked at. */
const MOST_SIBLINGS = 20;

/** See `DurableWriter.findLetter`. */
export async function findLetter(
  parts: LetterTiers,
  query: LetterQuery,
  { deadline, seen }: { readonly deadline: Deadline; readonly seen?: SeenLetter | undefined },
): Promise<FoundLetter | undefined> {
  const { authenticator } = parts;
  const search: Search = { query, authenticator, unusable: [] };
  const letterId = attemptName(query.recordId, query.attempt);
  const kept = seen === 'file' ? undefined : await inCollection(parts, search, { letterId, deadline, seen });
  if (kept) return { letter: kept, tier: 'emergency_backup' };
  const stored = await inStorage(parts, search, { letterId, deadline });
  if (stored) return { letter: stored, tier: 'storage' };
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
  { letterId, deadline }: Place,
): Promise<Letter | undefined> {
  const { blobs, seal, previousSeals = [] } = parts;
  if (!blobs) return undefined;
  const bytes = await blobs.get(await blobs.fileId(letterFile(letterId), { deadline }), { deadline });
  return bytes && usable(search, () => decodeLetter(bytes, seal, ...previousSeals));
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
