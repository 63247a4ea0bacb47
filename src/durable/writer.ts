import {
  canonicalJson,
  DurableError,
  isDurableError,
  type Clock,
  type Deadline,
  type Hash,
  type Log,
  type Random,
  type Seal,
} from '../core/index.ts';
import { collections } from '../records/index.ts';
import {
  assertDocument,
  is,
  type Blobs,
  type CallOptions,
  type Document,
  type Filter,
  type Store,
  type CallStore,
} from '../store/index.ts';
import { oversize } from './document-size.ts';
import { createQueue } from './queue.ts';
import { findLetter, type FoundLetter, type LetterQuery, type SeenLetter } from './find-letter.ts';
import {
  composeLetter,
  createAuthenticator,
  createSigner,
  readLetter,
  type Letter,
  type ReadLetter,
  type Signer,
} from './letter.ts';
import { createRetrier, type FailedAttempt, type Retrier, type RetryOptions, type Tried } from './retrier.ts';
import { insertOrCreate, keepLetter, reserveMs, type LowerTier, type TierDeps } from './tiers.ts';

export interface RecordWriterDeps {
  readonly store: CallStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly hash: Hash;
  readonly log: Log;
  /** Cloud storage, the third tier. Absent: there is none. */
  readonly blobs?: Blobs | undefined;
  /** The deployment's key. Absent: letters carry a digest only, and the log tier is off. */
  readonly seal?: Seal | undefined;
  /** Keys from before: what was written under one of them is still read. Nothing is written under them. */
  readonly previousSeals?: readonly Seal[] | undefined;
}

export interface DurableWriterDeps extends RecordWriterDeps {
  readonly store: Store;
}

export interface DurableWriterOptions extends RetryOptions {
  /** The dead-letter collection. @default 'emergency_backup' */
  readonly deadLetters?: string;
}

export interface WriteRequest {
  readonly collection: string;
  /** Its `_id` is the idempotency key. */
  readonly record: Document;
  /** Nothing is started after it. */
  readonly deadline: Deadline;
  /** Which attempt of the costly call this record is of; names its letter. @default 1 */
  readonly attempt?: number;
  /** A stored record of this key that satisfies this is replaced. @default none is */
  readonly replaces?: Filter;
  /** Fields by which a stored record of this key is the same as ours. @default every field of ours */
  readonly sameBy?: readonly string[];
  /**
   * The stored record tells with which attempt it was stored (`saveAttempts`), and how long after the first was begun
   * (`saveMs`); a letter's record does not. Wants a `sameBy` without them. @default false
   */
  readonly tellsSaving?: boolean;
}

export type StoreOutcome =
  | { readonly status: 'stored'; readonly record: Document; readonly attempts: readonly FailedAttempt[] }
  | {
      readonly status: 'duplicate';
      /** What is stored, and answers the call. */
      readonly record: Document;
      /** False: another record of this key was first; ours is kept in its `attempts` list. */
      readonly same: boolean;
      readonly attempts: readonly FailedAttempt[];
    };

export type WriteOutcome =
  | StoreOutcome
  | { readonly status: 'dead-lettered'; readonly tier: LowerTier; readonly attempts: readonly FailedAttempt[] };

/** Writes that leave exactly one record: what the function that calls needs. */
export interface RecordWriter {
  /**
   * Stores `record` once, or keeps it as a dead letter; it is never silently dropped. Calling it again with
   * the same `_id` is safe: the second call answers `duplicate`.
   *
   * Resolves for every expected outcome. Rejects with `WRITE_LOST` only when no tier took the record, and with
   * `INPUT_INVALID` at once for one that is no document.
   */
  write(request: WriteRequest): Promise<WriteOutcome>;
  /** As `write`, but into the collection only: what cannot be stored rejects. For recovery. */
  store(request: WriteRequest): Promise<StoreOutcome>;
  /** The retry policy with its breakers, for other idempotent statements of the same instance. */
  readonly retrier: Retrier;
  readonly deadLetters: string;
  /** The files of the third tier, where there is one. */
  readonly blobs: Blobs | undefined;
  /** Where its letters go, and what vouches for them: what `withLetters` reads them with. */
  readonly tiers: TierDeps & Pick<RecordWriterDeps, 'hash'>;
}

