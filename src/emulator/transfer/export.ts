import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../../core/index.ts';
import { encodeText, writeIndexes, type Collections, type Stored } from '../database/index.ts';
import type { FileStore } from '../storage/index.ts';
import { FILE_LIST, FORMAT, MANIFEST, readManifest, unusable, type ExportedFile, type Manifest } from './manifest.ts';

export interface ExportSummary {
  readonly folder: string;
  readonly collections: number;
  readonly documents: number;
  readonly files: number;
}

interface ExportParts {
  readonly collections: Collections;
  readonly files: FileStore;
  readonly clock: Clock;
}

interface HeldCollection {
  readonly name: string;
  readonly file: string;
  readonly documents: readonly Stored[];
  readonly indexes: unknown;
}

const CHUNK_CHARACTERS = 64 * 1024;

/**
 * Writes all documents and indexes of one moment, and the files that are there, into `folder`. An earlier export is
 * replaced once the new one is complete; any other folder that is not empty is refused (`CONFIG_INVALID`), because what
 * it holds would be gone.
 */
export async function exportData(parts: ExportParts, folder: string): Promise<ExportSummary> {
  const target = resolve(folder);
  const isThere = await assertReplaceable(target);
  const held = holdAll(parts.collections);
  const draft = join(dirname(target), `.${basename(target)}.part`);
  await rm(draft, { recursive: true, force: true });
  await mkdir(join(draft, 'collections'), { recursive: true });
  await mkdir(join(draft, 'files'));
  const summary = await writeAll(parts, held, draft);
  const old = join(dirname(target), `.${basename(target)}.old`);
  await rm(old, { recursive: true, force: true });
  if (isThere) await rename(target, old);
  await rename(draft, target);
  await rm(old, { recursive: true, force: true });
  return { folder: target, ...summary };
}

async function assertReplaceable(folder: string): Promise<boolean> {
  try {
    if ((await readdir(folder)).length === 0) return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw unusable(folder, 'it is not a folder', error);
  }
  if ((await readManifest(folder)) === undefined) throw unusable(folder, 'it holds something else than an export');
  return true;
}

/** In one step, so that all of it is of one moment; stored documents are never changed in place. */
function holdAll(collections: Collections): readonly HeldCollection[] {
  const taken = new Set<string>();
  return collections.names().map(({ name }) => {
    const collection = collections.collection(name);
    const file = `${fileNameOf(name, taken)}.ndjson`;
    return { name, file, documents: [...collection.all()], indexes: writeIndexes(collection.indexes)['indexes'] };
  });
}

/** Some systems take `Works` and `works` for one name, and none takes a name of more than 255 bytes. */
function fileNameOf(name: string, taken: Set<string>): string {
  const isUsable = (candidate: string): boolean =>
    Buffer.byteLength(candidate) <= 200 && !taken.has(candidate.normalize().toLowerCase());
  let candidate = name;
  for (let n = 2; !isUsable(candidate); n += 1) candidate = `${name.slice(0, 32)}~${n}`;
  taken.add(candidate.normalize().toLowerCase());
  return candidate;
}

async function writeAll({ files, clock }: ExportParts, held: readonly HeldCollection[], folder: string) {
  const collections = [];
  for (const { name, file, documents, indexes } of held) {
    const sha256 = await writeLines(join(folder, 'collections', file), textsOf(documents));
    collections.push({ name, file, count: documents.length, sha256, indexes });
  }
  const copied = await copyFiles(files, join(folder, 'files'));
  const lines = copied.map((one) => JSON.stringify(one));
  const list = { count: lines.length, sha256: await writeLines(join(folder, FILE_LIST), lines) };
  const exportedAt = new Date(clock.now()).toISOString();
  const manifest: Manifest = { format: FORMAT, exportedAt, collections, files: list };
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  const documents = collections.reduce((sum, { count }) => sum + count, 0);
  return { collections: collections.length, documents, files: copied.length };
}

function* textsOf(documents: readonly Stored[]): Generator<string> {
  for (const document of documents) yield encodeText(document);
}

/** Writes lines, many at a time, and answers the SHA-256 of the file. */
async function writeLines(path: string, lines: Iterable<string>): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(path, 'w');
  try {
    let chunk = '';
    const flush = async (): Promise<void> => {
      hash.update(chunk);
      await handle.write(chunk);
      chunk = '';
    };
    for (const line of lines) {
      chunk += `${line}\n`;
      if (chunk.length >= CHUNK_CHARACTERS) await flush();
    }
    if (chunk !== '') await flush();
    await handle.datasync();
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}

/** Named by their content, so that no path of the cloud becomes a path of this machine. */
async function copyFiles(files: FileStore, folder: string): Promise<readonly ExportedFile[]> {
  const copied: ExportedFile[] = [];
  for (const { path } of files.list()) {
    // Removed while this ran: then it is no part of the export. What it is now counts, not what it was.
    const facts = files.find(path);
    if (facts === undefined) continue;
    const { content } = await files.open(path);
    const handle = await open(join(folder, facts.sha256), 'w');
    await pipeline(content, handle.createWriteStream({ flush: true }));
    copied.push({ path, size: facts.size, sha256: facts.sha256 });
  }
  return copied;
}
