import { attemptName, type Deadline } from '../core/index.ts';
import type { CallStore } from '../store/index.ts';
import type { SeenLetter } from './find-letter.ts';
import { readMany } from './read-many.ts';
import { letterFile } from './tiers.ts';
import type { DurableWriter } from './writer.ts';

/** Letters are named by it. */
interface Attempt {
  readonly recordId: string;
  readonly attempt: number;
}

/**
 * Tells where attempts have a letter in some lower tier, readable or not: a request for 100 of them in the database,
 * and one for 50 of the others in storage. For walks, which then look for those letters only. Rejects where a tier
 * cannot be read.
 */
export async function lettersAmong(
  deps: { readonly store: CallStore; readonly writer: DurableWriter },
  attempts: readonly Attempt[],
  deadline: Deadline,
): Promise<(attempt: Attempt) => SeenLetter | undefined> {
  const { writer } = deps;
  const ids = attempts.map(({ recordId, attempt }) => attemptName(recordId, attempt));
  const kept = await readMany(deps, { collection: writer.deadLetters, ids }, deadline);
  const files = await filesAmong(
    writer,
    ids.filter((id) => !kept.has(id)),
    deadline,
  );
  return ({ recordId, attempt }) => {
    const id = attemptName(recordId, attempt);
    return kept.get(id) ?? (files.has(id) ? 'file' : undefined);
  };
}

/** Removes the file of an attempt's letter, in one attempt; where there is none, nothing happens. */
export async function removeLetterFile(
  { blobs, retrier }: DurableWriter,
  { recordId, attempt }: Attempt,
  deadline: Deadline,
): Promise<void> {
  if (!blobs) return;
  const budget = { key: 'storage', deadline, attemptTimeoutMs: 4_000, maxAttempts: 1, recordId };
  const tried = await retrier.attempt(budget, async (timeoutMs) => {
    const call = { timeoutMs, deadline };
    await blobs.remove([await blobs.fileId(letterFile(attemptName(recordId, attempt)), call)], call);
  });
  if (!tried.ok) throw tried.error;
}

async function filesAmong(
  { blobs, retrier }: DurableWriter,
  letterIds: readonly string[],
  deadline: Deadline,
): Promise<ReadonlySet<string>> {
  if (!blobs || letterIds.length === 0) return new Set();
  const tried = await retrier.attempt({ key: 'storage', deadline, attemptTimeoutMs: 4_000 }, async (timeoutMs) => {
    const call = { timeoutMs, deadline };
    const byFile = new Map<string, string>();
    for (const id of letterIds) byFile.set(await blobs.fileId(letterFile(id), call), id);
    const existing = await blobs.exists([...byFile.keys()], call);
    return new Set([...existing].map((fileId) => byFile.get(fileId) ?? ''));
  });
  if (tried.ok) return tried.value;
  throw tried.error;
}
