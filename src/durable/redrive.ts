import {
  canonicalJson,
  isDurableError,
  type Clock,
  type Code,
  type Deadline,
  type DurableError,
  type Log,
} from '../core/index.ts';
import { is, type Document, type PageKey, type Store } from '../store/index.ts';
import { unsigned, type ReadLetter } from './letter.ts';
import { markLetter, markTogether } from './mark-letter.ts';
import { pagesOf, readMany } from './read-many.ts';
import {
  failureOf,
  isOver,
  LAST_START_MS,
  pooled,
  walkWhole,
  WIDTH_BESIDE_READING,
  type Visit,
  type WalkReport,
} from './walk.ts';
import type { DurableWriter, WriteRequest } from './writer.ts';

/** What became of a letter: brought home, made needless by another record, or left for later. */
export type Placement = 'redriven' | 'superseded' | 'waiting';

/** What is to become of a letter: that, or its record is stored first. */
export type Judgement = Placement | Omit<WriteRequest, 'deadline'>;

/** Decides about one letter; what it rejects with is that letter's failure. */
export type Judge = (letter: ReadLetter) => Promise<Judgement>;

export interface RedriveDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly writer: DurableWriter;
}

export interface RedriveRequest {
  /** No further letter is begun after it. */
  readonly deadline: Deadline;
  /** Where an earlier run stopped. */
  readonly after?: PageKey | undefined;
  /** Looks at the letters of one page at once, and answers the judge of each. @default stores each as it is */
  readonly judging?: (letters: readonly ReadLetter[]) => Promise<Judge>;
}

/** Letters stored and seen together, … */
const PART = 2 * WIDTH_BESIDE_READING;
/** … and read, and marked where nothing had to be stored. */
const PAGE = 4 * PART;
/** A letter that fails this often for reasons of its own is set aside, … */
const QUARANTINE_AFTER = 5;
/** … and one that another key might make readable after this, since somebody must give that key first. */
export const KEY_PATIENCE_MS = 7 * 86_400_000;
/** Storing that fails so fails for ever. */
const HOPELESS: ReadonlySet<Code> = new Set(['INPUT_INVALID', 'STORE_DUPLICATE', 'STORE_TOO_LARGE']);
/** … and so, unless the collection refuses everybody: a count against a letter needs another one that was stored. */
const DOUBTFUL: Code = 'STORE_REJECTED';

/**
 * Walks the waiting letters once, in order of their ids, and puts them back where they belong, each on its own and
 * 16 at a time. A letter is marked only after its stored copy was read back and compared; killed at any step, the
 * next run goes on.
 */
export function redrive(deps: RedriveDeps, request: RedriveRequest): Promise<WalkReport> {
  const { deadline, after, judging = asTheyAre } = request;
  const where = { state: is.absentOr(is.oneOf(['waiting'])) };
  const takers = new Set<string>();
  return walkWhole({
    deadline,
    after,
    read: pagesOf(deps, { collection: deps.writer.deadLetters, where, limit: PAGE }, deadline),
    visitPage: ({ items }) => redrivePage({ ...deps, deadline, takers }, items, judging),
    // Each letter's record and hold are looked at when its page has its turn.
    readsAhead: true,
  });
}

type Parts = RedriveDeps & {
  readonly deadline: Deadline;
  /** Collections that took a record in this run. */
  readonly takers: Set<string>;
};
type Request = Omit<WriteRequest, 'deadline'>;

async function asTheyAre(): Promise<Judge> {
  return async (letter) => {
    if (!letter.isSigned) throw unsigned(letter._id);
    return { collection: letter.collection, record: letter.payload };
  };
}

/** A letter on its way through a page. */
interface Item {
  readonly document: Document;
  letter?: ReadLetter;
  placement?: Placement;
  /** What was stored, and must be seen before the letter is marked. */
  stored?: Request;
  /** Why its collection refused it, which may be the letter's doing or the collection's. */
  refusal?: DurableError;
  visit: Visit;
}

