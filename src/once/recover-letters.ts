import { canonicalJson, type Deadline } from '../core/index.ts';
import {
  readMany,
  redrive,
  unsigned,
  type Judgement,
  type Letter,
  type ReadLetter,
  type WalkReport,
  type WriteRequest,
} from '../durable/index.ts';
import { isFinal } from '../records/index.ts';
import { is, type Document, type PageKey } from '../store/index.ts';
import { holdIn, type Hold } from './hold.ts';
import { readRetried, type Parts, type RecoveryParts } from './parts.ts';
import { recoveredRecord, resolve } from './resolve.ts';

interface LettersRequest {
  readonly deadline: Deadline;
  readonly also?: readonly string[] | undefined;
}

/** Brings dead letters home: those that their records, holds and collections allow. */
export function recoverLetters(
  parts: RecoveryParts,
  { deadline, also = [] }: LettersRequest,
  after: PageKey | undefined,
): Promise<WalkReport> {
  return redrive(parts, {
    deadline,
    after,
    judging: async (letters) => {
      // Where the page's facts cannot be read at once, each letter finds out by itself.
      const facts = await readFacts(parts, letters, deadline).catch(() => undefined);
      return (letter) => judge(parts, { letter, also, facts, deadline });
    },
  });
}

/** How a letter's record is stored: marked as recovered, in the place of an `unknown` one of its own attempt. */
export function homeOf(parts: Parts, letter: Letter): Omit<WriteRequest, 'deadline'> {
  const record = recoveredRecord(letter, parts.clock.now());
  const replaces = typeof record['token'] === 'string' ? { status: 'unknown', token: record['token'] } : undefined;
  const sameBy = Object.keys(letter.payload);
  return { collection: letter.collection, record, sameBy, ...(replaces ? { replaces } : {}) };
}

/** What is stored about the letters of a page: holds, and of the records what tells whether they are final. */
interface Facts {
  readonly accounts: ReadonlyMap<string, Document>;
  readonly records: ReadonlyMap<string, Document>;
}

async function readFacts(parts: Parts, letters: readonly Letter[], deadline: Deadline): Promise<Facts> {
  const { accounts, records } = parts.kind;
  const ours = letters.filter(({ collection, payload }) => collection === records && payload['token'] !== undefined);
  const accountIds = ours.map(({ payload }) => String(payload['userId']));
  // Accounts first: a hold is pruned only after its record was final, and then the record tells.
  return {
    accounts: await readMany(parts, { collection: accounts, ids: accountIds, fields: ['quota.holds'] }, deadline),
    records: await readMany(
      parts,
      { collection: records, ids: ours.map(({ recordId }) => recordId), fields: OWN },
      deadline,
    ),
  };
}

interface Case {
  readonly letter: ReadLetter;
  readonly also: readonly string[];
  readonly facts: Facts | undefined;
  readonly deadline: Deadline;
}

async function judge(parts: Parts, { letter, also, facts, deadline }: Case): Promise<Judgement> {
  const { kind } = parts;
  const { recordId, payload } = letter;
  // A letter names its place itself: only places that were agreed on are written to.
  if (letter.collection !== kind.records) return also.includes(letter.collection) ? home(parts, letter) : 'waiting';
  if (payload['token'] === undefined) return judgeOlder(parts, letter, deadline);
  const accountId = String(payload['userId']);
  const known = facts?.accounts.get(accountId);
  const hold = known && holdIn(known, recordId);
  const record = facts?.records.get(recordId);
  if (record && isFinal(record['status'])) return isHome(record, letter) ? 'redriven' : 'superseded';
  if (hold?.st === 'open' && parts.clock.now() < hold.until) return isOf(hold, letter) ? 'waiting' : 'superseded';
  // Closed holds do not change any more; where account or hold is gone, the letter counts.
  if (facts && (!hold || hold.st === 'done' || hold.st === 'back')) return byHold(parts, letter, hold);
  return judgeAlone(parts, { letter, accountId }, deadline);
}

/** Resolves the letter's call first, as it may be open or about to be. */
async function judgeAlone(
  parts: Parts,
  { letter, accountId }: { readonly letter: ReadLetter; readonly accountId: string },
  deadline: Deadline,
): Promise<Judgement> {
  const { recordId } = letter;
  const record = await resolve(parts, { id: recordId, accountId }, deadline);
  const account = await readRetried(parts, { collection: parts.kind.accounts, id: accountId }, deadline);
  const hold = account && holdIn(account, recordId);
  if (record && isFinal(record['status'])) return isHome(record, letter) ? 'redriven' : 'superseded';
  if (hold?.st === 'open') return isOf(hold, letter) ? 'waiting' : 'superseded';
  return byHold(parts, letter, hold);
}

// Once closed, only the hold's own token counts.
function byHold(parts: Parts, letter: ReadLetter, hold: Hold | undefined): Judgement {
  return hold && !isOf(hold, letter) ? 'superseded' : home(parts, letter, hold);
}

function isOf(hold: Hold, { payload }: Letter): boolean {
  return payload['token'] === hold.token;
}

// Without the deployment's code, only the hold of its call can vouch for a letter.
function home(parts: Parts, letter: ReadLetter, hold?: Hold): Judgement {
  if (!letter.isSigned && !hold) throw unsigned(letter._id);
  return homeOf(parts, letter);
}

/** What says that a record is the letter's own copy: recovery may have finished the same attempt by asking its task. */
const OWN = ['token', 'status', 'finishedAt'];

function isHome(record: Document, { payload }: Letter): boolean {
  return OWN.every((field) => canonicalJson(record[field]) === canonicalJson(payload[field]));
}

// The older flat form has an id of its own making: its record may be there under another one than we give it.
async function judgeOlder(parts: Parts, letter: ReadLetter, deadline: Deadline): Promise<Judgement> {
  const { userId, prompt, createdAt } = letter.payload;
  const moments = momentsOf(createdAt);
  if (typeof userId === 'string' && typeof prompt === 'string' && moments.length > 0) {
    const where = { _id: is.not(letter.recordId), userId, prompt, createdAt: is.oneOf(moments) };
    const twin = await parts.store.page(parts.kind.records, { where, limit: 1 }, { deadline });
    if (twin.items.length > 0) return 'superseded';
  }
  return home(parts, letter);
}

/** One moment in the forms in which it may be stored. */
function momentsOf(createdAt: unknown): readonly (string | Date)[] {
  if (!(createdAt instanceof Date) && typeof createdAt !== 'string') return [];
  const date = new Date(createdAt);
  if (Number.isNaN(date.getTime())) return [createdAt];
  return [date, date.toISOString(), ...(typeof createdAt === 'string' ? [createdAt] : [])];
}
