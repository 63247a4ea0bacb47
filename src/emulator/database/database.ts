import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/index.ts';
import { CloudError, writeFailed } from '../cloud-error.ts';
import { aggregate } from './aggregate.ts';
import { assertCollectionName, type Collections, type DocumentChange } from './collections.ts';
import { asId, assertFieldNames, isFields, type Fields, type Id, type Stored } from './document.ts';
import { encodeText } from './ejson.ts';
import { compileFilter, type Filter } from './filter.ts';
import { assertNoTwins, assertUnique, readIndexes, writeIndexes } from './index-specs.ts';
import { find, select, type FindQuery } from './find.ts';
import { compileUpdate, planUpdate, type Update } from './update/index.ts';

/** The document database: MongoDB's behaviour as far as the platform shows it. */
export interface Database {
  createCollection(name: string): void;
  /** Stores documents in order up to the first that is refused; answers their `_id`s. */
  insert(name: string, documents: readonly Fields[]): Id[];
  /** What a query finds, as stored: to be encoded, never to be changed. */
  find(name: string, query: FindQuery): readonly Fields[];
  count(name: string, condition: Fields): number;
  /** Applies operators to the first match, or to all; answers how many documents are different now. */
  update(name: string, condition: Fields, change: UpdateRequest): WriteAnswer;
  /** Applies operators to the first match, and answers what it is then; null when nothing matched. */
  updateAndReturn(name: string, condition: Fields, operators: Fields): Fields | null;
  /** Replaces the first match as a whole, or inserts. */
  replace(name: string, condition: Fields, change: ReplaceRequest): WriteAnswer;
  remove(name: string, condition: Fields, options: { readonly multi: boolean }): number;
  aggregate(name: string, stages: readonly Fields[]): Fields[];
  /** Makes `documents` the whole content of a collection, which is created when missing. */
  load(name: string, documents: readonly Fields[]): void;
  /** Adds all of `documents` to a collection that exists, or, where one of them is refused, none. */
  append(name: string, documents: readonly Fields[]): void;
  /** Makes these (see `readIndexes`) all of a collection's indexes; it is created when missing. */
  declareIndexes(name: string, indexes: unknown): void;
}

export interface UpdateRequest {
  readonly operators: Fields;
  readonly multi: boolean;
  readonly upsert: boolean;
}

export interface ReplaceRequest {
  readonly document: Fields;
  readonly upsert: boolean;
}

export interface WriteAnswer {
  readonly updated: number;
  readonly upsertedId: Id | null;
}

/** A database over `collections`. */
export function createDatabase(collections: Collections, clock: Clock): Database {
  const context = { collections, clock };
  return {
    createCollection: (name) => createCollection(context, name),
    insert: (name, documents) => insert(context, name, documents),
    find: (name, query) => find(collections.collection(name), query),
    count(name, condition) {
      const { documents } = collections.collection(name).matching(compileFilter(condition));
      let count = 0;
      for (const _ of documents) count += 1;
      return count;
    },
    update: (name, condition, change) => update(context, { name, filter: compileFilter(condition) }, change),
    updateAndReturn: (name, condition, operators) =>
      updateAndReturn(context, { name, filter: compileFilter(condition) }, operators),
    replace: (name, condition, change) => replace(context, { name, filter: compileFilter(condition) }, change),
    remove(name, condition, { multi }) {
      const found = select(collections.collection(name), compileFilter(condition), multi);
      collections.commit(found.map(({ _id: id }) => ({ op: 'remove', collection: name, id })));
      return found.length;
    },
    aggregate: (name, stages) =>
      aggregate(
        {
          own: collections.collection(name),
          collection: (other) => (collections.has(other) ? collections.collection(other).all() : []),
        },
        stages,
      ),
    load: (name, documents) => load(context, name, documents),
    append: (name, documents) => append(context, name, documents),
    declareIndexes: (name, indexes) => declareIndexes(context, name, indexes),
  };
}

interface Context {
  readonly collections: Collections;
  readonly clock: Clock;
}

interface Selection {
  readonly name: string;
  readonly filter: Filter;
}

function createCollection({ collections }: Context, name: string): void {
  assertCollectionName(name);
  if (collections.has(name)) {
    throw new CloudError('DATABASE_COLLECTION_ALREADY_EXIST', `[ResourceInUse] Table exist: ${name}`);
  }
  collections.commit([{ op: 'create', collection: name }]);
}

function insert(context: Context, name: string, documents: readonly Fields[]): Id[] {
  const stored = context.collections.collection(name);
  const accepted = new Map<Id, Stored>();
  try {
    for (const fields of documents) {
      const document = storable(context, fields);
      if (stored.get(document._id) !== undefined || accepted.has(document._id)) throw duplicate(name, document._id);
      assertUnique(name, stored, { document, pending: [...accepted.values()] });
      accepted.set(document._id, document);
    }
  } finally {
    // As an ordered insertMany: what came before the refused document stays.
    context.collections.commit(asChanges('insert', name, accepted.values()));
  }
  return [...accepted.keys()];
}

function asChanges(op: 'insert' | 'update', collection: string, documents: Iterable<Stored>): DocumentChange[] {
  return [...documents].map((document) => ({ op, collection, id: document._id, document }));
}

