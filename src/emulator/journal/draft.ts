import type { Disk } from './disk.ts';
import { encodeEntry, encodeHead, type Capture } from './entry.ts';

/** The log in use. */
export interface LogState {
  file: number;
  /** Its length, and of that the snapshot that it begins with. */
  bytes: number;
  snapshotBytes: number;
  lastSeq: number;
}

/** A shorter log that says the same, beside the one in use. */
export interface Draft {
  readonly file: number;
  readonly snapshotBytes: number;
  /** Its length. */
  bytes: number;
  /** Up to where in the log in use it knows everything. */
  copiedTo: number;
}

interface DraftParts {
  readonly disk: Disk;
  readonly path: string;
  readonly log: LogState;
  readonly capture: () => Capture;
  readonly atMs: number;
  /** Throws when nobody wants the draft any more. */
  readonly assertWanted: () => void;
}

/** Characters put into words at a time, about a millisecond's work: requests are served in between. */
const SLICE_CHARACTERS = 64 * 1024;
const COPY_BYTES = 1024 * 1024;

/**
 * Writes what stands now, then what is appended meanwhile, into a new file at `path`; when it settles, hardly
 * anything is left to copy. After a rejection the file is gone.
 */
export async function writeDraft(parts: DraftParts): Promise<Draft> {
  const { disk, path, log } = parts;
  // The leftover of an earlier attempt would be appended to.
  disk.remove(path);
  const file = disk.open(path);
  try {
    const copiedTo = log.bytes;
    const snapshotBytes = await writeSnapshot(parts, file);
    const draft = { file, snapshotBytes, bytes: snapshotBytes, copiedTo };
    await disk.sync(file);
    while (log.bytes - draft.copiedTo > COPY_BYTES) {
      parts.assertWanted();
      copyOnce(disk, log, draft);
      await turn();
    }
    return draft;
  } catch (error) {
    discardDraft(disk, path, file);
    throw error;
  }
}

/** Takes over everything that stands in the log in use and not yet in the draft. */
export function catchUp(disk: Disk, log: Readonly<LogState>, draft: Draft): void {
  while (draft.copiedTo < log.bytes) copyOnce(disk, log, draft);
}

/** Closes and removes a draft. */
export function discardDraft(disk: Disk, path: string, file: number): void {
  disk.close(file);
  disk.remove(path);
}

async function writeSnapshot({ disk, log, capture, atMs, assertWanted }: DraftParts, file: number): Promise<number> {
  const seq = log.lastSeq;
  const { count, changes } = capture();
  let bytes = 0;
  let text = encodeHead({ seq, atMs, op: 'snapshot', count });
  const write = (): void => {
    const block = Buffer.from(text);
    disk.append(file, block);
    bytes += block.length;
    text = '';
  };
  let part = 0;
  for (const change of changes) {
    text += encodeEntry(change, { seq, atMs, part: (part += 1) });
    if (text.length < SLICE_CHARACTERS) continue;
    write();
    await turn();
    assertWanted();
  }
  write();
  return bytes;
}

function copyOnce(disk: Disk, log: LogState, draft: Draft): void {
  const block = Buffer.allocUnsafe(Math.min(COPY_BYTES, log.bytes - draft.copiedTo));
  const count = disk.read(log.file, block, draft.copiedTo);
  if (count === 0) throw new Error(`the log ends at byte ${draft.copiedTo}, not at ${log.bytes}`);
  disk.append(draft.file, block.subarray(0, count));
  draft.bytes += count;
  draft.copiedTo += count;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
