import {
  canonicalJson,
  DurableError,
  isDurableError,
  type Clock,
  type Code,
  type Deadline,
  type Log,
} from '../core/index.ts';
import { is, type Document, type PageKey, type Store } from '../store/index.ts';
import type { Letter, LetterState } from './letter.ts';
import type { WriteRequest, StoreOutcome } from './writer.ts';

/** What became of a letter: brought home, made needless by another record, or left for later. */
export type Placement = 'redriven' | 'superseded' | 'waiting';

export interface RedriveRequest {
  /** No further letter is begun after it. */
  readonly deadline: Deadline;
  /** Where an earlier run stopped. */
  readonly after?: PageKey | undefined;
  /** Decides about one letter. @default stores its payload and compares what is stored */
  readonly place?: (letter: Letter) => Promise<Placement>;
}

/** How a walk over many records went; a failing one never stops the others. */
export interface WalkReport {
  readonly done: number;
  readonly skipped: number;
  readonly failed: readonly { readonly id: string; readonly code: Code }[];
  /** Present when the deadline came first: the next run goes on from here. */
  readonly checkpoint?: PageKey;
}

export interface RedriveParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly deadLetters: string;
  readLetter(document: Document): Letter;
  storeRecord(request: WriteRequest): Promise<StoreOutcome>;
}

const PAGE = 100;
/** A letter that fails this often for reasons of its own is set aside. */
const QUARANTINE_AFTER = 5;
/** Enough time to finish the letter at hand. */
const LAST_START_MS = 500;

/** Walks the waiting letters once, in order of their ids. */
export async function redrive(parts: RedriveParts, request: RedriveRequest): Promise<WalkReport> {
  const place = request.place ?? ((letter) => placeAsIs(parts, letter, request.deadline));
  return walkPages({
    deadline: request.deadline,
    after: request.after,
    read: (after) =>
      parts.store.page(
        parts.deadLetters,
        { where: { state: is.absentOr(is.oneOf(['waiting'])) }, after, limit: PAGE },
        { deadline: request.deadline },
      ),
    visit: (document) => redriveOne(parts, document, place),
  });
}

export interface Walk {
  readonly deadline: Deadline;
  readonly after?: PageKey | undefined;
  read(after: PageKey | undefined): Promise<{ readonly items: readonly Document[]; readonly next?: PageKey }>;
  /** Whether something was done about the document. */
  visit(document: Document): Promise<boolean>;
}

/** Visits every document of a paged read, each on its own, until the end or the deadline. */
export async function walkPages(walk: Walk): Promise<WalkReport> {
  const failed: { id: string; code: Code }[] = [];
  let done = 0;
  let skipped = 0;
  let after = walk.after;
  const isOver = (): boolean => walk.deadline.remainingMs() < LAST_START_MS;
  const stopped = (): WalkReport => report(done, skipped, failed, after ?? { id: '' });
  for (;;) {
    if (isOver()) return stopped();
    const page = await walk.read(after);
    for (const document of page.items) {
      if (isOver()) return stopped();
      try {
        if (await walk.visit(document)) done += 1;
        else skipped += 1;
      } catch (error) {
        failed.push({ id: document._id, code: isDurableError(error) ? error.code : 'INTERNAL' });
      }
      after = { id: document._id };
    }
    if (!page.next) return report(done, skipped, failed, undefined);
    after = page.next;
  }
}

function report(
  done: number,
  skipped: number,
  failed: WalkReport['failed'],
  checkpoint: PageKey | undefined,
): WalkReport {
  return { done, skipped, failed, ...(checkpoint ? { checkpoint } : {}) };
}

async function redriveOne(
  parts: RedriveParts,
  document: Document,
  place: (letter: Letter) => Promise<Placement>,
): Promise<boolean> {
  const placement = await place(await readOrSetAside(parts, document));
  if (placement === 'waiting') return false;
  await mark(parts, document._id, placement);
  parts.log.write('info', 'redrive.placed', { letterId: document._id, placement });
  return true;
}

// Only a letter that cannot be read itself is set aside: one that waits for another to be readable is sound.
async function readOrSetAside(parts: RedriveParts, document: Document): Promise<Letter> {
  try {
    return parts.readLetter(document);
  } catch (error) {
    if (isDurableError(error, 'LETTER_INVALID')) await setAside(parts, document, error);
    throw error;
  }
}

async function mark(parts: RedriveParts, id: string, state: LetterState): Promise<void> {
  const set = { state, recoveredAt: new Date(parts.clock.now()) };
  await parts.store.update(parts.deadLetters, { id, where: { state: is.not(state) } }, { set });
}

// A poison letter never stops the others, nor is it tried for ever.
async function setAside(parts: RedriveParts, document: Document, error: DurableError): Promise<void> {
  const failures = (typeof document['redriveFailures'] === 'number' ? document['redriveFailures'] : 0) + 1;
  const quarantined = failures >= QUARANTINE_AFTER ? { state: 'quarantined' } : {};
  const set = { redriveFailures: failures, redriveError: error.message, ...quarantined };
  await parts.store.update(parts.deadLetters, { id: document._id }, { set });
  parts.log.write('error', 'redrive.invalid', { letterId: document._id, failures, code: error.code });
}

async function placeAsIs(parts: RedriveParts, letter: Letter, deadline: Deadline): Promise<Placement> {
  const outcome = await parts.storeRecord({ collection: letter.collection, record: letter.payload, deadline });
  return verified(parts, { collection: letter.collection, record: letter.payload }, outcome);
}

/** Reads the stored copy back and compares it, before anybody marks the letter. */
export async function verified(
  parts: { readonly store: Store },
  { collection, record }: { readonly collection: string; readonly record: Document },
  outcome: StoreOutcome,
): Promise<Placement> {
  if (outcome.status === 'duplicate') return outcome.same ? 'redriven' : 'superseded';
  const copy = await parts.store.get(collection, record._id);
  const same = copy && Object.keys(record).every((name) => canonicalJson(copy[name]) === canonicalJson(record[name]));
  return same ? 'redriven' : 'waiting';
}
