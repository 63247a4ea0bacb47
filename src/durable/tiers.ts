import {
  canonicalJson,
  DurableError,
  isDurableError,
  parseCanonical,
  type Deadline,
  type Log,
  type Seal,
} from '../core/index.ts';
import { MAX_FILE_BYTES, type Blobs, type CallOptions, type CallStore, type Document } from '../store/index.ts';
import { oversize } from './document-size.ts';
import type { Letter } from './letter.ts';
import type { Retrier } from './retrier.ts';

/** Where a record can be, in the order of preference. */
export type Tier = 'collection' | 'emergency_backup' | 'storage' | 'log';

/** The places for a letter below the record's own collection. */
export type LowerTier = Exclude<Tier, 'collection'>;

export interface TierDeps {
  readonly store: CallStore;
  readonly log: Log;
  readonly retrier: Retrier;
  /** The dead-letter collection. */
  readonly deadLetters: string;
  readonly blobs?: Blobs | undefined;
  readonly seal?: Seal | undefined;
  /** Keys that letters may still be written under. */
  readonly previousSeals?: readonly Seal[] | undefined;
}

/** Time kept for the tiers below each tier: three times the 99th percentile of a database request for each. */
const RESERVE_MS: Record<Tier, number> = { collection: 1_400, emergency_backup: 700, storage: 100, log: 0 };
/** A function of 3 s has little left after paying: no tier may keep more than this share from the one above. */
const RESERVE_SHARE = 0.5;

/** The time that `tier` must leave for the tiers below it. */
export function reserveMs(tier: Tier, deadline: Deadline): number {
  return Math.min(RESERVE_MS[tier], Math.max(0, deadline.remainingMs() * RESERVE_SHARE));
}

/** Puts a letter into the first lower tier that takes it; undefined when none did. */
export async function keepLetter(deps: TierDeps, letter: Letter, deadline: Deadline): Promise<LowerTier | undefined> {
  if (await keepInCollection(deps, letter, deadline)) return 'emergency_backup';
  if (await keepInStorage(deps, letter, deadline)) return 'storage';
  return keepInLog(deps, letter) ? 'log' : undefined;
}

async function keepInCollection(deps: TierDeps, letter: Letter, deadline: Deadline): Promise<boolean> {
  const { store, retrier, deadLetters } = deps;
  if (oversize({ ...letter })) return false;
  const keepMs = reserveMs('emergency_backup', deadline);
  const budget = {
    key: deadLetters,
    deadline,
    reserveMs: keepMs,
    maxAttempts: 2,
    recordId: letter.recordId,
  };
  const call = { deadline: deadline.minus(keepMs) };
  const tried = await retrier.attempt(budget, (timeoutMs) =>
    insertLetter(store, { collection: deadLetters, letter }, { ...call, timeoutMs }),
  );
  return tried.ok;
}

/** Inserts a letter, beside another record's of the same key and attempt; `known` where it is already there. */
export async function insertLetter(
  store: CallStore,
  { collection, letter }: { readonly collection: string; readonly letter: Letter },
  call: CallOptions,
): Promise<'admitted' | 'known'> {
  if ((await insertOrCreate(store, { collection, document: { ...letter } }, call)) === 'inserted') return 'admitted';
  const kept = await store.get(collection, letter._id, call);
  if (kept?.['mac'] === letter.mac) return 'known';
  // Another record under the same key and attempt was kept first: ours is evidence, as it would be in the collection.
  const _id = `${letter._id}_${letter.mac.slice(-16)}`;
  return (await store.insert(collection, { ...letter, _id }, call)) === 'inserted' ? 'admitted' : 'known';
}

/** Inserts, creating the collection first where a deployment forgot to. */
export async function insertOrCreate(
  store: CallStore,
  what: { readonly collection: string; readonly document: Document },
  call: CallOptions,
): Promise<'inserted' | 'exists'> {
  try {
    return await store.insert(what.collection, what.document, call);
  } catch (error) {
    if (!isDurableError(error, 'STORE_NOT_FOUND')) throw error;
    await store.createCollection(what.collection, call);
    return store.insert(what.collection, what.document, call);
  }
}

