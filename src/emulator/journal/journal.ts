import { createReadStream, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { DurableError, type Clock } from '../../core/index.ts';
import { machineDisk, type Disk } from './disk.ts';
import type { LogState } from './draft.ts';
import { encodeEntry, PREFIX_LENGTH, type Capture, type Change, type Entry } from './entry.ts';
import { createGroupFlush, type GroupFlush } from './group-flush.ts';
import { recoverEntries, type Recovery } from './recovery.ts';
import { createRewriting, draftPathOf, type Rewriting, type Rewritten } from './rewriting.ts';

/** What an acknowledged change survives: `fsync` the failure of power too, `write` the death of the process alone. */
export type Durability = 'fsync' | 'write';

/** The append-only record of every change: what it holds has happened, what it does not hold has not. */
export interface Journal {
  /** What was found when it was opened. */
  readonly recovery: Recovery;
  /**
   * Writes changes that happen together; when it returns they survive the death of this process, and a death in the
   * middle leaves none of them.
   */
  append(changes: readonly Change[]): void;
  /** Settles when everything appended so far is as durable as was asked for: an answer has to wait for that. */
  synced(): Promise<void>;
  /** The JSON of every entry, oldest first; that of a rewritten log begins with its `snapshot` of `count` entries. */
  lines(): AsyncIterable<string>;
  close(): Promise<void>;
}

interface JournalOptions {
  readonly path: string;
  readonly clock: Clock;
  /** Called for each entry that is already there, in order. */
  readonly replay: (entry: Entry) => void;
  /** What stands now. Without it the log is never rewritten. */
  readonly capture?: () => Capture;
  /** @default 'fsync' */
  readonly durability?: Durability | undefined;
  /** The log is rewritten once it has more bytes than this, and than twice what the last rewrite left. @default 16 MiB */
  readonly compactAboveBytes?: number | undefined;
  readonly onRewritten?: (outcome: Rewritten) => void;
  /** @default the machine's */
  readonly disk?: Disk;
}

const COMPACT_ABOVE_BYTES = 16 * 1024 * 1024;

/**
 * Opens the journal at `path` and replays it. Last entries that are unfinished (their writer was killed) are cut off; any
 * other damage is an error that names its position, because what it hides was acknowledged.
 *
 * A log that has grown is rewritten, while changes go on, as a snapshot of what stands. The new file takes its place in
 * one step when it is on the medium, so that at every moment one of the two is the whole truth.
 */
export function openJournal(options: JournalOptions): Journal {
  const { path, clock, durability = 'fsync', disk = machineDisk } = options;
  const { log, recovery } = openLog(disk, path, options.replay);
  // Declared before it is there: the two need one another.
  let rewriting: Rewriting | undefined;
  const group = createGroupFlush(createFlush({ disk, path, log, exchange: async () => rewriting?.exchange() }));
  if (options.capture) rewriting = createRewriting({ ...rewritingParts(options), disk, log, flush: group.next });
  const synced = async (): Promise<void> => (durability === 'fsync' ? group.synced() : undefined);
  let isOpen = true;
  return {
    recovery,
    append(changes) {
      // The number of a closed file may already be another file's.
      if (!isOpen) throw new DurableError('INTERNAL', 'the local cloud has been closed');
      group.assertSound();
      const atMs = clock.now();
      const place = (index: number) => ({ seq: log.lastSeq + 1 + index, atMs, more: index < changes.length - 1 });
      const block = Buffer.from(changes.map((change, index) => encodeEntry(change, place(index))).join(''));
      appendWhole({ disk, log, group }, block);
      log.lastSeq += changes.length;
      rewriting?.check();
    },
    synced,
    lines: () => readLines({ path, log, synced }),
    async close() {
      if (!isOpen) return;
      isOpen = false;
      await rewriting?.stop();
      await group.synced().finally(() => disk.close(log.file));
    },
  };
}

function rewritingParts({ path, clock, capture, compactAboveBytes, onRewritten }: JournalOptions) {
  return {
    path,
    clock,
    capture: capture ?? (() => ({ count: 0, changes: [] })),
    compactAboveBytes: compactAboveBytes ?? COMPACT_ABOVE_BYTES,
    onRewritten: onRewritten ?? (() => undefined),
  };
}

function openLog(disk: Disk, path: string, replay: (entry: Entry) => void): { log: LogState; recovery: Recovery } {
  disk.remove(draftPathOf(path));
  const file = disk.open(path);
  try {
    const recovery = recoverEntries(disk, file, replay);
    if (recovery.tornBytes > 0) disk.truncate(file, recovery.bytes);
    const { bytes, snapshotBytes, lastSeq } = recovery;
    return { log: { file, bytes, snapshotBytes, lastSeq }, recovery };
  } catch (error) {
    disk.close(file);
    throw error;
  }
}

interface FlushParts {
  readonly disk: Disk;
  readonly path: string;
  readonly log: LogState;
  readonly exchange: () => Promise<boolean | undefined>;
}

function createFlush({ disk, path, log, exchange }: FlushParts): () => Promise<void> {
  // The folder may not know on the medium which file has the log's name: a new one, or one that has just taken it.
  let isNamed = false;
  return async () => {
    if (await exchange()) isNamed = false;
    await disk.sync(log.file);
    if (!isNamed) await disk.syncFolder(dirname(path));
    isNamed = true;
  };
}

interface Appendable {
  readonly disk: Disk;
  readonly log: LogState;
  readonly group: GroupFlush;
}

/** Synchronous on purpose: the change and its record must not be separated by somebody else's request. */
function appendWhole({ disk, log, group }: Appendable, block: Buffer): void {
  try {
    disk.append(log.file, block);
  } catch (error) {
    cutOff({ disk, log, group });
    throw error;
  }
  log.bytes += block.length;
  group.wrote();
}

/** A full disk must not leave half an entry in front of the next one. */
function cutOff({ disk, log, group }: Appendable): void {
  try {
    disk.truncate(log.file, log.bytes);
  } catch (cause) {
    group.fail(cause);
  }
}

interface LinesParts {
  readonly path: string;
  readonly log: LogState;
  readonly synced: () => Promise<void>;
}

/** File and length are taken in one step, since a rewrite may put another file in its place. */
async function* readLines({ path, log, synced }: LinesParts): AsyncGenerator<string> {
  const { bytes } = log;
  if (bytes === 0) return;
  const input = createReadStream(path, { fd: openSync(path, 'r'), start: 0, end: bytes - 1 });
  try {
    await synced();
    for await (const line of createInterface({ input, crlfDelay: Infinity })) yield line.slice(PREFIX_LENGTH);
  } finally {
    input.destroy();
  }
}
