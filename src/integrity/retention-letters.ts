import { isDurableError, type Deadline, type Seal, type Hash } from '../core/index.ts';
import {
  createLetterReader,
  pagesOf,
  readMany,
  retried,
  walkPages,
  WIDTH,
  type Letter,
  type LetterReader,
  type Retrier,
  type WalkReport,
} from '../durable/index.ts';
import { collections } from '../records/index.ts';
import {
  is,
  type Blobs,
  type CallOptions,
  type Document,
  type Filter,
  type PageKey,
  type Store,
} from '../store/index.ts';
import { isSettled, planRetention, type RetentionPolicy, type RetentionVerdict } from './retention-plan.ts';

export interface LetterPruning {
  readonly store: Store;
  readonly hash: Hash;
  readonly blobs?: Blobs | undefined;
  readonly seal?: Seal | undefined;
  readonly previousSeals?: readonly Seal[] | undefined;
  readonly retrier: Retrier;
  readonly policy: RetentionPolicy;
  readonly deadLetters: string;
  readonly nowMs: number;
  readonly deadline: Deadline;
  readonly dryRun: boolean;
  keep(why: Exclude<RetentionVerdict, 'remove'>, letterId: string): void;
  note(collection: string, id: string): void;
}

/** Letters come with their records, and are compared with records: both whole. */
const PAGE = 100;
const STORAGE_TIMEOUT_MS = 5_000;

/**
 * Removes recovered letters that are old enough and whose record is seen to say the same; the file of the storage tier
 * goes first, so that a killed run finds the letter again. For a page of 100: two reads, two questions to storage, and
 * one conditional removal a letter, 16 at once.
 */
export function pruneLetters(pruning: LetterPruning, after: PageKey | undefined): Promise<WalkReport> {
  const { deadLetters, deadline } = pruning;
  const parts: Parts = { ...pruning, writer: pruning, reader: createLetterReader(pruning) };
  const pages = pagesOf(parts, { collection: deadLetters, where: oldEnough(pruning), limit: PAGE }, deadline);
  return walkPages({
    deadline,
    after,
    width: WIDTH,
    async read(from) {
      const page = await pages(from);
      return { ...page, plans: await planPage(parts, page.items) };
    },
    visit: async ({ _id }, { plans }) => apply(parts, plans.get(_id) as Plan),
  });
}

type Parts = LetterPruning & { readonly reader: LetterReader; readonly writer: { readonly retrier: Retrier } };

interface Plan {
  readonly id: string;
  readonly letter?: Letter;
  readonly verdict: RetentionVerdict;
  /** The letter's file in the storage tier, where there is one. */
  readonly fileId?: string | undefined;
}

// The cut is part of the condition too: a letter that was put back to waiting meanwhile stays.
function oldEnough({ nowMs, policy }: LetterPruning): Filter {
  const recoveredAt = is.below(new Date(nowMs - policy.letterKeepMs));
  return { state: is.oneOf(['redriven', 'superseded']), recoveredAt };
}

async function planPage(parts: Parts, documents: readonly Document[]): Promise<ReadonlyMap<string, Plan>> {
  const letters = documents.map((document) => ({ id: document._id, letter: readable(parts.reader, document) }));
  const copies = await readCopies(
    parts,
    letters.flatMap(({ letter }) => letter ?? []),
  );
  const plans = letters.map(({ id, letter }): Plan => {
    if (!letter) return { id, verdict: 'letter-unreadable' };
    return { id, letter, verdict: planRetention(letter, copies(letter), parts.policy) };
  });
  const files = await findFiles(
    parts,
    plans.filter(({ verdict }) => verdict === 'remove').map(({ id }) => id),
  );
  return new Map(plans.map((plan) => [plan.id, { ...plan, fileId: files.get(plan.id) }]));
}

function readable(reader: LetterReader, document: Document): Letter | undefined {
  try {
    return reader.read(document);
  } catch {
    // The plan says so: it is kept, and reported.
    return undefined;
  }
}

