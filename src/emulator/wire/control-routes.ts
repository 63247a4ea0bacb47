import { Readable } from 'node:stream';
import type { Clock } from '../../core/index.ts';
import { isDurableError } from '../../core/index.ts';
import { CloudError, invalidParam } from '../cloud-error.ts';
import {
  decodeText,
  encodeText,
  isFields,
  writeIndexes,
  type Collections,
  type Database,
  type Fields,
} from '../database/index.ts';
import type { FaultRule, Faults } from '../faults/index.ts';
import {
  BODY_LIMITS,
  HttpRefusal,
  jsonReply,
  linesReply,
  readBody,
  readJson,
  type Exchange,
  type Reply,
  type Route,
} from '../http/index.ts';
import type { Journal } from '../journal/index.ts';
import type { FileStore } from '../storage/index.ts';

interface ControlParts {
  readonly collections: Collections;
  readonly database: Database;
  readonly files: FileStore;
  readonly faults: Faults;
  readonly journal: Journal;
  readonly clock: Clock;
}

/** `/_emulator/…`: what tests, checkers and people ask of the local cloud that the real one does not offer. */
export function createControlRoutes(parts: ControlParts): readonly Route[] {
  const { collections, faults, files, journal } = parts;
  const collection = /^\/_emulator\/collections\/([^/]+)$/;
  const indexes = /^\/_emulator\/indexes\/([^/]+)$/;
  const faultsPath = /^\/_emulator\/faults$/;
  return [
    get('health', () => jsonReply({ ok: true, recovery: journal.recovery })),
    get('log', () => linesReply(asLines(journal.lines()))),
    get('files', () => linesReply(asLines(files.list().map((file) => JSON.stringify(file))))),
    get('collections', () => jsonReply(collections.names())),
    { method: 'GET', path: collection, handle: ({ params }) => showCollection(parts, params[0] ?? '') },
    { method: 'PUT', path: collection, handle: (exchange) => takeDocuments(parts, exchange, 'load') },
    { method: 'POST', path: collection, handle: (exchange) => takeDocuments(parts, exchange, 'append') },
    { method: 'GET', path: indexes, handle: ({ params }) => showIndexes(parts, params[0] ?? '') },
    { method: 'PUT', path: indexes, handle: (exchange) => setIndexes(parts, exchange) },
    { method: 'GET', path: faultsPath, handle: () => jsonReply(faults.report()) },
    { method: 'PUT', path: faultsPath, handle: (exchange) => setFaults(parts, exchange) },
    {
      method: 'DELETE',
      path: faultsPath,
      handle() {
        faults.clear();
        return jsonReply({ ok: true });
      },
    },
  ];
}

function get(name: string, handle: () => Reply): Route {
  return { method: 'GET', path: new RegExp(`^/_emulator/${name}$`), handle };
}

function showCollection({ collections }: ControlParts, name: string): Reply {
  return refusingByStatus(() => {
    // The list is taken now; its documents are never changed in place, so the lines are of one moment.
    const documents = [...collections.collection(name).all()];
    return linesReply(asLines(encodeAll(documents)));
  });
}

async function takeDocuments(
  { database, clock }: ControlParts,
  { request, params }: Exchange,
  way: 'load' | 'append',
): Promise<Reply> {
  const text = (await readBody(request, BODY_LIMITS.bulk)).toString('utf8');
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return refusingByStatus(() => {
    const documents = lines.map((line, index) => readLine(line, { number: index + 1, nowMs: clock.now() }));
    database[way](params[0] ?? '', documents);
    return jsonReply({ ok: true, count: documents.length });
  });
}

function readLine(line: string, { number, nowMs }: { number: number; nowMs: number }): Fields {
  try {
    const document = decodeText(line, nowMs);
    if (isFields(document)) return document;
  } catch (error) {
    throw invalidParam(`line ${number}: ${error instanceof Error ? error.message : 'unreadable'}`);
  }
  throw invalidParam(`line ${number}: not an EJSON object`);
}

function showIndexes({ collections }: ControlParts, name: string): Reply {
  return refusingByStatus(() => jsonReply(writeIndexes(collections.collection(name).indexes)));
}

/** The list replaces all indexes of the collection, which is created when missing. */
async function setIndexes({ database }: ControlParts, { request, params }: Exchange): Promise<Reply> {
  const indexes = await readJson(request, BODY_LIMITS.event);
  return refusingByStatus(() => {
    database.declareIndexes(params[0] ?? '', indexes);
    return jsonReply({ ok: true });
  });
}

async function setFaults({ faults }: ControlParts, { request }: Exchange): Promise<Reply> {
  const rules = await readJson(request, BODY_LIMITS.event);
  try {
    // Checked field by field inside: nothing is set unless all of it is a list of rules.
    faults.set(rules as readonly FaultRule[]);
  } catch (error) {
    if (isDurableError(error, 'CONFIG_INVALID')) throw new HttpRefusal(400, error.message);
    throw error;
  }
  return jsonReply({ ok: true, rules: faults.report().length });
}

function refusingByStatus(step: () => Reply): Reply {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    throw new HttpRefusal(error.code === 'DATABASE_COLLECTION_NOT_EXIST' ? 404 : 400, error.message);
  }
}

function* encodeAll(documents: readonly Fields[]): Generator<string> {
  for (const document of documents) yield encodeText(document);
}

/** Lines as a stream, many to a chunk: one write per line would be most of the work. */
function asLines(lines: Iterable<string> | AsyncIterable<string>): Readable {
  return Readable.from(chunksOf(lines), { objectMode: false });
}

const CHUNK_CHARACTERS = 64 * 1024;

async function* chunksOf(lines: Iterable<string> | AsyncIterable<string>): AsyncGenerator<string> {
  let chunk = '';
  for await (const line of lines) {
    chunk += `${line}\n`;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}
