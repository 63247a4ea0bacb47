/** What must stand in `works` at the end: I1, I2, I3, I6, I7, I8, I9, I13, I15, I20. */
import type { Document } from '../../../src/store/index.ts';
import type { Findings } from './findings.ts';
import type { Answer, PaidCall, RunSpan, Said, Stored, Truth } from './truth.ts';

export interface Case {
  readonly truth: Truth;
  readonly stored: Stored;
  readonly works: ReadonlyMap<string, readonly Document[]>;
}

type Final = Extract<Said, { readonly kind: 'final' }>;

/** Fields of a letter or of a client's write, which a restored record must not have. */
const LEAKS = ['backupReason', 'originalError', 'retryCount', 'mac', 'payload', 'state', 'recordId', '_openid'];
/** The code of a record that was given up after a day. */
const GIVEN_UP = 'ONCE_UNKNOWN';
/** Nobody gives up sooner: a day, less what the clocks of two machines may differ. */
const PATIENCE_MS = 86_400_000 - 15 * 60_000;

export function judgeRecords(scene: Case, findings: Findings): void {
  judgeMoney(scene, findings);
  const paid = new Set(scene.truth.paid.map(({ key }) => key));
  for (const [key, records] of scene.works) {
    findings.demand(records.length === 1, 'I2', () => `${records.length} records of one request`, key);
    for (const record of records) {
      judgeRecord(record, key, findings);
      // One from before this library has no token, and nobody knows who was paid for it.
      const isOurs = record['status'] === 'completed' && record['token'] !== undefined;
      findings.demand(!isOurs || paid.has(key), 'I1', () => 'completed, and nobody was paid for it', key);
    }
  }
  for (const answer of scene.truth.answers) judgeAnswer(scene, answer, findings);
  judgeLetters(scene, findings);
  judgeDeleted(scene, findings);
}

function judgeMoney({ truth, works }: Case, findings: Findings): void {
  const { demand, lost, paidTwice } = findings;
  const asked = countBy(truth.answers.filter(({ retryUnknown }) => retryUnknown).map(({ key }) => key));
  for (const [key, calls] of groupBy(truth.paid)) {
    if (!works.has(key)) lost.add(key);
    demand(works.has(key), 'I1', () => 'paid, and no record', key);
    const most = 1 + (asked.get(key) ?? 0);
    if (calls.length > most) paidTwice.add(key);
    demand(calls.length <= most, 'I8', () => `paid ${calls.length} times, at most ${most} were asked for`, key);
    const attempts = calls.map(({ attempt }) => attempt);
    demand(new Set(attempts).size === attempts.length, 'I8', () => `one attempt paid twice: ${attempts.join()}`, key);
    judgeAtOnce(truth, calls, findings);
    for (const record of works.get(key) ?? []) judgeResult(truth, { key, record, calls }, findings);
  }
}

/**
 * Somebody who wants to pay again waits until the attempt before is over: a function that lives has its lease. Where
 * clocks are wrong, a lease may seem to be over; and an order that was sent before may arrive whenever it likes.
 */
function judgeAtOnce({ runs, without = [] }: Truth, calls: readonly PaidCall[], { demand }: Findings): void {
  if (calls.length < 2 || !runs || !without.includes('wrong clocks')) return;
  const lives = calls.map(({ run, atMs, key }) => ({ run, key, atMs, endedAtMs: endOf(runs, run) }));
  for (const first of lives) {
    const isBeside = lives.some(
      ({ run, atMs, endedAtMs }) =>
        run !== first.run && first.atMs <= atMs && atMs < first.endedAtMs && atMs <= endedAtMs,
    );
    demand(!isBeside, 'I8', () => 'paid again while the function that had paid before was still at it', first.key);
  }
}

function endOf(runs: readonly RunSpan[], id: number | undefined): number {
  return runs.find((run) => run.id === id)?.endedAtMs ?? -Infinity;
}

interface Result {
  readonly key: string;
  readonly record: Document;
  readonly calls: readonly PaidCall[];
}

// What a record says must be what the service did, of this attempt and for this request.
function judgeResult(truth: Truth, { key, record, calls }: Result, { demand }: Findings): void {
  const own = calls.find(({ attempt }) => attempt === record['attempt']);
  if (record['status'] === 'completed') {
    demand(
      own?.made === true,
      'I1',
      () => `completed by attempt ${String(record['attempt'])}, which made nothing`,
      key,
    );
    const shown = truth.pictures && pictureOf(truth.pictures, record);
    demand(!truth.pictures || shown === `${key}_${own?.attempt}`, 'I7', () => `its address shows ${shown}`, key);
    return;
  }
  const isHonest = isGivenUp(record) || !own?.made || own.form === 'bytes' || own.form === 'junk';
  demand(isHonest, 'I1', () => `says ${String(record['status'])}, though the picture was made`, key);
}