async function redrivePage(
  parts: Parts,
  documents: readonly Document[],
  judging: NonNullable<RedriveRequest['judging']>,
): Promise<readonly Visit[]> {
  const items = documents.map((document): Item => ({ document, visit: 'unbegun' }));
  await step(parts, items, (item) => readOrSetAside(parts, item));
  try {
    const judge = await judging(items.flatMap(({ letter }) => letter ?? []));
    // In parts, so that a run with little time ends at least the first of them.
    for (let start = 0; start < items.length && !isOver(parts.deadline); start += PART) {
      await placePart(parts, items.slice(start, start + PART), judge);
    }
    await markAll(parts, items);
    await blameRefused(parts, items);
  } catch (error) {
    for (const item of items) if (item.letter && item.visit === 'unbegun') item.visit = failureOf(error);
  }
  return items.map(({ visit }) => visit);
}

async function placePart(parts: Parts, items: readonly Item[], judge: Judge): Promise<void> {
  await stepGroups(parts, items, (item) => judgeOne(parts, item, judge));
  await seeStored(parts, items).catch((error: unknown) => {
    for (const item of items) if (item.stored) item.visit = failureOf(error);
  });
  await markAll(
    parts,
    items.filter(({ stored }) => stored),
  );
}

/** One step for every letter that has not failed, 16 at a time; a failure is that letter's own. */
function step(parts: Parts, items: readonly Item[], run: (item: Item) => Promise<void>): Promise<void> {
  return pooled(items, { width: WIDTH_BESIDE_READING, deadline: parts.deadline }, (item) => guarded(item, run));
}

// Letters of one record go in their order: without a hold, the first of them is the one that counts.
function stepGroups(parts: Parts, items: readonly Item[], run: (item: Item) => Promise<void>): Promise<void> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = item.letter?.recordId ?? item.document._id;
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return pooled([...groups.values()], { width: WIDTH_BESIDE_READING, deadline: parts.deadline }, async (group) => {
    for (const item of group) await guarded(item, run);
  });
}

async function guarded(item: Item, run: (item: Item) => Promise<void>): Promise<void> {
  if (item.visit !== 'unbegun') return;
  await run(item).catch((error: unknown) => {
    item.visit = failureOf(error);
  });
}

// Only a letter that cannot be read itself is set aside: one that waits for another to be readable is sound.
async function readOrSetAside(parts: Parts, item: Item): Promise<void> {
  try {
    item.letter = parts.writer.readLetter(item.document);
  } catch (error) {
    if (isDurableError(error, 'LETTER_INVALID')) await setAside(parts, item.document, error);
    throw error;
  }
}

async function judgeOne(parts: Parts, item: Item, judge: Judge): Promise<void> {
  if (!item.letter) return;
  try {
    const judgement = await judge(item.letter);
    if (typeof judgement === 'string') item.placement = judgement;
    else await storeOne(parts, item, judgement);
  } catch (error) {
    if (isDurableError(error) && isOfLetter(error, item.letter)) await setAside(parts, item.document, error);
    throw error;
  }
}

// Nobody vouches for it; a failure that speaks of another letter, or of the account, leaves this one sound.
function isOfLetter(error: DurableError, { _id }: ReadLetter): boolean {
  return error.details['awaits'] === 'key' && error.details['letterId'] === _id;
}

async function storeOne(parts: Parts, item: Item, request: Request): Promise<void> {
  try {
    const outcome = await parts.writer.store({ ...request, deadline: parts.deadline });
    if (outcome.status === 'stored') {
      item.stored = request;
      parts.takers.add(request.collection);
    } else item.placement = outcome.same ? 'redriven' : 'superseded';
  } catch (error) {
    if (isDurableError(error) && HOPELESS.has(error.code)) await setAside(parts, item.document, error);
    if (isDurableError(error, DOUBTFUL)) item.refusal = error;
    throw error;
  }
}

