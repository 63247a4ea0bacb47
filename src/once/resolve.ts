import {
  asDurableError,
  canonicalJson,
  createDeadline,
  DurableError,
  isDurableError,
  withTimeout,
  type Code,
  type Deadline,
} from '../core/index.ts';
import {
  KEY_PATIENCE_MS,
  removeLetterFile,
  retried,
  type FoundLetter,
  type Letter,
  type SeenLetter,
} from '../durable/index.ts';
import { isFinal } from '../records/index.ts';
import { is, type Document } from '../store/index.ts';
import { holdIn, isOfKind, type Hold } from './hold.ts';
import type { Key, Payment } from './kind.ts';
import { readRetried, settle, type Parts } from './parts.ts';
import { withoutBulk } from './without-bulk.ts';

const DAY_MS = 86_400_000;
/** A provider that is asked about a task, and has a picture copied perhaps, may take this long. */
const ASK_LIMIT_MS = 15_000;
/** Evidence that fails so fails for ever: it cannot be read, or cannot be stored. */
const USELESS: ReadonlySet<Code> = new Set([
  'LETTER_INVALID',
  'INPUT_INVALID',
  'STORE_DUPLICATE',
  'STORE_REJECTED',
  'STORE_TOO_LARGE',
]);

/** What a walk has read already, for many calls at once: the account before the record, and both before the letters. */
export interface Seen {
  readonly account: Document | undefined;
  readonly record: Document | undefined;
  /** What a lower tier holds under the hold's own name. */
  readonly letter: SeenLetter | undefined;
}

/**
 * Finishes one call that nobody is running any more, from what is stored; recovery runs it, and so does a
 * second call after the lease. Answers the record as it then is, or undefined while there is none to see.
 *
 * Rejects where a tier that may hold evidence cannot be read: "not found" would be a guess. A letter that cannot be
 * read or stored postpones its call for a day after the lease, and one that waits for its key for a week; after that it
 * is no evidence, and stays where it is.
 */
export async function resolve(parts: Parts, key: Key, deadline: Deadline, seen?: Seen): Promise<Document | undefined> {
  const { account, record } = seen ?? (await readBoth(parts, key, deadline));
  const hold = account && holdIn(account, key.id);
  if (!account || !hold || !isOfKind(hold, parts.kind)) return record;
  const scene: Scene = { key, account, hold, record, seen, deadline };
  if (record && isFinal(record['status'])) return closeBy(parts, scene, record);
  if (hold.st === 'void') return resolveVoid(parts, scene);
  if (hold.st !== 'open') return resolveClosed(parts, scene);
  if (parts.clock.now() < hold.until) return record;
  return resolveExpired(parts, scene);
}

async function readBoth(
  parts: Parts,
  { id, accountId }: Key,
  deadline: Deadline,
): Promise<Pick<Seen, 'account' | 'record'>> {
  const { accounts, records } = parts.kind;
  const account = await readRetried(parts, { collection: accounts, id: accountId }, deadline);
  return { account, record: await readRetried(parts, { collection: records, id }, deadline) };
}

interface Scene {
  readonly key: Key;
  readonly account: Document;
  readonly hold: Hold;
  readonly record: Document | undefined;
  /** Absent: nobody has looked for letters yet. */
  readonly seen: Seen | undefined;
  readonly deadline: Deadline;
}

async function closeBy(parts: Parts, { key, hold, deadline }: Scene, record: Document): Promise<Document> {
  const { status } = record;
  if (hold.st === 'open' && isFinal(status)) await settle(parts, { key, hold, status }, deadline);
  return record;
}

// A hold is void only if nothing under it was paid: whoever fenced the record, it never was.
async function resolveVoid(parts: Parts, scene: Scene): Promise<Document | undefined> {
  const { record } = scene;
  if (!record) return record;
  return expire(parts, scene, record);
}

// Closed, but the record is not where it belongs: its letter holds it.
async function resolveClosed(parts: Parts, scene: Scene): Promise<Document | undefined> {
  const { hold, record } = scene;
  const isOver = hold.st === 'back' && isOverdue(parts, scene);
  const found = await ownLetter(parts, scene).catch((error: unknown) => overlook(parts, scene, { error, isOver }));
  if (found) return bring(parts, scene, found);
  // What it cost was given back long ago: an unknown record has no other end.
  return isOver && record ? expire(parts, scene, record) : record;
}

