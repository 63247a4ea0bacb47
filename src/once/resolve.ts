import { attemptName, DurableError, isDurableError, type Deadline } from '../core/index.ts';
import type { Letter } from '../durable/index.ts';
import { isFinal } from '../records/index.ts';
import { is, type Document } from '../store/index.ts';
import { holdIn, type Hold } from './hold.ts';
import type { Key, Payment } from './kind.ts';
import { readRetried, settle, type Parts } from './parts.ts';

const DAY_MS = 86_400_000;

/**
 * Finishes one call that nobody is running any more, from what is stored; recovery runs it, and so does a
 * second call after the lease. Answers the record as it then is, or undefined while there is none to see.
 *
 * Rejects where a tier that may hold evidence cannot be read: "not found" would be a guess.
 */
export async function resolve(parts: Parts, key: Key, deadline: Deadline): Promise<Document | undefined> {
  const { kind } = parts;
  const account = await readRetried(parts, { collection: kind.accounts, id: key.accountId }, deadline);
  const record = await readRetried(parts, { collection: kind.records, id: key.id }, deadline);
  const hold = account && holdIn(account, key.id);
  if (!account || !hold) return record;
  const scene: Scene = { key, account, hold, record, deadline };
  if (record && isFinal(record['status'])) return closeBy(parts, scene, record);
  if (hold.st === 'void') return resolveVoid(parts, scene);
  if (hold.st !== 'open') return resolveClosed(parts, scene);
  if (parts.clock.now() < hold.until) return record;
  return resolveExpired(parts, scene);
}

interface Scene {
  readonly key: Key;
  readonly account: Document;
  readonly hold: Hold;
  readonly record: Document | undefined;
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
  const letter = await ownLetter(parts, scene);
  return letter ? bring(parts, scene, letter) : scene.record;
}

async function resolveExpired(parts: Parts, scene: Scene): Promise<Document | undefined> {
  const letter = await ownLetter(parts, scene);
  if (letter && letter.payload['status'] !== 'unknown') return bring(parts, scene, letter);
  const payment = await askProvider(parts, scene);
  if (payment === 'running') return scene.record;
  if (payment && payment.status !== 'unknown') return recordPayment(parts, scene, payment);
  const record = scene.record ?? (await fence(parts, scene, letter));
  if (isFinal(record['status'])) return closeBy(parts, scene, record);
  const expiresAtMs = scene.hold.until + (parts.options.unknownExpiresMs ?? DAY_MS);
  return parts.clock.now() < expiresAtMs ? record : expire(parts, scene, record);
}

/** The letter of the hold's own attempt; an older attempt's counts for nothing. */
async function ownLetter(parts: Parts, { key, hold, deadline }: Scene): Promise<Letter | undefined> {
  const found = await parts.writer.findLetter(attemptName(key.id, hold.attempt), deadline);
  return found?.letter.payload['token'] === hold.token ? found?.letter : undefined;
}

/** A letter's record as recovery stores it: what was meant, marked as recovered, and still deleted if it was. */
export function recoveredRecord(letter: Letter, atMs: number): Document {
  const deleted = letter.deletedAt ? { deletedAt: letter.deletedAt } : {};
  return { ...letter.payload, ...deleted, isRecovered: true, recoveredAt: new Date(atMs) };
}

async function bring(parts: Parts, scene: Scene, letter: Letter): Promise<Document> {
  return put(parts, scene, recoveredRecord(letter, parts.clock.now()));
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

// An unknown record is the fence: it stands before anything is given back, so that a late result meets it.
async function fence(parts: Parts, scene: Scene, letter: Letter | undefined): Promise<Document> {
  const { key, account, hold, deadline } = scene;
  const record = letter?.payload ?? parts.kind.record({ ...key, hold, account });
  const sameBy = ['token', 'status'];
  const outcome = await parts.writer.store({ collection: parts.kind.records, record, deadline, sameBy });
  parts.log.write('warn', 'once.unknown', { recordId: key.id });
  return outcome.record;
}

async function askProvider(parts: Parts, scene: Scene): Promise<Payment | 'running' | undefined> {
  const { taskId } = scene.hold;
  if (!taskId || !parts.kind.ask) return undefined;
  const overdueAtMs = scene.hold.until + (parts.options.unknownExpiresMs ?? DAY_MS);
  try {
    const answer = await parts.kind.ask(
      taskId,
      { ...scene.key, hold: scene.hold, account: scene.account },
      scene.deadline,
    );
    // A provider keeps a task for about a day: one that still "runs" then is no evidence any more.
    return answer === 'running' && parts.clock.now() >= overdueAtMs ? undefined : answer;
  } catch (error) {
    if (parts.clock.now() >= overdueAtMs) return undefined;
    if (isDurableError(error)) throw error;
    return 'running';
  }
}

// No evidence for a day: the record says so, and then (only then) the cost is given back.
async function expire(parts: Parts, scene: Scene, record: Document): Promise<Document> {
  const { kind, store, writer } = parts;
  const { _id, ...fields } = kind.finish(record, { status: 'failed', error: neverSeen() }, parts.clock.now());
  const target = { id: _id, where: { status: 'unknown', token: String(record['token']) } };
  const budget = { key: kind.records, deadline: scene.deadline, recordId: _id };
  const tried = await writer.retrier.attempt(budget, async (timeoutMs) => {
    const call = { timeoutMs, deadline: scene.deadline };
    await store.update(kind.records, target, { set: fields as Record<string, never> }, call);
    return store.get(kind.records, _id, call);
  });
  if (!tried.ok) throw tried.error;
  return tried.value && isFinal(tried.value['status']) ? closeBy(parts, scene, tried.value) : record;
}

function neverSeen(): DurableError {
  return new DurableError('ONCE_UNKNOWN', 'no result was seen for a day; what it cost is given back');
}