/** A writer that also finds again what it kept. */
export interface DurableWriter extends RecordWriter {
  /**
   * The letter of a record's attempt from whichever lower tier holds it. Rejects when a tier cannot be read, and
   * with `LETTER_INVALID` where there is a letter, and none that can be used, or `STORE_TOO_LARGE` where its file has more
   * than 32 MB. `seen` is where a walk has just seen it.
   */
  findLetter(query: LetterQuery, deadline: Deadline, seen?: SeenLetter): Promise<FoundLetter | undefined>;
  /** A document of the dead-letter collection as a letter; throws `LETTER_INVALID`. For `redrive`. */
  readLetter(document: Document): ReadLetter;
}

/** A durable writer; make one per instance, since its breakers learn from call to call. */
export function createDurableWriter(deps: DurableWriterDeps, options: DurableWriterOptions = {}): DurableWriter {
  return withLetters(createRecordWriter(deps, options));
}

/** The same writer, which also reads letters: apart, since a call that goes well never does. */
export function withLetters(writer: RecordWriter): DurableWriter {
  const { tiers } = writer;
  const authenticator = createAuthenticator(tiers.hash, tiers.seal, tiers.previousSeals);
  const places = { ...tiers, authenticator };
  const largeFiles = createQueue();
  return {
    ...writer,
    findLetter: (query, deadline, seen) => findLetter(places, query, { deadline, seen, largeFiles }),
    readLetter: (document) => readLetter(document, authenticator, 'digest'),
  };
}

/** As `createDurableWriter`, without the reading of letters. */
export function createRecordWriter(deps: RecordWriterDeps, options: DurableWriterOptions = {}): RecordWriter {
  const retrier = createRetrier(deps, options);
  const signer = createSigner(deps.hash, deps.seal);
  const deadLetters = options.deadLetters ?? collections.emergencyBackup;
  const parts: Parts = { ...deps, retrier, signer, deadLetters };
  const storeOnly = async (request: WriteRequest): Promise<StoreOutcome> => {
    const tried = await storeRecord(parts, request, 0);
    if (tried.ok) return { ...tried.value, attempts: tried.attempts };
    throw tried.error;
  };
  return {
    write: (request) => write(parts, request),
    store: storeOnly,
    retrier,
    deadLetters,
    blobs: deps.blobs,
    tiers: parts,
  };
}

interface Parts extends RecordWriterDeps, TierDeps {
  readonly signer: Signer;
}

async function write(parts: Parts, request: WriteRequest): Promise<WriteOutcome> {
  assertDocument(request.record);
  const startedAtMs = parts.clock.now();
  const tried = await storeRecord(parts, request, reserveMs('collection', request.deadline));
  const fields = {
    collection: request.collection,
    recordId: request.record._id,
    attempts: tried.attempts.length + (tried.ok ? 1 : 0),
  };
  if (tried.ok) {
    const latencyMs = parts.clock.now() - startedAtMs;
    parts.log.write('info', `write.${tried.value.status}`, { ...fields, tier: 'collection', latencyMs });
    return { ...tried.value, attempts: tried.attempts };
  }
  const letter = letterFor(parts, request, tried.attempts.length > 0 ? tried.attempts : [unattempted(tried.error)]);
  const tier = await keepLetter(parts, letter, request.deadline);
  const latencyMs = parts.clock.now() - startedAtMs;
  if (tier) {
    parts.log.write('warn', 'write.dead-lettered', { ...fields, tier, latencyMs, code: tried.error.code });
    return { status: 'dead-lettered', tier, attempts: tried.attempts };
  }
  parts.log.write('error', 'write.lost', { ...fields, latencyMs, code: tried.error.code });
  throw new DurableError('WRITE_LOST', `no tier took the record for "${request.collection}"; alert`, {
    cause: tried.error,
    details: { recordId: request.record._id },
  });
}

function unattempted(error: DurableError): FailedAttempt {
  return { attempt: 0, code: error.code, message: error.message, latencyMs: 0 };
}

function letterFor(parts: Parts, request: WriteRequest, failures: readonly FailedAttempt[]): Letter {
  const { collection, record, attempt = 1 } = request;
  return composeLetter(parts.signer, { collection, record, attempt, failures, atMs: parts.clock.now() });
}

