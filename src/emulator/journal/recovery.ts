import { readSync } from 'node:fs';
import { DurableError } from '../../core/index.ts';
import { decodeEntry, type Entry } from './entry.ts';

/** What opening a journal found. */
export interface Recovery {
  readonly entries: number;
  readonly lastSeq: number;
  /** Length of the sound part, in bytes. */
  readonly bytes: number;
  /** Bytes of an unfinished last entry behind it; 0 normally. */
  readonly tornBytes: number;
}

const CHUNK_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * Reads a journal from its start and hands over each entry, those that happened together at once; throws at the first
 * one that is damaged.
 */
export function recoverEntries(file: number, replay: (entry: Entry) => void): Recovery {
  const sound = { entries: 0, lastSeq: 0, bytes: 0 };
  let together: Entry[] = [];
  let bytes = 0;
  const rest = forEachLine(file, (line) => {
    const entry = decodeEntry(line.toString('utf8'));
    const expected = sound.lastSeq + together.length + 1;
    if (entry === undefined) throw damaged(expected, bytes, 'its checksum does not fit');
    if (entry.seq !== expected) throw damaged(expected, bytes, `entry ${entry.seq} stands in its place`);
    bytes += line.length + 1;
    together.push(entry);
    if (entry.more) return;
    together.forEach(replay);
    Object.assign(sound, { entries: sound.entries + together.length, lastSeq: entry.seq, bytes });
    together = [];
  });
  return { ...sound, tornBytes: bytes - sound.bytes + rest };
}

/** Calls `visit` with each complete line; answers how many bytes follow the last newline. */
function forEachLine(file: number, visit: (line: Buffer) => void): number {
  let pending = Buffer.alloc(0);
  for (let position = 0; ;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const count = readSync(file, chunk, 0, CHUNK_BYTES, position);
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

function damaged(seq: number, position: number, why: string): DurableError {
  return new DurableError(
    'INTERNAL',
    `entry ${seq} of the local cloud's log, at byte ${position}, is damaged: ${why}; restore the data folder from a copy`,
    { details: { seq, position } },
  );
}