/** What may be told of the attempts in one copy of a letter, and not in another. */
const SLACK_BYTES = 65_536;

async function keepInStorage(deps: TierDeps, letter: Letter, deadline: Deadline): Promise<boolean> {
  const { blobs, retrier, seal, previousSeals = [] } = deps;
  if (!blobs) return false;
  const keepMs = reserveMs('storage', deadline);
  const budget = {
    key: 'storage',
    deadline,
    reserveMs: keepMs,
    maxAttempts: 2,
    attemptTimeoutMs: 4_000,
    recordId: letter.recordId,
  };
  const bytes = new TextEncoder().encode(encodeLetter(letter, seal));
  const tried = await retrier.attempt(budget, async (timeoutMs) => {
    const call = { timeoutMs: timeoutMs / 2, deadline: deadline.minus(keepMs) };
    const name = letterFile(letter._id);
    const fileId = await blobs.fileId(name, call);
    // Never over another content of the same name (a much larger one is refused): what cannot stand beside it goes to
    // the next tier.
    const kept = await blobs.get(fileId, { ...call, maxBytes: 2 * bytes.length + SLACK_BYTES });
    if (!kept || isCutShort(kept, bytes)) await blobs.put(name, bytes, call);
    else if (decodeLetter(kept, seal, ...previousSeals)['mac'] !== letter.mac)
      throw new DurableError('STORE_DUPLICATE', 'another letter');
  });
  return tried.ok;
}

function keepInLog(deps: TierDeps, letter: Letter): boolean {
  if (!deps.seal) return false;
  const sealed = deps.seal.close(canonicalJson(letter));
  deps.log.write('error', 'write.sealed', { recordId: letter.recordId, attempt: letter.attempt, sealed });
  return true;
}

/**
 * The name of a letter's file. Any id makes a plain name of its own: whatever is no letter, digit, `_` or `-`
 * is written as its bytes, so no path can be smuggled in.
 */
export function letterFile(letterId: string): string {
  const plain = letterId.replace(/[^\w-]/gu, (character) =>
    [...new TextEncoder().encode(character)].map((byte) => `.${byte.toString(16).padStart(2, '0')}`).join(''),
  );
  return `wx-durable/letters/${plain === letterId ? plain : `x${plain}`}.json`;
}

function encodeLetter(letter: Letter, seal: Seal | undefined): string {
  const text = canonicalJson(letter);
  // A bucket may be readable by clients: with a key, the letter in it is encrypted.
  return seal ? seal.close(text) : text;
}

// The beginning of what we are about to store: an earlier attempt's upload that was cut off.
function isCutShort(kept: Uint8Array, whole: Uint8Array): boolean {
  return kept.length < whole.length && kept.every((byte, index) => byte === whole[index]);
}

/** What a seal begins with. */
const SEAL_MARK = 'v1.';

/** A letter's document out of its file, under the first key that opens it; throws `LETTER_INVALID`, with `awaits: 'key'` where it is sealed. */
export function decodeLetter(bytes: Uint8Array, ...seals: readonly (Seal | undefined)[]): Document {
  // Only somebody else writes such a file, and taking it apart would cost the memory of a whole function.
  if (bytes.length > MAX_FILE_BYTES) {
    throw new DurableError('LETTER_INVALID', `a dead letter's file is larger than ${MAX_FILE_BYTES} bytes`);
  }
  const text = new TextDecoder().decode(bytes);
  let cause: unknown;
  for (const seal of text.startsWith('{') ? [undefined] : [...seals, undefined]) {
    try {
      const document: unknown = parseCanonical(seal ? seal.open(text) : text);
      if (typeof document === 'object' && document !== null) return document as Document;
    } catch (error) {
      cause ??= error;
    }
  }
  // A seal that opens under none of our keys may be another's, or damaged: nobody can tell before that key is given.
  const details = text.startsWith(SEAL_MARK) ? { awaits: 'key' } : {};
  throw new DurableError('LETTER_INVALID', "a dead letter's file is damaged, or sealed under another key", {
    cause,
    details,
  });
}
