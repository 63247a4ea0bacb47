import { DurableError, isDurableError, type Code, type Deadline } from '../core/index.ts';
import type { Document, Page, PageKey } from '../store/index.ts';

/** How a walk over many records went; a failing one never stops the others, and is named by its id. */
export interface WalkReport {
  readonly done: number;
  readonly skipped: number;
  readonly failed: readonly { readonly id: string; readonly code: Code }[];
  /** Present when the deadline came first: the next run goes on from here. */
  readonly checkpoint?: PageKey;
}

/** A page of a walk. */
export interface WalkPage extends Page {
  /** A document here that is larger than an answer may be: the page is empty, and goes on after it. */
  readonly tooLargeId?: string;
}

/**
 * What became of one document; `late`: time ran out before it was finished · `unbegun`: … before it was begun, or a
 * place it needs was known to be down.
 */
export type Visit = 'done' | 'skipped' | 'late' | 'unbegun' | { readonly code: Code; readonly id?: string };

interface Course<P extends WalkPage> {
  readonly deadline: Deadline;
  /** Where an earlier run stopped. */
  readonly after?: PageKey | undefined;
  /** Reads a page, with what else its visits need to know. */
  read(after: PageKey | undefined): Promise<P>;
  /** Read the next page while one is visited: for visits that stay right however old what was read is. @default false */
  readonly readsAhead?: boolean;
}

export interface Walk<P extends WalkPage> extends Course<P> {
  /** Documents of a page visited at once. @default 1 */
  readonly width?: number;
  /** Whether something was done about the document. */
  visit(document: Document, page: P): Promise<boolean>;
}

export interface PageWalk<P extends WalkPage> extends Course<P> {
  /** What became of each document of a page, in its order. */
  visitPage(page: P): Promise<readonly Visit[]>;
}

/** At most so many statements of a walk are under way at once. */
export const WIDTH = 16;
/** … of which one reads ahead, where a walk does. */
export const WIDTH_BESIDE_READING = WIDTH - 1;
/** Enough time to finish what is at hand. */
export const LAST_START_MS = 500;

/** Whether nothing further should be begun. */
export const isOver = (deadline: Deadline): boolean => deadline.remainingMs() < LAST_START_MS;

/** Visits every document of a paged read, each on its own, until the end or the deadline. */
export function walkPages<P extends WalkPage>({ width = 1, visit, ...course }: Walk<P>): Promise<WalkReport> {
  const visitPage = async (page: P): Promise<readonly Visit[]> => {
    const visits = page.items.map((): Visit => 'unbegun');
    await pooled([...page.items.entries()], { width, deadline: course.deadline }, async ([index, document]) => {
      visits[index] = await outcomeOf(() => visit(document, page));
    });
    return visits;
  };
  return walkWhole({ ...course, visitPage });
}

/**
 * As `walkPages`, a page at a time. Rejects with `STORE_UNAVAILABLE` where a place that is known to be down let it begin
 * nothing at all: whoever goes on at once from a checkpoint would never end.
 */
export async function walkWhole<P extends WalkPage>(walk: PageWalk<P>): Promise<WalkReport> {
  const { deadline, after: from, read, visitPage, readsAhead = false } = walk;
  const tally: Tally = { done: 0, skipped: 0, failed: [] };
  let after = from;
  let ahead: Promise<P> | undefined;
  const stopped = (): WalkReport => ({ ...tally, checkpoint: after ?? { id: '' } });
  for (;;) {
    if (isOver(deadline)) return stopped();
    const page = await (ahead ?? read(after)).catch(undefinedIfLate);
    if (!page) return stopped();
    ahead = readsAhead && page.next ? awaitedLater(read(page.next)) : undefined;
    if (page.tooLargeId !== undefined) tally.failed.push({ id: page.tooLargeId, code: 'STORE_TOO_LARGE' });
    const visits = [...(await visitPage(page))];
    if (after === from && isStuck(visits, deadline)) throw knownDown();
    // The first of a run had all its time: late all the same, it is stepped past, or it would end every run.
    if (after === from && visits[0] === 'late') visits[0] = { code: 'DEADLINE_PASSED' };
    page.items.forEach(({ _id: id }, index) => count(tally, id, visits[index]));
    const end = visits.findIndex((visit) => visit === 'late' || visit === 'unbegun');
    if (end >= 0) {
      const last = page.items[end - 1];
      if (last) after = { id: last._id };
      return stopped();
    }
    if (!page.next) return tally;
    after = page.next;
  }
}

// A walk that stops before needs it no more, however it ended.
function awaitedLater<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}

function isStuck(visits: readonly Visit[], deadline: Deadline): boolean {
  return visits.length > 0 && !isOver(deadline) && visits.every((visit) => visit === 'unbegun');
}

function knownDown(): DurableError {
  return new DurableError('STORE_UNAVAILABLE', 'a place that this walk needs is known to be down; run it again later', {
    details: { breaker: 'open' },
  });
}

interface Tally {
  done: number;
  skipped: number;
  readonly failed: { readonly id: string; readonly code: Code }[];
}

function count(tally: Tally, id: string, visit: Visit | undefined): void {
  if (visit === 'done' || visit === 'skipped') tally[visit] += 1;
  else if (typeof visit === 'object') tally.failed.push({ id: visit.id ?? id, code: visit.code });
}

function undefinedIfLate(error: unknown): undefined {
  if (isDurableError(error, 'DEADLINE_PASSED')) return undefined;
  throw error;
}

/** The outcome of one visit: whatever it rejects with is its own. */
async function outcomeOf(visit: () => Promise<boolean>): Promise<Visit> {
  try {
    return (await visit()) ? 'done' : 'skipped';
  } catch (error) {
    return failureOf(error);
  }
}

/** A rejection as the outcome of a visit; one that names a record (`recordId`) is that record's. */
export function failureOf(error: unknown): Visit {
  if (isDurableError(error, 'DEADLINE_PASSED')) return 'late';
  // Nothing was asked, so that nothing is known against the document.
  if (isDurableError(error) && error.details['breaker'] === 'open') return 'unbegun';
  if (!isDurableError(error)) return { code: 'INTERNAL' };
  const { recordId } = error.details;
  return { code: error.code, ...(typeof recordId === 'string' ? { id: recordId } : {}) };
}

/** Runs `visit` over the items, begun in their order, so many at once; none is begun after the deadline. */
export async function pooled<T>(
  items: readonly T[],
  { width, deadline }: { readonly width: number; readonly deadline: Deadline },
  visit: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length && !isOver(deadline)) {
      const item = items[next++] as T;
      await visit(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, work));
}