async function resolveExpired(parts: Parts, scene: Scene): Promise<Document | undefined> {
  const isOver = isOverdue(parts, scene);
  const overlooked = (error: unknown): undefined => overlook(parts, scene, { error, isOver });
  const found = await ownLetter(parts, scene).catch(overlooked);
  const isResult = found && found.letter.payload['status'] !== 'unknown';
  const brought = isResult && (await bring(parts, scene, found).catch(overlooked));
  if (brought) return brought;
  const payment = await askProvider(parts, scene);
  if (payment === 'running') return scene.record;
  if (payment && payment.status !== 'unknown') return recordPayment(parts, scene, payment);
  const record = scene.record ?? (await fence(parts, scene, { letter: isResult ? undefined : found?.letter, isOver }));
  if (isFinal(record['status'])) return closeBy(parts, scene, record);
  return isOver && !isNewer(record, scene.hold) ? expire(parts, scene, record) : record;
}

// Somebody has reopened the call since its hold was read: that attempt is running.
function isNewer({ attempt }: Document, hold: Hold): boolean {
  return typeof attempt === 'number' && attempt > hold.attempt;
}

function isOverdue({ clock, options }: Parts, { hold }: Scene, patienceMs = options.unknownExpiresMs ?? DAY_MS) {
  return clock.now() >= hold.until + patienceMs;
}

/** Whether an error is about evidence that is there and of no use to anybody. */
export function isUseless(error: unknown): error is DurableError {
  return isDurableError(error) && USELESS.has(error.code);
}

function overlook(parts: Parts, scene: Scene, { error, isOver }: { error: unknown; isOver: boolean }): undefined {
  if (!isOver || !isUseless(error)) throw error;
  // What was paid for lies there, sealed: somebody must give the key first.
  if (error.details['awaits'] === 'key' && !isOverdue(parts, scene, KEY_PATIENCE_MS)) throw error;
  parts.log.write('error', 'once.letter-overlooked', { recordId: scene.key.id, code: error.code });
}

/** The letter of the hold's own attempt; an older attempt's counts for nothing. */
async function ownLetter(parts: Parts, { key, hold, seen, deadline }: Scene): Promise<FoundLetter | undefined> {
  if (seen && !seen.letter) return undefined;
  const query = { recordId: key.id, attempt: hold.attempt, token: hold.token, isHeld: true };
  return parts.writer.findLetter(query, deadline, seen?.letter);
}

/** A letter's record as recovery stores it: what was meant, marked as recovered, and still deleted if it was. */
export function recoveredRecord(letter: Letter, atMs: number): Document {
  const deleted = letter.deletedAt ? { deletedAt: letter.deletedAt } : {};
  return { ...letter.payload, ...deleted, isRecovered: true, recoveredAt: new Date(atMs) };
}

async function bring(parts: Parts, scene: Scene, { letter, file }: FoundLetter): Promise<Document> {
  const whole = recoveredRecord(letter, parts.clock.now());
  const record = await put(parts, scene, whole).catch(async (error: unknown) => {
    // What was paid for is recorded, though no document can hold all of it; the file stays, and the record names it.
    const some = file !== undefined && isUseless(error) ? withoutBulk(whole, file) : undefined;
    if (!some) throw error;
    return put(parts, scene, some);
  });
  if (file !== undefined) await removeFile(parts, scene, letter);
  return record;
}

// No walk finds a file again that nobody needs. It goes only after its record was seen whole; left, it does no harm.
async function removeFile(parts: Parts, { key, hold, deadline }: Scene, { payload }: Letter): Promise<void> {
  try {
    const seen = await readRetried(parts, { collection: parts.kind.records, id: key.id }, deadline);
    const isThere = (field: string): boolean => canonicalJson(seen?.[field]) === canonicalJson(payload[field]);
    if (!seen || !Object.keys(payload).every(isThere)) return;
    await removeLetterFile(parts.writer, { recordId: key.id, attempt: hold.attempt }, deadline);
  } catch (error) {
    parts.log.write('warn', 'once.letter-file-left', { recordId: key.id, code: asDurableError(error).code });
  }
}

