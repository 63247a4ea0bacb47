import { createHash } from 'node:crypto';
import type { Id } from '../database/document.ts';

/** What happened to a collection, its indexes, a document or a file. */
export type Operation = 'create' | 'clear' | 'index' | 'insert' | 'update' | 'remove' | 'putFile' | 'removeFile';

/** One change, as it is about to be written. */
export interface Change {
  readonly op: Operation;
  /** Name of the collection; empty for files. */
  readonly collection: string;
  /** `_id` of the document, or path of the file. */
  readonly id?: Id;
  /** The whole content after the change, as EJSON text. */
  readonly documentText?: string;
}

/** What stands at one moment, as the changes that lead there; they are put into words only as they are asked for. */
export interface Capture {
  readonly count: number;
  readonly changes: Iterable<Change>;
}

/** One change, as it was read back; `document` is JSON, its EJSON values not yet decoded. */
export interface Entry {
  readonly seq: number;
  readonly atMs: number;
  readonly op: Operation;
  readonly collection: string;
  readonly id?: Id;
  /** It happened together with the entry behind it: without that one it has not happened. */
  readonly more?: true;
  /** In a snapshot, the place of this entry in it, from 1; all of them carry the snapshot's `seq`. */
  readonly part?: number;
  readonly document?: unknown;
}

/** The first line of a log that was rewritten: so many entries follow that lead to what stood after entry `seq`. */
export interface SnapshotHead {
  readonly seq: number;
  readonly atMs: number;
  readonly op: 'snapshot';
  readonly count: number;
}

/** Where an entry stands. */
export interface EntryPlace {
  readonly seq: number;
  readonly atMs: number;
  readonly more?: boolean;
  readonly part?: number;
}

/** Characters before an entry's JSON: its checksum and a space. */
export const PREFIX_LENGTH = 17;

/** The line of a change: checksum, space, JSON, newline. */
export function encodeEntry(change: Change, { seq, atMs, more = false, part }: EntryPlace): string {
  const { collection, op, id, documentText } = change;
  const head = JSON.stringify({
    seq,
    atMs,
    collection,
    op,
    ...(id === undefined ? {} : { id }),
    ...(more ? { more } : {}),
    ...(part === undefined ? {} : { part }),
  });
  return asLine(documentText === undefined ? head : `${head.slice(0, -1)},"document":${documentText}}`);
}

/** The line that begins a snapshot. */
export function encodeHead(head: SnapshotHead): string {
  return asLine(JSON.stringify(head));
}

/** What stands on a line (without its newline), or undefined when the line is not what was written. */
export function decodeEntry(line: Buffer): Entry | SnapshotHead | undefined {
  // The bytes as they are: turning them into text and back would take longer than all the rest.
  const json = line.subarray(PREFIX_LENGTH);
  if (line.toString('latin1', 0, PREFIX_LENGTH) !== `${checksum(json)} `) return undefined;
  return JSON.parse(json.toString('utf8')) as Entry | SnapshotHead;
}

function asLine(json: string): string {
  return `${checksum(json)} ${json}\n`;
}

function checksum(json: string | Buffer): string {
  return createHash('sha256')
    .update(json)
    .digest('hex')
    .slice(0, PREFIX_LENGTH - 1);
}
