import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Change, Entry } from '../journal/index.ts';

/** What is known of a file. */
export interface FileFacts {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** Cloud storage: files by path, in a folder of this machine, with their list in the journal. */
export interface FileStore {
  put(path: string, content: Buffer): Promise<FileFacts>;
  find(path: string): FileFacts | undefined;
  /** The content of a file that `find` found. */
  open(path: string): Promise<{ readonly size: number; readonly content: Readable }>;
  /** Answers whether there was such a file. */
  remove(path: string): Promise<boolean>;
  list(): readonly FileFacts[];
  replay(entry: Entry): void;
}

interface FileStoreOptions {
  readonly dir: string;
  readonly append: (changes: readonly Change[]) => void;
}

/** Files below `dir`. */
export function createFileStore({ dir, append }: FileStoreOptions): FileStore {
  const files = new Map<string, FileFacts>();
  mkdirSync(dir, { recursive: true });
  return {
    async put(path, content) {
      await writeWhole(locate(dir, path), content);
      const facts = { path, size: content.length, sha256: createHash('sha256').update(content).digest('hex') };
      append([{ op: 'putFile', collection: '', id: path, documentText: JSON.stringify(facts) }]);
      files.set(path, facts);
      return facts;
    },
    find: (path) => files.get(path),
    async open(path) {
      const handle = await open(locate(dir, path));
      return { size: (await handle.stat()).size, content: handle.createReadStream() };
    },
    async remove(path) {
      if (!files.has(path)) return false;
      append([{ op: 'removeFile', collection: '', id: path }]);
      files.delete(path);
      await rm(locate(dir, path), { force: true });
      return true;
    },
    list: () => [...files.values()],
    replay({ op, id, document }) {
      if (op === 'putFile') files.set(String(id), document as FileFacts);
      else files.delete(String(id));
    },
  };
}

/** A file is there as a whole or not at all: a reader, or a kill, never meets half of it. */
async function writeWhole(path: string, content: Buffer): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${randomBytes(6).toString('hex')}.part`;
  await writeFile(draft, content);
  await rename(draft, path);
}

/**
 * Named by a hash, because a storage path may be longer than a file name, and `a` may lie beside `a/b`. The
 * extension stays, so that a person can open a picture.
 */
function locate(dir: string, path: string): string {
  const name = createHash('sha256').update(path).digest('hex');
  const extension = /\.[A-Za-z0-9]{1,8}$/.exec(path)?.[0] ?? '';
  return join(dir, name.slice(0, 2), name + extension);
}