async function readCopies(parts: Parts, letters: readonly Letter[]): Promise<(letter: Letter) => Document | undefined> {
  const byCollection = new Map<string, ReadonlyMap<string, Document>>();
  for (const collection of new Set(letters.map((letter) => letter.collection))) {
    const ids = letters.filter((letter) => letter.collection === collection).map(({ recordId }) => recordId);
    byCollection.set(collection, await readMany(parts, { collection, ids }, parts.deadline));
  }
  return ({ collection, recordId }) => byCollection.get(collection)?.get(recordId);
}

async function findFiles(parts: Parts, letterIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { blobs, reader } = parts;
  if (!blobs || letterIds.length === 0) return new Map();
  return ask(parts, 'storage', async (call) => {
    const fileIds = new Map<string, string>();
    for (const id of letterIds) fileIds.set(id, await blobs.fileId(reader.fileOf(id), call));
    const existing = await blobs.exists([...fileIds.values()], call);
    return new Map([...fileIds].filter(([, fileId]) => existing.has(fileId)));
  });
}

async function apply(parts: Parts, plan: Plan): Promise<boolean> {
  const { id, fileId } = plan;
  const verdict = await settled(parts, plan);
  if (verdict !== 'remove') {
    parts.keep(verdict, id);
    return false;
  }
  if (!parts.dryRun) await remove(parts, id, fileId);
  if (fileId !== undefined) parts.note('storage', parts.reader.fileOf(id));
  parts.note(parts.deadLetters, id);
  return true;
}

/** The verdict on one letter, where it takes more than its record to say it. */
async function settled(parts: Parts, { letter, verdict, fileId }: Plan): Promise<RetentionVerdict> {
  if (!letter) return verdict;
  if (verdict === 'letter-copy-missing') return (await hasTwinRecord(parts, letter)) ? 'remove' : verdict;
  if (verdict !== 'remove' || fileId === undefined) return verdict;
  return (await isOwnFile(parts, letter, fileId)) ? 'remove' : 'letter-file-differs';
}

// A letter of the older flat form may have been superseded by a record under another id.
async function hasTwinRecord(parts: Parts, { state, attempt, payload }: Letter): Promise<boolean> {
  const { userId, prompt, createdAt } = payload;
  if (state !== 'superseded' || attempt !== 0) return false;
  if (typeof userId !== 'string' || typeof prompt !== 'string' || !(createdAt instanceof Date)) return false;
  const request = { where: { userId, prompt, createdAt }, limit: 10, fields: ['status'] };
  const twins = await ask(parts, collections.works, (call) => parts.store.page(collections.works, request, call));
  return twins.items.some((twin) => isSettled(collections.works, twin));
}

async function isOwnFile(parts: Parts, letter: Letter, fileId: string): Promise<boolean> {
  try {
    const bytes = await ask(parts, 'storage', async (call) => parts.blobs?.get(fileId, call));
    // Gone meanwhile: nothing is left that could differ.
    if (!bytes) return true;
    return parts.reader.decode(bytes).mac === letter.mac;
  } catch (error) {
    if (isDurableError(error, 'LETTER_INVALID') || isDurableError(error, 'STORE_TOO_LARGE')) return false;
    throw error;
  }
}

async function remove(parts: Parts, id: string, fileId: string | undefined): Promise<void> {
  const { store, deadLetters } = parts;
  if (fileId !== undefined) await ask(parts, 'storage', async (call) => parts.blobs?.remove([fileId], call));
  const target = { id, where: oldEnough(parts) };
  await ask(parts, deadLetters, (call) => store.remove(deadLetters, target, call));
}

async function ask<T>({ retrier, deadline }: Parts, key: string, run: (call: CallOptions) => Promise<T>) {
  const slower = key === 'storage' ? { attemptTimeoutMs: STORAGE_TIMEOUT_MS } : {};
  return retried(retrier, { key, deadline, ...slower }, run);
}
