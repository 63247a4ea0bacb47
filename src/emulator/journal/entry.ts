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

/** One change, as it was read back; `document` is JSON, its EJSON values not yet decoded. */
export interface Entry {
  readonly seq: number;
  readonly atMs: number;
  readonly op: Operation;
  readonly collection: string;
  readonly id?: Id;
  /** It happened together with the entry behind it: without that one it has not happened. */
  readonly more?: true;
  readonly document?: unknown;
}

/** Where an entry stands. */
export interface EntryPlace {
  readonly seq: number;
  readonly atMs: number;
  readonly more: boolean;
}

/** Characters before an entry's JSON: its checksum and a space. */
export const PREFIX_LENGTH = 17;

/** The line of a change: checksum, space, JSON, newline. */
export function encodeEntry(change: Change, { seq, atMs, more }: EntryPlace): string {
  const { collection, op, id, documentText } = change;
  const head = JSON.stringify({
    seq,
    atMs,
    collection,
    op,
    ...(id === undefined ? {} : { id }),
    ...(more ? { more } : {}),
  });
  const json = documentText === undefined ? head : `${head.slice(0, -1)},"document":${documentText}}`;
  return `${checksum(json)} ${json}\n`;
}

/** The entry on a line (without its newline), or undefined when the line is not what was written. */
export function decodeEntry(line: string): Entry | undefined {
  const json = line.slice(PREFIX_LENGTH);
  if (line.slice(0, PREFIX_LENGTH) !== `${checksum(json)} `) return undefined;
  return JSON.parse(json) as Entry;
}

function checksum(json: string): string {
  return createHash('sha256')
    .update(json)
    .digest('hex')
    .slice(0, PREFIX_LENGTH - 1);
}
