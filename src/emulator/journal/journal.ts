import { closeSync, createReadStream, ftruncateSync, openSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { DurableError, type Clock } from '../../core/index.ts';
import { encodeEntry, PREFIX_LENGTH, type Change, type Entry } from './entry.ts';
import { recoverEntries, type Recovery } from './recovery.ts';

/** The append-only record of every change: what it holds has happened, what it does not hold has not. */
export interface Journal {
  /** What was found when it was opened. */
  readonly recovery: Recovery;
  /**
   * Writes changes that happen together; when it returns they survive the death of this process, and a death in the
   * middle leaves none of them.
   */
  append(changes: readonly Change[]): void;
  /** The JSON of every entry written so far, oldest first. */
  lines(): AsyncIterable<string>;
  close(): void;
}

interface JournalOptions {
  readonly path: string;
  readonly clock: Clock;
  /** Called for each entry that is already there, in order. */
  readonly replay: (entry: Entry) => void;
}

/**
 * Opens the journal at `path` and replays it. Last entries that are unfinished (their writer was killed) are cut off; any
 * other damage is an error that names its position, because what it hides was acknowledged.
 */
export function openJournal({ path, clock, replay }: JournalOptions): Journal {
  const file = openSync(path, 'a+');
  const recovery = recoverEntries(file, replay);
  if (recovery.tornBytes > 0) ftruncateSync(file, recovery.bytes);
  let { bytes, lastSeq } = recovery;
  let isOpen = true;
  return {
    recovery,
    append(changes) {
      // The number of a closed file may already be another file's.
      if (!isOpen) throw new DurableError('INTERNAL', 'the local cloud has been closed');
      const atMs = clock.now();
      const place = (index: number) => ({ seq: lastSeq + 1 + index, atMs, more: index < changes.length - 1 });
      const block = Buffer.from(changes.map((change, index) => encodeEntry(change, place(index))).join(''));
      writeAll(file, block, bytes);
      bytes += block.length;
      lastSeq += changes.length;
    },
    lines: () => readLines(path, bytes),
    close() {
      isOpen = false;
      closeSync(file);
    },
  };
}

/** Synchronous on purpose: the change and its record must not be separated by somebody else's request. */
function writeAll(file: number, block: Buffer, lengthBefore: number): void {
  try {
    for (let written = 0; written < block.length;) written += writeSync(file, block, written);
  } catch (error) {
    // A full disk must not leave half an entry in front of the next one.
    ftruncateSync(file, lengthBefore);
    throw error;
  }
}

async function* readLines(path: string, bytes: number): AsyncGenerator<string> {
  if (bytes === 0) return;
  const input = createReadStream(path, { end: bytes - 1 });
  for await (const line of createInterface({ input, crlfDelay: Infinity })) yield line.slice(PREFIX_LENGTH);
}
