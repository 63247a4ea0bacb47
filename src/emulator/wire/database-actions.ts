import {
  decodeText,
  encodeText,
  isFields,
  type Collections,
  type Database,
  type Fields,
  type Transactions,
} from '../database/index.ts';
import { CloudError, invalidParam } from '../cloud-error.ts';
import type { Limits } from '../functions/index.ts';
import {
  optionalCount,
  optionalFields,
  optionalFlag,
  requiredFields,
  requiredList,
  requiredText,
  type SdkRequest,
} from './request.ts';

/** What an action answers: the `data` of the envelope. */
export type Action = (request: SdkRequest) => unknown;

/** What the platform gives when no limit is asked for, and at most. */
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

interface DatabaseParts {
  readonly collections: Pick<Collections, 'has' | 'names'>;
  readonly database: Database;
  readonly limits: Pick<Limits, 'collections' | 'queryResultBytes'>;
  readonly transactions: Transactions;
}

/** The database actions of the SDK. */
export function createDatabaseActions(parts: DatabaseParts): Readonly<Record<string, Action>> {
  const { database, transactions } = parts;
  return {
    ...inTransactions(transactions),
    'database.addCollection': ({ body }) => addCollection(parts, requiredText(body, 'collectionName')),
    'database.insertDocument': (request) => {
      const documents = requiredList(request.body, 'data').map((text) => readDocument(text, request.nowMs));
      return { insertedIds: seenBy(parts, request).insert(collectionOf(request), documents) };
    },
    'database.getDocument': (request) => getDocument(parts, request),
    'database.calculateDocument': (request) => ({ total: database.count(collectionOf(request), conditionOf(request)) }),
    'database.modifyDocument': (request) => modifyDocument(seenBy(parts, request), request),
    'database.modifyAndReturnDoc': (request) => modifyAndReturn(seenBy(parts, request), request),
    'database.removeDocument': (request) => {
      const multi = optionalFlag(request.body, 'multi', false);
      return { deleted: seenBy(parts, request).remove(collectionOf(request), conditionOf(request), { multi }) };
    },
    'database.aggregateDocuments': (request) => {
      const stages = requiredList(request.body, 'stages').map((stage) => readStage(stage, request.nowMs));
      return { list: encodeWithin(parts, database.aggregate(collectionOf(request), stages)) };
    },
  };
}

function inTransactions(transactions: Transactions): Readonly<Record<string, Action>> {
  return {
    'database.startTransaction': () => ({ transactionId: transactions.start() }),
    'database.commitTransaction': ({ body }) => transactions.commit(requiredText(body, 'transactionId')),
    'database.abortTransaction': ({ body }) => transactions.abort(requiredText(body, 'transactionId')),
  };
}

/** Everybody's database, or the one that the request's transaction sees. */
function seenBy({ database, transactions }: DatabaseParts, { body }: SdkRequest): Database {
  const { transactionId } = body;
  return typeof transactionId === 'string' && transactionId !== '' ? transactions.database(transactionId) : database;
}

function addCollection({ collections, database, limits }: DatabaseParts, name: string): void {
  if (!collections.has(name) && collections.names().length >= limits.collections) {
    throw new CloudError('DATABASE_COLLECTION_EXCEED_LIMIT', `the limit is ${limits.collections} collections`);
  }
  database.createCollection(name);
}

/** The documents as they travel; too many bytes of them are refused as the gateway refuses them. */
function encodeWithin({ limits }: Pick<DatabaseParts, 'limits'>, found: readonly Fields[]): readonly string[] {
  const list = found.map(encodeText);
  let sizeBytes = 0;
  for (const text of list) sizeBytes += Buffer.byteLength(text);
  if (sizeBytes <= limits.queryResultBytes) return list;
  const told = `the result has ${sizeBytes} bytes, the limit is ${limits.queryResultBytes}; ask for smaller pages`;
  throw new CloudError('EXCEED_MAX_RESPONSE_SIZE', told);
}

function getDocument(parts: DatabaseParts, request: SdkRequest): unknown {
  const { body } = request;
  const offset = optionalCount(body, 'offset', 0);
  const limit = Math.min(optionalCount(body, 'limit', DEFAULT_LIMIT) || DEFAULT_LIMIT, MAX_LIMIT);
  const found = seenBy(parts, request).find(collectionOf(request), {
    condition: conditionOf(request),
    order: optionalFields(request, 'order'),
    projection: optionalFields(request, 'projection'),
    offset,
    limit,
  });
  return { list: encodeWithin(parts, found), limit, offset };
}

function modifyDocument(database: Database, request: SdkRequest): unknown {
  const { body } = request;
  const name = collectionOf(request);
  const condition = conditionOf(request);
  const upsert = optionalFlag(body, 'upsert', false);
  const fields = requiredFields(request, 'data');
  const answer = optionalFlag(body, 'merge', true)
    ? database.update(name, condition, { operators: fields, multi: optionalFlag(body, 'multi', false), upsert })
    : database.replace(name, condition, { document: fields, upsert });
  return { updated: answer.updated, upsert_id: answer.upsertedId, upserted: answer.upsertedId === null ? 0 : 1 };
}

/** The platform counts the match, even when the update changes nothing. */
function modifyAndReturn(database: Database, request: SdkRequest): unknown {
  const fields = requiredFields(request, 'data');
  const document = database.updateAndReturn(collectionOf(request), conditionOf(request), fields);
  return document === null ? { updated: 0, doc: null } : { updated: 1, doc: encodeText(document) };
}

function collectionOf({ body }: SdkRequest): string {
  return requiredText(body, 'collectionName');
}

function conditionOf(request: SdkRequest): Fields {
  return optionalFields(request, 'query') ?? {};
}

function readDocument(text: unknown, nowMs: number): Fields {
  if (typeof text !== 'string') throw invalidParam('data must be a list of EJSON texts');
  const document = decodeText(text, nowMs);
  if (isFields(document)) return document;
  throw invalidParam('a document must be an EJSON object');
}

function readStage(stage: unknown, nowMs: number): Fields {
  const { stageKey, stageValue } = isFields(stage) ? stage : {};
  if (typeof stageKey !== 'string' || typeof stageValue !== 'string') {
    throw invalidParam('a stage must have a stageKey and a stageValue, both texts');
  }
  return { [stageKey]: decodeText(stageValue, nowMs) };
}
