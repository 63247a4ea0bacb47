import { DurableError, isDurableError, type Deadline } from '../core/index.ts';
import type { DurableWriter } from '../durable/index.ts';
import { holdIn, type Hold } from '../once/index.ts';
import { collections, type HistoryInput, type Work } from '../records/index.ts';
import { is, type Document, type Filter, type PageKey, type CallStore } from '../store/index.ts';
import type { Draft } from './picture-kind.ts';

/** One line of a person's history. */
export interface HistoryItem {
  readonly workId: string;
  readonly title: string;
  readonly prompt: string;
  readonly style: string;
  readonly imageUrl: string;
  /** `processing` while the call runs; the record's status afterwards. */
  readonly status: 'completed' | 'failed' | 'unknown' | 'processing';
  readonly errorMessage: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** `open`: only the hold exists so far. */
  readonly savedIn: 'works' | 'emergency_backup' | 'open';
}

export interface History {
  readonly list: readonly HistoryItem[];
  readonly page: number;
  readonly pageSize: number;
  readonly hasMore: boolean;
  readonly nextCursor: string | null;
  /** True when dead letters could not be read, or not be believed yet: something may be missing from the list. */
  readonly partial: boolean;
}

interface Entry {
  readonly key: { readonly atMs: number; readonly id: string };
  readonly item: HistoryItem;
}

type LetterReading = Pick<DurableWriter, 'readLetter'>;

export interface HistoryDeps {
  readonly store: CallStore;
  readonly writer: LetterReading;
  readonly nowMs: number;
  readonly deadline: Deadline;
}

/** How far back pages by number reach; further back, a cursor leads. */
const MAX_REACH = 1_000;

/**
 * A person's works, newest first: those in `works`, those still in `emergency_backup`, and what is open.
 * Pages by cursor are stable while new works arrive; pages by number count from the newest.
 */
export async function readHistory(deps: HistoryDeps, account: Document, input: HistoryInput): Promise<History> {
  const { page, pageSize, cursor } = input;
  const skipped = cursor === undefined ? (page - 1) * pageSize : 0;
  if (skipped + pageSize > MAX_REACH) {
    throw new DurableError('INPUT_INVALID', 'that page is too far back; use nextCursor', {
      details: { field: 'page' },
    });
  }
  const source: Source = { ...deps, account, after: readCursor(cursor), limit: skipped + pageSize + 1 };
  const [works, letters, open] = await Promise.all([fromWorks(source), fromLetters(source), fromHolds(source)]);
  const entries = merge([works, letters.entries, open]);
  const shown = entries.slice(skipped, skipped + pageSize);
  const last = shown.at(-1);
  const hasMore = entries.length > skipped + pageSize;
  return {
    list: shown.map((entry) => entry.item),
    page,
    pageSize,
    hasMore,
    nextCursor: hasMore && last ? `${last.key.atMs}-${last.key.id}` : null,
    partial: !letters.isWhole,
  };
}

interface Source extends HistoryDeps {
  readonly account: Document;
  readonly after: PageKey | undefined;
  readonly limit: number;
}

function readCursor(cursor: string | undefined): PageKey | undefined {
  if (cursor === undefined) return undefined;
  const [, atMs, id] = /^(\d{1,15})-([\w-]+)$/.exec(cursor) ?? [];
  if (id === undefined) {
    throw new DurableError('INPUT_INVALID', '"cursor" is not one of ours', { details: { field: 'cursor' } });
  }
  return { id, value: new Date(Number(atMs)) };
}

async function fromWorks(source: Source): Promise<readonly Entry[]> {
  const where = { userId: source.account._id, deletedAt: is.absent() };
  const works = await newest(source, collections.works, where);
  return works.map((work) => entryOf(work as unknown as Work, 'works'));
}

// Letters are ordered by their own ids, which differ from the records' only behind the record id, so the cursor of a
// record serves them too. `isWhole` is false where they could not be read, or nobody vouches for one of them.
async function fromLetters(source: Source): Promise<{ readonly entries: readonly Entry[]; readonly isWhole: boolean }> {
  const where = { userId: source.account._id, state: 'waiting', deletedAt: is.absent() };
  try {
    const letters = await newest(source, collections.emergencyBackup, where);
    const seen = letters.map((letter) => entryOfLetter(source, letter));
    const entries = seen.filter((entry) => typeof entry === 'object');
    return { entries, isWhole: !seen.includes('unproven') };
  } catch (error) {
    return { entries: [], isWhole: isDurableError(error, 'STORE_NOT_FOUND') };
  }
}

