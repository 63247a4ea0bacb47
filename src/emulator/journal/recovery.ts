import { DurableError } from '../../core/index.ts';
import type { Disk } from './disk.ts';
import { decodeEntry, type Entry, type SnapshotHead } from './entry.ts';

/** What opening a journal found. */
export interface Recovery {
  readonly entries: number;
  readonly lastSeq: number;
  /** Length of the sound part, in bytes. */
  readonly bytes: number;
  /** Of these, bytes of the snapshot that the log begins with; 0 for one that was never rewritten. */
  readonly snapshotBytes: number;
  /** Bytes of an unfinished last entry behind it; 0 normally. */
  readonly tornBytes: number;
}

const CHUNK_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * Reads a journal from its start and hands over each entry, those that happened together at once; throws at the first
 * one that is damaged.
 */
export function recoverEntries(disk: Disk, file: number, replay: (entry: Entry) => void): Recovery {
  const reader = createReader(replay);
  const rest = forEachLine(disk, file, reader.line);
  return reader.finish(rest);
}

function createReader(replay: (entry: Entry) => void) {
  const sound = { entries: 0, lastSeq: 0, bytes: 0, snapshotBytes: 0 };
  /** Read, and part of the log only once the last of those that happened together is there. */
  let together: Entry[] = [];
  let bytes = 0;
  let parts = 0;
  let partsExpected = 0;
  const accept = (entries: readonly Entry[], lastSeq: number): void => {
    entries.forEach(replay);
    Object.assign(sound, { entries: sound.entries + entries.length, lastSeq, bytes });
  };
  const begin = (head: SnapshotHead): void => {
    partsExpected = head.count;
    accept([], head.seq);
    if (head.count === 0) sound.snapshotBytes = bytes;
  };
  const acceptPart = (entry: Entry): void => {
    parts += 1;
    accept([entry], entry.seq);
    if (parts === partsExpected) sound.snapshotBytes = bytes;
  };
  const acceptChange = (entry: Entry): void => {
    together.push(entry);
    if (entry.more) return;
    accept(together, entry.seq);
    together = [];
  };
  return {
    line(line: Buffer): void {
      const isPart = parts < partsExpected;
      const place = { seq: sound.lastSeq + (isPart ? 0 : together.length + 1), position: bytes };
      const entry = decodeEntry(line);
      if (entry === undefined) throw damaged(place, 'its checksum does not fit');
      bytes += line.length + 1;
      if (entry.op === 'snapshot' && place.position === 0) begin(entry);
      else if (entry.seq !== place.seq || entry.op === 'snapshot') {
        throw damaged(place, `entry ${entry.seq} stands in its place`);
      } else if (entry.part !== (isPart ? parts + 1 : undefined)) {
        throw damaged(place, `part ${entry.part ?? 0} of the snapshot stands in the place of part ${parts + 1}`);
      } else if (isPart) acceptPart(entry);
      else acceptChange(entry);
    },
    finish(rest: number): Recovery {
      // A snapshot takes a log's place only when it is complete: what is missing was there.
      if (parts === partsExpected) return { ...sound, tornBytes: bytes - sound.bytes + rest };
      const place = { seq: sound.lastSeq, position: bytes };
      throw damaged(place, `the snapshot ends after ${parts} of ${partsExpected} parts`);
    },
  };
}

/** Calls `visit` with each complete line; answers how many bytes follow the last newline. */
function forEachLine(disk: Disk, file: number, visit: (line: Buffer) => void): number {
  let pending = Buffer.alloc(0);
  for (let position = 0; ;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const count = disk.read(file, chunk, position);
    if (count === 0) return pending.length;
    position += count;
    const block = Buffer.concat([pending, chunk.subarray(0, count)]);
    let start = 0;
    for (let end = block.indexOf(NEWLINE); end !== -1; end = block.indexOf(NEWLINE, start)) {
      visit(block.subarray(start, end));
      start = end + 1;
    }
    pending = block.subarray(start);
  }
}

function damaged({ seq, position }: { seq: number; position: number }, why: string): DurableError {
  return new DurableError(
    'INTERNAL',
    `entry ${seq} of the local cloud's log, at byte ${position}, is damaged: ${why}; restore the data folder from a copy`,
    { details: { seq, position } },
  );
}
