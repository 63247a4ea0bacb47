import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  asId,
  assertCollectionName,
  assertFieldNames,
  assertNoTwins,
  decodeText,
  isFields,
  readIndexes,
  writeIndexes,
  type Collections,
  type DocumentChange,
  type Fields,
  type Id,
  type Stored,
} from '../database/index.ts';
import { assertCloudPath, type FileStore } from '../storage/index.ts';
import { FILE_LIST, MANIFEST, readManifest, unusable, type ExportedCollection, type ExportedFile } from './manifest.ts';

interface ImportParts {
  readonly collections: Collections;
  readonly files: FileStore;
}

/**
 * Takes over an export: the collections that it names become what they were, the others stay; files are added or
 * replaced. Everything is read and checked first, then all collections change in one step. `CONFIG_INVALID` for a
 * folder that is not a whole export.
 */
export async function importData({ collections, files }: ImportParts, folder: string): Promise<void> {
  const manifest = await readManifest(folder);
  if (manifest === undefined) throw unusable(folder, `there is no ${MANIFEST} in it`);
  const changes: DocumentChange[] = [];
  for (const exported of manifest.collections) {
    const lines = await readLines(folder, join('collections', exported.file), exported.sha256);
    const start: DocumentChange = {
      op: collections.has(exported.name) ? 'clear' : 'create',
      collection: exported.name,
    };
    changes.push(start, ...explained(folder, exported.file, () => changesOf(exported, lines)));
  }
  const list = await readLines(folder, FILE_LIST, manifest.files.sha256);
  const exportedFiles = list.map((line) => explained(folder, FILE_LIST, () => readFacts(line)));
  // Twice, so that nothing is changed when one is damaged, and never more than one is in memory.
  for (const facts of exportedFiles) await contentOf(folder, facts);
  for (const facts of exportedFiles) await files.put(facts.path, await contentOf(folder, facts));
  collections.commit(changes);
}

function changesOf({ name, indexes }: ExportedCollection, lines: readonly string[]): readonly DocumentChange[] {
  assertCollectionName(name);
  const specs = readIndexes(indexes);
  const documents = new Map<Id, Stored>();
  for (const [index, line] of lines.entries()) {
    const document = readDocument(line, index + 1);
    if (documents.has(document._id)) throw new Error(`line ${index + 1}: its _id has been there before`);
    documents.set(document._id, document);
  }
  assertNoTwins(name, documents.values(), specs);
  const inserts = [...documents].map(([id, document]): DocumentChange => ({
    op: 'insert',
    collection: name,
    id,
    document,
  }));
  return [{ op: 'index', collection: name, document: writeIndexes(specs) }, ...inserts];
}

function readDocument(line: string, number: number): Stored {
  try {
    const fields = decodeText(line, 0);
    if (!isFields(fields)) throw new Error('not an EJSON object');
    assertFieldNames(fields);
    return { ...fields, _id: asId(fields['_id']) };
  } catch (cause) {
    throw new Error(`line ${number}: ${cause instanceof Error ? cause.message : 'unreadable'}`, { cause });
  }
}

function readFacts(line: string): ExportedFile {
  const value = JSON.parse(line) as Fields;
  const { path, size, sha256 } = value;
  const isSound = typeof path === 'string' && typeof size === 'number' && /^[0-9a-f]{64}$/.test(String(sha256));
  if (!isSound) throw new Error('a line does not name a file');
  assertCloudPath(path);
  return { path, size, sha256: String(sha256) };
}

async function contentOf(folder: string, { sha256, path }: ExportedFile): Promise<Buffer> {
  const content = await readWhole(folder, join('files', sha256));
  if (sha256Of(content) === sha256) return content;
  throw unusable(folder, `the content of the file ${path} is damaged`);
}

async function readLines(folder: string, file: string, sha256: string | undefined): Promise<readonly string[]> {
  const content = await readWhole(folder, file);
  if (sha256 !== undefined && sha256Of(content) !== sha256) {
    throw unusable(folder, `${file} is not as it was exported; if that is meant, take its sha256 out of ${MANIFEST}`);
  }
  const text = content.toString('utf8');
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

async function readWhole(folder: string, file: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, file));
  } catch (cause) {
    throw unusable(folder, `${file} cannot be read`, cause);
  }
}

function explained<T>(folder: string, file: string, step: () => T): T {
  try {
    return step();
  } catch (cause) {
    throw unusable(folder, `${file}: ${cause instanceof Error ? cause.message : 'unreadable'}`, cause);
  }
}

function sha256Of(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