async function recordPayment(parts: Parts, scene: Scene, payment: Payment): Promise<Document> {
  const atMs = parts.clock.now();
  const base = scene.record ?? parts.kind.record({ ...scene.key, hold: scene.hold, account: scene.account });
  const finished = parts.kind.finish(base, payment, atMs);
  return put(parts, scene, { ...finished, token: scene.hold.token, isRecovered: true, recoveredAt: new Date(atMs) });
}

async function put(parts: Parts, scene: Scene, record: Document): Promise<Document> {
  const outcome = await parts.writer.store({
    collection: parts.kind.records,
    record,
    deadline: scene.deadline,
    replaces: { status: 'unknown', attempt: is.atMost(scene.hold.attempt) },
    sameBy: ['token', 'status'],
  });
  parts.log.write('info', 'once.recovered', { recordId: scene.key.id, status: String(outcome.record['status']) });
  return closeBy(parts, scene, outcome.record);
}

// An unknown record is the fence: it stands before anything is given back, so that a late result meets it. Where there
// was no evidence for a day, the fence is the failed record at once.
async function fence(
  parts: Parts,
  scene: Scene,
  { letter, isOver }: { readonly letter: Letter | undefined; readonly isOver: boolean },
): Promise<Document> {
  const { key, account, hold, deadline } = scene;
  const unknown = letter?.payload ?? parts.kind.record({ ...key, hold, account });
  const outcome = await parts.writer.store({
    collection: parts.kind.records,
    record: isOver ? asFailed(parts, unknown) : unknown,
    deadline,
    ...(isOver ? { replaces: { status: 'unknown', token: hold.token } } : {}),
    sameBy: ['token', 'status'],
  });
  parts.log.write('warn', 'once.unknown', { recordId: key.id });
  return outcome.record;
}

function asFailed({ clock, kind }: Parts, record: Document): Document {
  const error = new DurableError('ONCE_UNKNOWN', 'no result was seen for a day; what it cost is given back');
  return kind.finish(record, { status: 'failed', error }, clock.now());
}

async function askProvider(parts: Parts, scene: Scene): Promise<Payment | 'running' | undefined> {
  const { taskId } = scene.hold;
  const { clock, kind } = parts;
  if (!taskId || !kind.ask) return undefined;
  const limitMs = Math.min(ASK_LIMIT_MS, scene.deadline.remainingMs());
  try {
    const basis = { ...scene.key, hold: scene.hold, account: scene.account };
    const asked = kind.ask(taskId, basis, createDeadline(clock, clock.now() + limitMs));
    const answer = await withTimeout(clock, limitMs, asked, () => new Error('no answer in time'));
    // A provider keeps a task for about a day: one that still "runs" then is no evidence any more.
    return answer === 'running' && isOverdue(parts, scene) ? undefined : answer;
  } catch (error) {
    if (isOverdue(parts, scene)) return undefined;
    if (isDurableError(error)) throw error;
    return 'running';
  }
}

// No evidence for a day: the record says so, and then (only then) the cost is given back.
async function expire(parts: Parts, scene: Scene, record: Document): Promise<Document> {
  const now = await failUnknown(parts, record, scene.deadline);
  return now && isFinal(now['status']) ? closeBy(parts, scene, now) : record;
}

/** Makes an `unknown` record `failed`, if it still has its token; answers what is stored then. */
export async function failUnknown(parts: Parts, record: Document, deadline: Deadline): Promise<Document | undefined> {
  const { kind, store, writer } = parts;
  const failed = asFailed(parts, record);
  const { _id, ...fields } = failed;
  const target = { id: _id, where: { status: 'unknown', token: String(record['token']) } };
  return retried(writer.retrier, { key: kind.records, deadline, recordId: _id }, async (call) => {
    const changed = await store.update(kind.records, target, { set: fields as Record<string, never> }, call);
    return changed === 1 ? failed : store.get(kind.records, _id, call);
  });
}