// Before that, the picture may still be on its way.
function isGivenUp({ errorCode, createdAt, finishedAt }: Document): boolean {
  if (errorCode !== GIVEN_UP) return false;
  if (!(createdAt instanceof Date) || !(finishedAt instanceof Date)) return true;
  return finishedAt.getTime() - createdAt.getTime() >= PATIENCE_MS;
}

function judgeRecord(record: Document, key: string, { demand }: Findings): void {
  const { status } = record;
  demand(status === 'completed' || status === 'failed', 'I20', () => `is ${String(status)} for ever`, key);
  const leaks = LEAKS.filter((field) => record[field] !== undefined);
  demand(leaks.length === 0, 'I15', () => `fields that are not its own: ${leaks.join()}`, key);
  for (const field of ['createdAt', 'finishedAt', 'recoveredAt', 'deletedAt']) {
    const value = record[field];
    const isMoment = value === undefined || value === null || value instanceof Date;
    demand(isMoment, 'I15', () => `${field} is no date but ${typeof value}`, key);
  }
}

function judgeAnswer(scene: Case, answer: Answer, findings: Findings): void {
  const { key, said } = answer;
  const { demand } = findings;
  if (said.kind === 'nothing') {
    demand(said.why !== 'overdue', 'I9', () => 'an undisturbed function did not answer in its time', key);
  }
  const isInHand =
    (said.kind === 'final' && said.savedIn === 'log') || (said.kind === 'error' && said.code === 'WRITE_LOST');
  const mayBeLost = !scene.truth.without?.includes('lost files');
  demand(!isInHand || mayBeLost, 'I1', () => 'no tier took what was paid for, though files could be kept', key);
  if (said.kind !== 'final' || said.savedIn === 'log') return;
  const record = scene.works.get(key)?.[0];
  const isKept = record?.['status'] === said.status && isSamePicture(scene.truth, record, said);
  if (!isKept) findings.lost.add(key);
  demand(isKept, 'I3', () => `promised ${said.status} in ${said.savedIn}, is ${String(record?.['status'])}`, key);
  if (!record) return;
  const { openid, originalPrompt } = record;
  demand(openid === undefined || openid === answer.openid, 'I7', () => 'told to somebody else than its owner', key);
  const isWished = originalPrompt === undefined || originalPrompt === answer.wish;
  demand(isWished, 'I6', () => 'answered to a request that wished something else', key);
}

// Copied later, a picture is shown from another address than was told first; it is the same picture.
function isSamePicture({ pictures }: Truth, record: Document, said: Final): boolean {
  if (record['imageUrl'] === said.imageUrl) return true;
  const { fileId } = (record['asset'] ?? {}) as { readonly fileId?: unknown };
  if (fileId === said.imageUrl) return true;
  const told = pictures?.[said.imageUrl];
  return told !== undefined && pictures !== undefined && pictureOf(pictures, record) === told;
}

// The copy counts where there is one: a service's own address lives for hours only.
function pictureOf(pictures: Readonly<Record<string, string>>, record: Document): string | undefined {
  const { fileId } = (record['asset'] ?? {}) as { readonly fileId?: unknown };
  return pictures[typeof fileId === 'string' ? fileId : String(record['imageUrl'])];
}

function judgeLetters({ truth, stored, works }: Case, { demand }: Findings): void {
  const planted = new Set(truth.planted ?? []);
  for (const letter of stored.letters) {
    const { _id: id, state } = letter;
    const key = String(letter['recordId']);
    const isOver = state === 'redriven' || state === 'superseded';
    // What somebody planted may be set aside; nobody is to try it for ever.
    const isEnded = isOver || (state === 'quarantined' && planted.has(id));
    demand(isEnded, 'I13', () => `letter ${id} is ${String(state)} for ever`, key);
    if (planted.has(id)) continue;
    demand(works.has(key), 'I14', () => `letter ${id} is ${String(state)}, and its record is nowhere`, key);
  }
  const keys = new Set(truth.answers.map((answer) => answer.key));
  for (const key of works.keys()) demand(keys.has(key), 'I13', () => 'a record that nobody asked for', key);
}

function judgeDeleted({ truth, works }: Case, { demand }: Findings): void {
  for (const key of truth.deletedByUsers) {
    const isDeleted = (works.get(key) ?? []).every((record) => record['deletedAt'] !== undefined);
    demand(isDeleted, 'I3', () => 'its owner was told that it is deleted, and it is shown again', key);
  }
}

export function groupBy<T extends { readonly key: string }>(items: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.key);
    if (group) group.push(item);
    else groups.set(item.key, [item]);
  }
  return groups;
}

function countBy(keys: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