async function storeRecord(parts: Parts, request: WriteRequest, keepMs: number): Promise<Tried<StoreOutcome>> {
  const { collection, record, deadline } = request;
  const budget = { key: collection, deadline, reserveMs: keepMs, recordId: record._id };
  // One attempt is several statements: none of them may use the time of the tiers below.
  const call = { deadline: deadline.minus(keepMs) };
  const startedAtMs = parts.clock.now();
  let saveAttempts = 0;
  const tooLarge = oversize(record);
  if (tooLarge) return { ok: false, error: tooLarge, attempts: [], ambiguous: false };
  return parts.retrier.attempt(budget, (timeoutMs) => {
    saveAttempts += 1;
    const saving = request.tellsSaving ? { saveAttempts, saveMs: parts.clock.now() - startedAtMs } : {};
    return storeOnce(parts, { ...request, record: { ...record, ...saving } }, { ...call, timeoutMs });
  });
}

// Insert and read-back are one idempotent operation: after a lost answer it runs again and finds its record.
async function storeOnce(parts: Parts, request: WriteRequest, call: CallOptions): Promise<StoreOutcome> {
  const { collection, record, replaces } = request;
  const inserted = await insertOrCreate(parts.store, { collection, document: record }, call);
  if (inserted === 'inserted') return { status: 'stored', record, attempts: [] };
  const stored = await readBack(parts.store, request, call);
  if (isSame(stored, request)) return { status: 'duplicate', record: stored, same: true, attempts: [] };
  if (replaces && (await replace(parts.store, request, call))) return { status: 'stored', record, attempts: [] };
  // Between the two somebody else may have written: what is there now is the answer.
  const winner = replaces ? await readBack(parts.store, request, call) : stored;
  if (isSame(winner, request)) return { status: 'duplicate', record: winner, same: true, attempts: [] };
  await keepBeside(parts, { request, winner }, call);
  return { status: 'duplicate', record: winner, same: false, attempts: [] };
}

async function readBack(store: CallStore, { collection, record }: WriteRequest, call: CallOptions): Promise<Document> {
  // Read twice, for a replica that is behind. What is not seen then stands under another id: a further unique index
  // refused ours, and would every time. That is the record's doing, and says nothing against the collection.
  const seen = (await store.get(collection, record._id, call)) ?? (await store.get(collection, record._id, call));
  if (seen) return seen;
  throw new DurableError('STORE_DUPLICATE', `"${collection}" says a key exists, but not _id; see its unique indexes`, {
    details: { collection },
  });
}

async function replace(store: CallStore, request: WriteRequest, call: CallOptions): Promise<boolean> {
  const { _id, ...fields } = request.record;
  const target = { id: _id, where: request.replaces ?? {} };
  return (await store.update(request.collection, target, { set: fields as Record<string, never> }, call)) === 1;
}

function isSame(stored: Document, { record, sameBy = Object.keys(record) }: WriteRequest): boolean {
  return sameBy.every((field) => canonicalJson(stored[field]) === canonicalJson(record[field]));
}

/** Losing records kept beside the first. */
const MOST_BESIDE = 10;

// The losing record is evidence (it may name a picture that was paid for), so it is kept; being evidence
// only, its loss does not fail the write.
async function keepBeside(
  parts: Parts,
  { request, winner }: { readonly request: WriteRequest; readonly winner: Document },
  call: CallOptions,
): Promise<void> {
  const { _id, recoveredAt: _at, isRecovered: _mark, saveAttempts: _n, saveMs: _ms, ...losing } = request.record;
  // Whoever repeats a write with a new time in it must not make the record grow for ever.
  if (Array.isArray(winner['attempts']) && winner['attempts'].length >= MOST_BESIDE) return;
  const digest = parts.hash.sha256(canonicalJson(losing));
  const entry = { digest, atMs: parts.clock.now(), record: losing as Record<string, never> };
  const target = { id: winner._id, where: { 'attempts.digest': is.not(digest) } };
  try {
    await parts.store.update(request.collection, target, { push: { attempts: entry } }, call);
  } catch (error) {
    const code = isDurableError(error) ? error.code : 'INTERNAL';
    parts.log.write('warn', 'write.evidence-not-kept', { recordId: _id, code });
  }
}
