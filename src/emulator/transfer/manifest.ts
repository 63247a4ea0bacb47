import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DurableError } from '../../core/index.ts';
import { isFields, type Fields } from '../database/index.ts';

/** `export.json`: what the folder holds, and how to know that it is all there. */
export interface Manifest {
  readonly format: typeof FORMAT;
  readonly exportedAt: string;
  readonly collections: readonly ExportedCollection[];
  /** Of `files.ndjson`. */
  readonly files: { readonly count: number; readonly sha256?: string };
}

export interface ExportedCollection {
  readonly name: string;
  /** In `collections/`: one EJSON document a line. */
  readonly file: string;
  readonly count: number;
  /** Of the file; whoever changes it by hand takes this out. */
  readonly sha256?: string;
  /** In the form of `database.json`. */
  readonly indexes: unknown;
}

/** A line of `files.ndjson`; the content is `files/<sha256>`. */
export interface ExportedFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

export const FORMAT = 'wx-durable-export-1';
export const MANIFEST = 'export.json';
export const FILE_LIST = 'files.ndjson';

/** Reads and checks `export.json`; undefined when the folder has none. */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, MANIFEST), 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  const value = parse(text);
  const { format, collections, files } = value;
  const isSound = format === FORMAT && Array.isArray(collections) && collections.every(isCollection) && isFields(files);
  if (!isSound) throw unusable(folder, `${MANIFEST} is not the list of an export of this version`);
  return value as unknown as Manifest;
}

/** A folder that cannot be imported or exported to, and why. */
export function unusable(folder: string, why: string, cause?: unknown): DurableError {
  return new DurableError('CONFIG_INVALID', `the folder ${folder} cannot be used: ${why}`, {
    details: { folder },
    cause,
  });
}

function parse(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : {};
  } catch {
    return {};
  }
}

function isCollection(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { name, file, sha256 = '' } = value;
  // A name with a folder in it would read somebody else's file.
  return typeof name === 'string' && typeof sha256 === 'string' && typeof file === 'string' && basename(file) === file;
}
