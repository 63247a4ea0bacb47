import type { Clock, Deadline } from '../core/index.ts';
import { is, type Document, type Filter, type Store } from '../store/index.ts';
import type { Letter, LetterState } from './letter.ts';

export interface MarkDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly writer: { readonly deadLetters: string };
  readonly deadline: Deadline;
}

/** A letter that was dealt with. */
export interface Marked {
  /** As it was read. */
  readonly document: Document;
  readonly letter: Letter | undefined;
  /** What was just stored for it. */
  readonly stored: Document | undefined;
}

/**
 * Marks a letter that was dealt with. What a person deleted while it was a letter, even while it was on its way home,
 * is deleted in the collection before the mark, whoever brought it there; killed between the two, the next run does
 * both again. One statement, one more where it was deleted before, and up to four where that happened meanwhile.
 */
export async function markLetter(deps: MarkDeps, marked: Marked, state: LetterState): Promise<void> {
  const { document, letter, stored } = marked;
  if (stored?.['deletedAt'] === undefined) await keepDeleted(deps, letter, document);
  if (await mark(deps, document, state)) return;
  // Marked by another run, or deleted since it was read.
  const fresh = await deps.store.get(deps.writer.deadLetters, document._id, { deadline: deps.deadline });
  if (!fresh || deletionOf(fresh) === undefined || deletionOf(document) !== undefined) return;
  await keepDeleted(deps, letter, fresh);
  await mark(deps, fresh, state);
}

/** Letters in one statement. */
const TOGETHER = 100;

/**
 * Marks letters that nobody had deleted when they were read, by one statement for all of them; answers which are known
 * to be marked. The others are for `markLetter`: also where another run was faster, or the statement failed.
 */
export async function markTogether(
  { clock, deadline, store, writer }: MarkDeps,
  documents: readonly Document[],
  state: LetterState,
): Promise<ReadonlySet<string>> {
  const all = documents.filter(({ deletedAt }) => deletedAt === undefined).map(({ _id }) => _id);
  const set = { state, recoveredAt: new Date(clock.now()) };
  const where = { state: is.not(state), deletedAt: is.absent() };
  const marked = new Set<string>();
  for (let start = 0; start < all.length; start += TOGETHER) {
    const ids = all.slice(start, start + TOGETHER);
    const changed = await store.updateMany(writer.deadLetters, { ids, where }, { set }, { deadline }).catch(() => 0);
    if (changed === ids.length) for (const id of ids) marked.add(id);
  }
  return marked;
}

/** Answers whether the letter is still as it was read, and not marked yet. */
async function mark({ clock, deadline, store, writer }: MarkDeps, read: Document, state: LetterState) {
  const set = { state, recoveredAt: new Date(clock.now()) };
  const where = { state: is.not(state), ...deletionAsRead(read) };
  return (await store.update(writer.deadLetters, { id: read._id, where }, { set }, { deadline })) === 1;
}

async function keepDeleted({ deadline, store }: MarkDeps, letter: Letter | undefined, read: Document): Promise<void> {
  const deletedAt = deletionOf(read);
  if (!letter || deletedAt === undefined) return;
  const target = { id: letter.recordId, where: { deletedAt: is.absent() } };
  await store.update(letter.collection, target, { set: { deletedAt } }, { deadline });
}

// An import may have it as a text; anything else is no deletion.
function deletionOf({ deletedAt }: Document): Date | string | undefined {
  return deletedAt instanceof Date || typeof deletedAt === 'string' ? deletedAt : undefined;
}

function deletionAsRead(read: Document): Filter {
  const deletedAt = deletionOf(read);
  if (deletedAt !== undefined) return { deletedAt };
  return read['deletedAt'] === undefined ? { deletedAt: is.absent() } : {};
}
