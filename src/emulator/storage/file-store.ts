import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { machineDisk, type Capture, type Change, type Durability, type Entry } from '../journal/index.ts';

/** What is known of a file. */
export interface FileFacts {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  /** Tells this content of the path from earlier ones; absent in folders from before there were such names. */
  readonly content?: string;
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
  /** All that stands now, whatever is changed later. */
  capture(): Capture;
}

interface FileStoreOptions {
  readonly dir: string;
  readonly append: (changes: readonly Change[]) => void;
  /** Settles when what was appended is as durable as was asked for. */
  readonly synced: () => Promise<void>;
  readonly durability: Durability;
}

/**
 * Files below `dir`. Each content is a file of its own, named in the entry that makes it the content of its path: so a
 * path has its old content or its new one, and what is removed is removed only when nothing can bring its entry back.
 */
export function createFileStore({ dir, append, synced, durability }: FileStoreOptions): FileStore {
  const files = new Map<string, FileFacts>();
  mkdirSync(dir, { recursive: true });
  const discard = async (facts: FileFacts | undefined): Promise<void> => {
    if (facts === undefined) return;
    await synced();
    await rm(locate(dir, facts), { force: true });
  };
  return {
    async put(path, content) {
      const facts = factsOf(path, content);
      await writeWhole(locate(dir, facts), content, durability);
      append([asChange(facts)]);
      const before = files.get(path);
      files.set(path, facts);
      await discard(before);
      return facts;
    },
    find: (path) => files.get(path),
    async open(path) {
      for (;;) {
        const facts = files.get(path);
        if (facts === undefined) throw new Error('the file has been removed');
        try {
          const handle = await open(locate(dir, facts));
          return { size: (await handle.stat()).size, content: handle.createReadStream() };
        } catch (error) {
          // Replaced or removed just now: what there is instead is the answer.
          if (files.get(path) === facts) throw error;
        }
      }
    },
    async remove(path) {
      const facts = files.get(path);
      if (facts === undefined) return false;
      append([{ op: 'removeFile', collection: '', id: path }]);
      files.delete(path);
      await discard(facts);
      return true;
    },
    list: () => [...files.values()],
    replay({ op, id, document }) {
      if (op === 'putFile') files.set(String(id), document as FileFacts);
      else files.delete(String(id));
    },
    capture() {
      const held = [...files.values()];
      return { count: held.length, changes: asChanges(held) };
    },
  };
}

function factsOf(path: string, content: Buffer): FileFacts {
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { path, size: content.length, sha256, content: randomBytes(8).toString('hex') };
}

function* asChanges(held: readonly FileFacts[]): Generator<Change> {
  for (const facts of held) yield asChange(facts);
}

function asChange(facts: FileFacts): Change {
  return { op: 'putFile', collection: '', id: facts.path, documentText: JSON.stringify(facts) };
}

/** A file is there as a whole or not at all: a reader, or a kill, never meets half of it. */
async function writeWhole(path: string, content: Buffer, durability: Durability): Promise<void> {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  const draft = `${path}.part`;
  const handle = await open(draft, 'w');
  try {
    await handle.writeFile(content);
    if (durability === 'fsync') await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(draft, path);
  // Before the entry that says that it is there.
  if (durability === 'fsync') await machineDisk.syncFolder(folder);
}

/**
 * Named by a hash, because a storage path may be longer than a file name, and `a` may lie beside `a/b`. The
 * extension stays, so that a person can open a picture.
 */
function locate(dir: string, { path, content }: FileFacts): string {
  const name = createHash('sha256').update(path).digest('hex');
  const extension = /\.[A-Za-z0-9]{1,8}$/.exec(path)?.[0] ?? '';
  return join(dir, name.slice(0, 2), `${name}${content === undefined ? '' : `-${content}`}${extension}`);
}
