import { attemptName, canonicalJson, DurableError, type Hash, type Seal } from '../core/index.ts';
import { SCHEMA_VERSION } from '../records/index.ts';
import type { Document } from '../store/index.ts';
import type { FailedAttempt } from './retrier.ts';

/**
 * A dead letter: a record that could not be put where it belongs. It goes forward only:
 *
 *   waiting ──redrive──▶ redriven
 *      ├──── another record was first ──▶ superseded
 *      └──── cannot be understood ──────▶ quarantined
 *
 * `payload` is the record exactly as it was meant; nothing about the failure is mixed into it.
 */
export type LetterState = 'waiting' | 'redriven' | 'superseded' | 'quarantined';

export interface Letter {
  readonly _id: string;
  readonly recordId: string;
  readonly collection: string;
  readonly attempt: number;
  readonly state: LetterState;
  readonly payload: Document;
  readonly backupReason: string;
  readonly originalError: string;
  readonly retryCount: number;
  readonly timestamp: Date;
  readonly attempts: readonly FailedAttempt[];
  /** `hmac:…` under WX_DURABLE_KEY, else `sha256:…`, over collection, attempt and payload in canonical form. */
  readonly mac: string;
  readonly schemaVersion: number;
  readonly userId?: string;
  readonly status?: string;
  readonly createdAt?: Date;
  /** Set when the person deleted the record while it was still a letter. */
  readonly deletedAt?: Date;
}

export interface LetterRequest {
  readonly collection: string;
  readonly record: Document;
  readonly attempt: number;
  readonly failures: readonly FailedAttempt[];
  readonly atMs: number;
}

/** What a letter's code is about: the record, and where it belongs. */
type Signed = Pick<Letter, 'collection' | 'attempt' | 'payload'>;

/**
 * What a letter's code proves: `signed`, this deployment wrote it · `digest`, it is undamaged, but it is older than
 * the deployment's key, or planted · `foreign`, it is damaged, planted, or written under a key not known here.
 */
export type Proof = 'signed' | 'digest' | 'foreign' | 'damaged';

/** How letters are signed. */
export interface Signer {
  mac(signed: Signed): string;
}

/** How letters are authenticated. */
export interface Authenticator extends Signer {
  /** SHA-256 of a text, hexadecimal. */
  digest(text: string): string;
  /** What the code proves about the letter's record, and about the place it is for. */
  prove(letter: Letter): Proof;
}

/**
 * Codes over records: keyed when the deployment has a key, so that a letter planted by a client who can
 * write to the collection is told from a real one; else a plain digest, which only finds damage.
 */
export function createSigner(hash: Hash, seal?: Seal): Signer {
  return { mac: (signed) => codeOf(textOf(signed), hash, seal) };
}

const textOf = ({ collection, attempt, payload }: Signed): string => canonicalJson({ collection, attempt, payload });
const codeOf = (text: string, hash: Hash, seal?: Seal): string =>
  seal ? `hmac:${seal.mac(text)}` : `sha256:${hash.sha256(text)}`;

/** The same codes, written and compared; also those under keys from before. */
export function createAuthenticator(hash: Hash, seal?: Seal, previousSeals: readonly Seal[] = []): Authenticator {
  return {
    ...createSigner(hash, seal),
    digest: (text) => hash.sha256(text),
    prove(letter) {
      const text = textOf(letter);
      if (letter.mac === codeOf(text, hash)) return seal ? 'digest' : 'signed';
      const known = seal ? [seal, ...previousSeals] : previousSeals;
      if (known.some((key) => letter.mac === codeOf(text, hash, key))) return 'signed';
      return /^hmac:[0-9a-f]{64}$/.test(letter.mac) ? 'foreign' : 'damaged';
    },
  };
}

/** The letter for a record, ready to be stored in any tier; keyed by record and attempt. */
export function composeLetter(signer: Signer, request: LetterRequest): Letter {
  const { collection, record, attempt, failures, atMs } = request;
  return {
    _id: attemptName(record._id, attempt),
    recordId: record._id,
    collection,
    attempt,
    state: 'waiting',
    payload: record,
    backupReason: `${collection}_collection_save_failed`,
    originalError: failures.at(-1)?.message ?? 'not attempted',
    // An attempt that was never made (no time, or known to be down) is noted as number 0.
    retryCount: failures.filter(({ attempt }) => attempt > 0).length,
    timestamp: new Date(atMs),
    attempts: failures,
    mac: signer.mac({ collection, attempt, payload: record }),
    schemaVersion: SCHEMA_VERSION,
    // Beside the payload, for queries.
    ...pick(record),
  };
}