function update(context: Context, selection: Selection, change: UpdateRequest): WriteAnswer {
  const { name, filter } = selection;
  const compiled = compileUpdate(change.operators);
  const collection = context.collections.collection(name);
  const found = select(collection, filter, change.multi);
  if (found.length === 0 && change.upsert) return upsert(context, selection, compiled);
  const changed: Stored[] = [];
  try {
    for (const current of found) {
      const document = planUpdate(current, compiled, { condition: filter.condition, nowMs: context.clock.now() });
      if (document === undefined) continue;
      assertUnique(name, collection, { document, pending: changed });
      changed.push(document);
    }
  } finally {
    // As MongoDB: each document is changed or not; those before a refused one stay changed.
    context.collections.commit(asChanges('update', name, changed));
  }
  return { updated: changed.length, upsertedId: null };
}

function updateAndReturn(context: Context, { name, filter }: Selection, operators: Fields): Fields | null {
  const { collections, clock } = context;
  const collection = collections.collection(name);
  const compiled = compileUpdate(operators);
  const [current] = select(collection, filter, false);
  if (current === undefined) return null;
  const document = planUpdate(current, compiled, { condition: filter.condition, nowMs: clock.now() });
  if (document === undefined) return current;
  assertUnique(name, collection, { document, pending: [] });
  collections.commit(asChanges('update', name, [document]));
  return document;
}

function upsert(context: Context, { name, filter }: Selection, compiled: Update): WriteAnswer {
  const base = storable(context, equalities(filter.condition));
  const changes = [...compiled.onInsert, ...compiled.changes];
  const circumstances = { condition: {}, nowMs: context.clock.now() };
  const [id = null] = insert(context, name, [planUpdate(base, { changes }, circumstances) ?? base]);
  return { updated: 0, upsertedId: id };
}

function replace(
  context: Context,
  { name, filter }: Selection,
  { document, upsert: mayInsert }: ReplaceRequest,
): WriteAnswer {
  const collection = context.collections.collection(name);
  const [current] = select(collection, filter, false);
  if (current === undefined) {
    if (!mayInsert) return { updated: 0, upsertedId: null };
    const [id = null] = insert(context, name, [{ ...equalities(filter.condition), ...document }]);
    return { updated: 0, upsertedId: id };
  }
  const next = storable(context, { _id: current._id, ...document });
  if (next._id !== current._id) throw writeFailed(`the (immutable) field '_id' was found to have been altered`);
  assertUnique(name, collection, { document: next, pending: [] });
  context.collections.commit(asChanges('update', name, [next]));
  return { updated: 1, upsertedId: null };
}

function load(context: Context, name: string, documents: readonly Fields[]): void {
  const { collections } = context;
  assertCollectionName(name);
  const accepted = distinct(context, name, documents);
  const isNew = !collections.has(name);
  if (!isNew) assertNoTwins(name, accepted.values(), collections.collection(name).indexes);
  const start: DocumentChange = { op: isNew ? 'create' : 'clear', collection: name };
  collections.commit([start, ...asChanges('insert', name, accepted.values())]);
}

function append(context: Context, name: string, documents: readonly Fields[]): void {
  const { collections } = context;
  const stored = collections.collection(name);
  const accepted = distinct(context, name, documents);
  for (const document of accepted.values()) {
    if (stored.get(document._id) !== undefined) throw duplicate(name, document._id);
    assertUnique(name, stored, { document, pending: [] });
  }
  assertNoTwins(name, accepted.values(), stored.indexes);
  collections.commit(asChanges('insert', name, accepted.values()));
}

function distinct(context: Context, name: string, documents: readonly Fields[]): ReadonlyMap<Id, Stored> {
  const accepted = new Map<Id, Stored>();
  for (const fields of documents) {
    const document = storable(context, fields);
    if (accepted.has(document._id)) throw duplicate(name, document._id);
    accepted.set(document._id, document);
  }
  return accepted;
}

function declareIndexes({ collections }: Context, name: string, indexes: unknown): void {
  const specs = readIndexes(indexes);
  if (!collections.has(name)) {
    assertCollectionName(name);
    collections.commit([{ op: 'create', collection: name }]);
  }
  const document = writeIndexes(specs);
  assertNoTwins(name, collections.collection(name).all(), specs);
  collections.commit([{ op: 'index', collection: name, document }]);
}

/** `fields` as a document with its `_id` in front; refuses what cannot be stored. */
function storable({ clock }: Context, fields: Fields): Stored {
  assertFieldNames(fields);
  const { _id: id = newId(clock), ...rest } = fields;
  return { _id: asId(id), ...rest };
}

/** 32 hexadecimal characters, as the platform makes them: seconds first, so that ids roughly follow time. */
function newId(clock: Clock): string {
  const seconds = Math.floor(clock.now() / 1000)
    .toString(16)
    .padStart(8, '0');
  return seconds.slice(-8) + randomBytes(12).toString('hex');
}

/** What an upsert takes over from its filter: fields compared for equality. */
function equalities(condition: Fields): Fields {
  const fields: Fields = {};
  for (const [path, value] of Object.entries(condition)) {
    if (path.startsWith('$') || path.includes('.')) continue;
    if (!isFields(value)) fields[path] = value;
    else if ('$eq' in value) fields[path] = value['$eq'];
  }
  return fields;
}

function duplicate(name: string, id: Id): CloudError {
  const text = `E11000 duplicate key error collection: emu-env.${name} index: _id_ dup key: { _id: ${encodeText(id)} }`;
  return writeFailed(text, 'FailedOperation.Insert');
}
