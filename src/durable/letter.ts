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

/** How letters are authenticated. */
export interface Authenticator {
  mac(signed: Signed): string;
  /** Whether the letter's record is what was once written, and for this place. */
  accepts(letter: Letter): boolean;
}

/**
 * Codes over records: keyed when the deployment has a key, so that a letter planted by a client who can
 * write to the collection is told from a real one; else a plain digest, which only finds damage.
 */
export function createAuthenticator(hash: Hash, seal?: Seal): Authenticator {
  const textOf = ({ collection, attempt, payload }: Signed): string => canonicalJson({ collection, attempt, payload });
  const mac = (signed: Signed): string =>
    seal ? `hmac:${seal.mac(textOf(signed))}` : `sha256:${hash.sha256(textOf(signed))}`;
  return { mac, accepts: (letter) => letter.mac === mac(letter) };
}

/** The letter for a record, ready to be stored in any tier; keyed by record and attempt. */
export function composeLetter(authenticator: Authenticator, request: LetterRequest): Letter {
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
    mac: authenticator.mac({ collection, attempt, payload: record }),
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

/**
 * Reads a document of the dead-letter collection, in our form or in the older flat one (whose record has its
 * id in field `id`, and no code over it). Throws `LETTER_INVALID` for anything else.
 */
export function readLetter(document: Document, authenticator: Authenticator): Letter {
  // The platform adds this field to what clients write, and to nothing else: no function wrote this letter.
  if (document['_openid'] !== undefined) throw invalid('a client wrote it', document);
  const letter = isObject(document['payload']) ? (document as unknown as Letter) : fromFlat(document, authenticator);
  const { payload, recordId, attempt } = letter;
  if (payload._id !== recordId || typeof recordId !== 'string' || typeof attempt !== 'number') {
    throw invalid('its record id is missing or differs from its payload', document);
  }
  if (!authenticator.accepts(letter)) throw invalid('its payload does not match its code (mac)', document);
  return letter;
}

function fromFlat(document: Document, authenticator: Authenticator): Letter {
  const { id } = document;
  if (typeof document['backupReason'] !== 'string' || typeof id !== 'string') {
    throw invalid('it is neither in our form nor in the older flat one', document);
  }
  const fields = Object.entries(document).filter(([name]) => !FLAT_FIELDS.has(name));
  const payload: Document = { ...Object.fromEntries(fields), _id: id };
  const request = { collection: 'works', record: payload, attempt: 0, failures: [], atMs: 0 };
  const own = Object.entries(document).filter(([name]) => FLAT_FIELDS.has(name));
  return { ...composeLetter(authenticator, request), ...Object.fromEntries(own) };
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(why: string, document: Document): DurableError {
  return new DurableError('LETTER_INVALID', `a dead letter cannot be used: ${why}`, {
    details: { letterId: document._id },
  });
}