// Clients may be able to write there: what nobody vouches for is not shown, nor what belongs to somebody else, since
// the owner by whom letters are found stands outside their code.
function entryOfLetter({ writer, account }: Source, document: Document): Entry | 'unproven' | 'none' {
  try {
    const { payload, recordId, isSigned } = writer.readLetter(document);
    if (payload['userId'] !== account._id) return 'none';
    const isVouched = isSigned || holdIn(account, recordId)?.token === payload['token'];
    return isVouched ? entryOf(payload as unknown as Work, 'emergency_backup') : 'unproven';
  } catch (error) {
    if (!isDurableError(error, 'LETTER_INVALID')) throw error;
    return error.details['awaits'] === 'key' ? 'unproven' : 'none';
  }
}

// A page may be short and still have a next: the platform refuses large ones, and they are halved.
async function newest(source: Source, collection: string, where: Filter): Promise<readonly Document[]> {
  const found: Document[] = [];
  let { after } = source;
  do {
    const limit = source.limit - found.length;
    const request = { where, orderBy: 'createdAt', direction: 'desc', after, limit } as const;
    const page = await source.store.page(collection, request, { deadline: source.deadline });
    found.push(...page.items);
    after = page.next;
  } while (after && found.length < source.limit);
  return found;
}

async function fromHolds(source: Source): Promise<readonly Entry[]> {
  const { account, nowMs, after } = source;
  const { quota } = account as { quota?: { holds?: Record<string, Hold> } };
  const entries = Object.keys(quota?.holds ?? {}).flatMap((id) => {
    const hold = holdIn(account, id);
    return hold?.st === 'open' && Number.isFinite(hold.at) ? [entryOfHold(id, hold, nowMs)] : [];
  });
  const hidden = await deletedAmong(source, entries);
  return entries
    .filter(({ key }) => !hidden.has(key.id))
    .filter(({ key }) => !after || older(key, { atMs: (after.value as Date).getTime(), id: after.id }));
}

// An unknown record may be deleted while its call is still open.
async function deletedAmong({ store, deadline }: Source, entries: readonly Entry[]): Promise<ReadonlySet<string>> {
  if (entries.length === 0) return new Set();
  const where = { _id: is.oneOf(entries.map(({ key }) => key.id)), deletedAt: is.above(new Date(0)) };
  const request = { where, limit: entries.length, fields: ['deletedAt'] };
  const { items } = await store.page(collections.works, request, { deadline });
  return new Set(items.map(({ _id }) => _id));
}

function merge(sources: readonly (readonly Entry[])[]): readonly Entry[] {
  const byId = new Map<string, Entry>();
  // The first source that knows a record speaks for it.
  for (const entry of sources.flat()) if (!byId.has(entry.key.id)) byId.set(entry.key.id, entry);
  return [...byId.values()].sort((a, b) => (older(a.key, b.key) ? 1 : -1));
}

function older(a: Entry['key'], b: Entry['key']): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.id < b.id);
}

function entryOf(work: Work, savedIn: 'works' | 'emergency_backup'): Entry {
  const createdAt = work.createdAt instanceof Date ? work.createdAt : new Date(0);
  return {
    key: { atMs: createdAt.getTime(), id: work._id },
    item: {
      workId: work._id,
      title: work.title,
      prompt: work.originalPrompt,
      style: work.style,
      imageUrl: work.asset?.fileId ?? work.imageUrl,
      status: work.status,
      errorMessage: work.status === 'failed' ? work.errorMessage : '',
      createdAt: createdAt.toISOString(),
      savedIn,
    },
  };
}

function entryOfHold(id: string, hold: Hold, nowMs: number): Entry {
  const draft = (hold.draft ?? {}) as Partial<Draft>;
  return {
    key: { atMs: hold.at, id },
    item: {
      workId: id,
      title: [...(draft.prompt ?? '')].slice(0, 12).join(''),
      prompt: draft.prompt ?? '',
      style: draft.style ?? '',
      imageUrl: '',
      status: nowMs < hold.until ? 'processing' : 'unknown',
      errorMessage: '',
      createdAt: new Date(hold.at).toISOString(),
      savedIn: 'open',
    },
  };
}
