import type { Capture, Change, Entry, Journal } from '../journal/index.ts';
import { CloudError, invalidParam } from '../cloud-error.ts';
import { createCollection, type Collection, type StoredCollection } from './collection.ts';
import { assertDocumentSize, type Fields, type Id, type Stored } from './document.ts';
import { decodeValue, encodeText } from './ejson.ts';
import { readIndexes, writeIndexes } from './index-specs.ts';

/** The documents of all collections, in memory, with the journal as their truth. */
export interface Collections {
  names(): readonly { name: string; count: number }[];
  has(name: string): boolean;
  /** A collection's documents and indexes; refuses a collection that does not exist. */
  collection(name: string): Collection;
  /** Records changes in the journal, then makes them visible. All of them or, when one cannot be recorded, none. */
  commit(changes: readonly DocumentChange[]): void;
  /** Makes an entry of the journal visible again. */
  replay(entry: Entry): void;
  /** All that stands now, in its order, whatever is changed later. */
  capture(): Capture;
  observe(observer: Transactional): void;
}

/** A change to a collection or one of its documents. */
export interface DocumentChange {
  readonly op: 'create' | 'clear' | 'insert' | 'update' | 'remove' | 'index';
  readonly collection: string;
  readonly id?: Id;
  /** The whole document; for `index`, `{ indexes }` with all of the collection's. */
  readonly document?: Fields;
}

/** Who must know of a commit: open transactions. */
export interface Transactional {
  /** Throws where the changes must not be made now. */
  beforeCommit(changes: readonly DocumentChange[]): void;
  /** A document is about to become another; `old` is what it was. */
  changing(change: DocumentChange, old: Stored | undefined): void;
}

type Content = Map<string, StoredCollection>;

/** Collections whose changes go through the journal that `journal` answers. */
export function createCollections(journal: () => Journal): Collections {
  const content: Content = new Map();
  let observer: Transactional | undefined;
  return {
    names: () => [...content].map(([name, { size }]) => ({ name, count: size })),
    has: (name) => content.has(name),
    collection(name) {
      const collection = content.get(name);
      if (collection === undefined) throw missing(name);
      return collection;
    },
    commit(changes) {
      if (changes.length === 0) return;
      observer?.beforeCommit(changes);
      journal().append(changes.map(asJournalChange));
      for (const change of changes) {
        if (change.id !== undefined) observer?.changing(change, content.get(change.collection)?.get(change.id));
        apply(content, change);
      }
    },
    replay: (entry) => apply(content, asDocumentChange(entry)),
    capture: () => capture(content),
    observe: (next) => (observer = next),
  };
}

/** Refuses names that no collection can have. */
export function assertCollectionName(name: string): void {
  if (/^[\p{L}_][\p{L}\p{N}_.-]{0,63}$/u.test(name)) return;
  throw invalidParam(`"${name.slice(0, 80)}" cannot be the name of a collection`);
}

function apply(content: Content, { op, collection: name, id, document }: DocumentChange): void {
  if (op === 'create') content.set(name, createCollection());
  const collection = content.get(name);
  if (collection === undefined) return;
  if (op === 'clear') collection.clear();
  else if (op === 'index') collection.declare(readIndexes(document?.['indexes']));
  else if (id === undefined) return;
  else if (op === 'remove') collection.remove(id);
  else if (document !== undefined) collection.set(document as Stored);
}

/** Stored documents are never changed in place, so it is enough to hold them; each becomes text when it is its turn. */
function capture(content: Content): Capture {
  const held = [...content].map(([name, collection]): Held => {
    return { name, indexes: collection.indexes, documents: [...collection.all()] };
  });
  const count = held.reduce((sum, { indexes, documents }) => sum + 1 + Math.sign(indexes.length) + documents.length, 0);
  return { count, changes: wordsOf(held) };
}

interface Held extends Pick<Collection, 'indexes'> {
  readonly name: string;
  readonly documents: readonly Stored[];
}

function* wordsOf(held: readonly Held[]): Generator<Change> {
  for (const { name, indexes, documents } of held) {
    yield { op: 'create', collection: name };
    if (indexes.length > 0) yield asJournalChange({ op: 'index', collection: name, document: writeIndexes(indexes) });
    for (const document of documents) {
      yield asJournalChange({ op: 'insert', collection: name, id: document._id, document });
    }
  }
}

function asJournalChange({ op, collection, id, document }: DocumentChange): Change {
  const change: Change = { op, collection, ...(id === undefined ? {} : { id }) };
  if (document === undefined) return change;
  const documentText = encodeText(document);
  assertDocumentSize(document, documentText);
  return { ...change, documentText };
}

function asDocumentChange({ op, collection, id, document }: Entry): DocumentChange {
  return {
    op: op as DocumentChange['op'],
    collection,
    ...(id === undefined ? {} : { id }),
    ...(document === undefined ? {} : { document: decodeValue(document, 0) as Fields }),
  };
}

function missing(name: string): CloudError {
  return new CloudError(
    'DATABASE_COLLECTION_NOT_EXIST',
    `[ResourceNotFound] Db or Table not exist: ${name}. Please check your request, but if the problem persists, contact us.`,
  );
}
