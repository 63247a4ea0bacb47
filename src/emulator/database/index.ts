/** The document database. */
export { assertCollectionName, createCollections, type Collections, type DocumentChange } from './collections.ts';
export { declareFromFile } from './declared.ts';
export { createDatabase, type Database } from './database.ts';
export { asId, assertFieldNames, isFields, isId, type Fields, type Id, type Stored } from './document.ts';
export { decodeText, encodeText } from './ejson.ts';
export { namedIds } from './filter.ts';
export { assertNoTwins, readIndexes, writeIndexes } from './index-specs.ts';
export { createTransactions, DocumentLocked, type Transactions } from './transactions.ts';