// After the page, so that it does not matter which of them came first.
function blameRefused(parts: Parts, items: readonly Item[]): Promise<void> {
  const blamed = items.filter(({ letter, refusal }) => refusal && letter && parts.takers.has(letter.collection));
  return pooled(blamed, { width: WIDTH_BESIDE_READING, deadline: parts.deadline }, async (item) => {
    await setAside(parts, item.document, item.refusal as DurableError).catch((error: unknown) => {
      item.visit = failureOf(error);
    });
  });
}

/** Reads the stored copies back, at once, and compares them, before anybody marks their letters. */
async function seeStored(parts: Parts, items: readonly Item[]): Promise<void> {
  const stored = items.filter((item): item is Item & { stored: Request } => item.stored !== undefined);
  for (const collection of new Set(stored.map((item) => item.stored.collection))) {
    const those = stored.filter((item) => item.stored.collection === collection);
    const ids = those.map((item) => item.stored.record._id);
    const copies = await readMany(parts, { collection, ids }, parts.deadline);
    for (const item of those) {
      const { record } = item.stored;
      item.placement = isCopy(copies.get(record._id), record) ? 'redriven' : 'waiting';
    }
  }
}

// A record has an id at least, which nothing that is not there has.
function isCopy(copy: Document | undefined, record: Document): boolean {
  return Object.keys(record).every((name) => canonicalJson(copy?.[name]) === canonicalJson(record[name]));
}

/**
 * Marks what was dealt with, in the time that was kept for that: letters of one fate by one statement, and those alone
 * of which it does not tell enough.
 */
async function markAll(whole: Parts, items: readonly Item[]): Promise<void> {
  const parts = { ...whole, deadline: whole.deadline.minus(-LAST_START_MS) };
  for (const item of items) if (item.visit === 'unbegun' && item.placement === 'waiting') item.visit = 'skipped';
  for (const placement of ['redriven', 'superseded'] as const) {
    const placed = items.filter((item) => item.visit === 'unbegun' && item.placement === placement);
    const marked = await markTogether(
      parts,
      placed.map(({ document }) => document),
      placement,
    );
    for (const item of placed) if (marked.has(item.document._id)) end(parts, item);
  }
  await step(parts, items, (item) => markOne(parts, item));
}

async function markOne(parts: Parts, item: Item): Promise<void> {
  const { document, letter, placement, stored } = item;
  if (placement === undefined) return;
  await markLetter(parts, { document, letter, stored: stored?.record }, placement);
  end(parts, item);
}

function end({ log }: Parts, item: Item): void {
  log.write('info', 'redrive.placed', { letterId: item.document._id, placement: item.placement });
  item.visit = 'done';
}

// A poison letter never stops the others, nor is it tried for ever.
async function setAside(parts: Parts, document: Document, error: DurableError): Promise<void> {
  const atMs = parts.clock.now();
  const failures = (typeof document['redriveFailures'] === 'number' ? document['redriveFailures'] : 0) + 1;
  const since = document['redriveFailedAt'] instanceof Date ? document['redriveFailedAt'] : new Date(atMs);
  const awaitsKey = error.details['awaits'] === 'key';
  const isHopeless = awaitsKey ? atMs - since.getTime() >= KEY_PATIENCE_MS : failures >= QUARANTINE_AFTER;
  parts.log.write('error', 'redrive.invalid', { letterId: document._id, failures, code: error.code });
  // While it only waits for its key there is nothing new to note.
  if (awaitsKey && failures > 1 && !isHopeless) return;
  const set = {
    redriveFailures: failures,
    redriveFailedAt: since,
    redriveError: error.message,
    ...(isHopeless ? { state: 'quarantined' } : {}),
  };
  await parts.store.update(parts.writer.deadLetters, { id: document._id }, { set }, { deadline: parts.deadline });
}