function pick(record: Document): Pick<Letter, 'userId' | 'status' | 'createdAt'> {
  const { userId, status, createdAt } = record;
  return {
    ...(typeof userId === 'string' ? { userId } : {}),
    ...(typeof status === 'string' ? { status } : {}),
    ...(createdAt instanceof Date ? { createdAt } : {}),
  };
}

/** What a letter adds to a record in the older flat form `{...work, backupReason, …}`. */
const FLAT_FIELDS = new Set(['_id', 'backupReason', 'originalError', 'retryCount', 'timestamp', 'state', 'deletedAt']);

/** A letter as it was read; `isSigned` is false where only a hold of its token can vouch for it. */
export type ReadLetter = Letter & { readonly isSigned: boolean };

/**
 * Reads a document of the dead-letter collection, in our form or in the older flat one (whose record has its
 * id in field `id`, and no code over it). Throws `LETTER_INVALID` for anything else, with `awaits: 'key'` in its
 * details where another key might make it readable. With `least: 'digest'`, a letter that is older than the
 * deployment's key is answered too.
 */
export function readLetter(document: Document, authenticator: Authenticator, least?: 'digest'): ReadLetter {
  if (isClients(document)) throw invalid('a client wrote it', document);
  const letter = isObject(document['payload']) ? (document as unknown as Letter) : fromFlat(document, authenticator);
  const { payload, recordId, attempt } = letter;
  if (payload._id !== recordId || typeof recordId !== 'string' || typeof attempt !== 'number') {
    throw invalid('its record id is missing or differs from its payload', document);
  }
  const proof = authenticator.prove(letter);
  if (proof === 'signed' || proof === least) return { ...letter, isSigned: proof === 'signed' };
  if (proof === 'damaged') throw invalid('its payload does not match its code (mac)', document);
  throw unsigned(document._id);
}

/** Whether a client wrote the document: the platform adds this field then, and never else. */
export function isClients(document: Document): boolean {
  return document['_openid'] !== undefined;
}

/** The error for a letter that no known key, and no hold, vouches for. */
export function unsigned(letterId: string): DurableError {
  return new DurableError('LETTER_INVALID', 'no known key vouches for a dead letter; see WX_DURABLE_PREVIOUS_KEYS', {
    details: { letterId, awaits: 'key' },
  });
}

/** What only our own form has. A letter of ours whose record was taken out must not pass for one that needs no code. */
const OWN_FIELDS = ['payload', 'recordId', 'mac', 'schemaVersion', 'token'];
/** What only letters of ours are named like; the platform lets nobody change an `_id`. */
const OWN_ID = /^w_[0-9a-f]{32}_\d/;

function fromFlat(document: Document, authenticator: Authenticator): Letter {
  const { id } = document;
  const isOurs = OWN_ID.test(document._id) || OWN_FIELDS.some((name) => document[name] !== undefined);
  if (isOurs || typeof document['backupReason'] !== 'string' || typeof id !== 'string') {
    throw invalid('it is neither in our form nor in the older flat one', document);
  }
  const fields = Object.entries(document).filter(([name]) => !FLAT_FIELDS.has(name));
  const record = { ...Object.fromEntries(fields), ...datesIn(document) };
  const payload: Document = { ...record, _id: pictureId(record, authenticator) ?? id };
  const request = { collection: 'works', record: payload, attempt: 0, failures: [], atMs: 0 };
  const own = Object.entries(document).filter(([name]) => FLAT_FIELDS.has(name));
  return { ...composeLetter(authenticator, request), ...Object.fromEntries(own) };
}

// The older form has an id of its own making, and two letters of one picture may have two: who, what and when make one.
function pictureId(record: Readonly<Record<string, unknown>>, { digest }: Authenticator): string | undefined {
  const { userId, prompt, createdAt } = record;
  if (typeof userId !== 'string' || typeof prompt !== 'string' || !(createdAt instanceof Date)) return undefined;
  return `w_${digest(canonicalJson(['older', userId, prompt, createdAt])).slice(0, 32)}`;
}

// An imported letter may have its date as a text, or as the mark that stands for a date in an export.
function datesIn({ createdAt }: Document): { readonly createdAt?: Date } {
  const value = isObject(createdAt) ? (createdAt as { $date?: unknown }).$date : createdAt;
  if (typeof value !== 'string' && (typeof value !== 'number' || value === createdAt)) return {};
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? {} : { createdAt: date };
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(why: string, document: Document): DurableError {
  return new DurableError('LETTER_INVALID', `a dead letter cannot be used: ${why}`, {
    details: { letterId: document._id },
  });
}
